"""What only a database file can get wrong."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.stores.sqlite import SqliteCatalog, SqliteDatabase, SqliteJobStore
from adapters.stores.sqlite.database import FILE_NAME
from voicecore.errors import DiskFull, StorageUnavailable
from voicecore.handling import Handling
from voicecore.job import JobId, JobStatus
from voicecore.ports import JobQuery, Notice
from voicecore.records import JOB_VERSION
from voicecore.request import Mode
from voicecore.system import SystemClock
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, SECOND, claim, claimed, complete
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import profile, queued_job, voice


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    database = SqliteDatabase(tmp_path)
    store, catalog = SqliteJobStore(database, clock), SqliteCatalog(database)
    store.add(queued_job("job_1"), idempotency_key="k")
    done = complete(store, clock)
    store.add(queued_job("job_2"))
    running = claimed(store)
    store.add(queued_job("job_3"))
    store.delete(JobId("job_3"), tombstone=True)
    catalog.voices.add(voice())
    catalog.profiles.add(profile())
    catalog.set_default_profile("tone", "calm")
    store.close()
    catalog.close()

    database = SqliteDatabase(tmp_path)
    store, catalog = SqliteJobStore(database, clock), SqliteCatalog(database)
    assert (store.get(done.id), store.get(running.id)) == (done, running)
    assert store.add(queued_job("job_4"), idempotency_key="k") == done
    assert store.counts()[JobStatus.PROCESSING] == 1
    assert (catalog.voices.all(), catalog.profiles.all()) == ((voice(),), (profile(),))
    assert catalog.default_profile("tone") == "calm"
    assert database.problems() == []
    store.close()
    catalog.close()


def test_the_last_user_closes_the_database_and_leaves_one_file(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    store, catalog = SqliteJobStore(database, FakeClock()), SqliteCatalog(database)
    store.close()
    store.close()
    catalog.voices.add(voice())
    catalog.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        catalog.voices.all()
    with pytest.raises(StorageUnavailable, match="closed"):
        store.add(queued_job())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voicecore.lock", FILE_NAME]


OWNER = """
import sys
from adapters.stores.sqlite import SqliteDatabase
database = SqliteDatabase(sys.argv[1])
print("mine", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_who_owns_the_folder_until_that_one_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"mine\n"
        with pytest.raises(StorageUnavailable, match=rf"process {owner.pid}\b"):
            SqliteDatabase(tmp_path)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    SqliteDatabase(tmp_path).close()


def test_an_owner_in_this_process_keeps_the_folder_too(tmp_path: Path) -> None:
    first = SqliteDatabase(tmp_path)
    with pytest.raises(StorageUnavailable, match=str(os.getpid())):
        SqliteDatabase(tmp_path)
    first.close()
    SqliteDatabase(tmp_path).close()


def test_a_newer_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    SqliteDatabase(tmp_path).close()
    change(tmp_path, "PRAGMA user_version = 99")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StorageUnavailable, match="version 99"):
        SqliteDatabase(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    change(tmp_path, "CREATE TABLE theirs (a)")
    with pytest.raises(StorageUnavailable, match="another program"):
        SqliteDatabase(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageUnavailable, match="damaged"):
        SqliteDatabase(tmp_path)


def test_a_folder_that_cannot_be_is_a_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="file"):
        SqliteDatabase(tmp_path / "file" / "data")


def test_a_record_of_an_unknown_version_is_refused_not_guessed(tmp_path: Path) -> None:
    store = SqliteJobStore(SqliteDatabase(tmp_path), FakeClock())
    store.add(queued_job())
    store.close()
    change(tmp_path, """UPDATE job SET record = json_set(record, '$.v', 99)""")
    store = SqliteJobStore(SqliteDatabase(tmp_path), FakeClock())
    for use in (lambda: store.get(JobId("job_1")), lambda: store.page(JobQuery())):
        with pytest.raises(StorageUnavailable, match=rf"version 99.*versions 1 to {JOB_VERSION}:"):
            use()
    assert claim(store) is None
    store.close()


def test_a_full_disk_refuses_the_job_whole_and_the_store_recovers(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, FakeClock())
    store.add(queued_job("job_0"), idempotency_key="k")
    # SQLite meets this limit as it meets ENOSPC: SQLITE_FULL in the middle of a transaction.
    (pages,) = database._writer.execute("PRAGMA page_count").fetchone()
    database._writer.execute(f"PRAGMA max_page_count = {pages + 5}")
    kept = add_until_full(store)
    assert store.counts()[JobStatus.QUEUED] == store.page(JobQuery()).total == kept
    assert store.get(JobId(f"job_{kept}")) is None
    database._writer.execute("PRAGMA max_page_count = 1000000")
    assert store.add(queued_job(f"job_{kept}"), idempotency_key=f"k{kept}").id == f"job_{kept}"
    assert database.problems() == []
    store.close()


LIMITED = """
import resource, sys
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.errors import DiskFull
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import queued_job
database = SqliteDatabase(sys.argv[1])
store = SqliteJobStore(database, FakeClock())
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for number in range(1_000):
        store.add(queued_job(f"job_{number}", text="a" * 10_000))
except DiskFull as error:
    assert store.counts()["queued"] == number
    print(error.code)
"""


def test_the_kernel_refusing_to_write_is_a_full_disk(tmp_path: Path) -> None:
    # -B: a module that it compiles would be cut off at the limit, too, and kept so for everybody (gh-126606 of CPython).
    done = subprocess.run([sys.executable, "-B", "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk_full"
    database = SqliteDatabase(tmp_path)
    assert database.problems() == []
    database.close()


def test_reading_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, FakeClock())
    store.add(queued_job())
    answers = []

    def read() -> None:
        answers.append((store.get(JobId("job_1")), store.page(JobQuery()).total, store.counts()[JobStatus.QUEUED]))

    with database.writing() as writer:
        writer.execute("DELETE FROM job")
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(timeout=60)
        assert answers == [(queued_job(), 1, 1)]
    assert store.get(JobId("job_1")) is None
    store.close()


def test_threads_that_end_leave_no_connections_behind(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, FakeClock())
    store.add(queued_job())
    for _ in range(50):
        thread = threading.Thread(target=lambda: store.get(JobId("job_1")))
        thread.start()
        thread.join()
    assert len(database._idle) == 1
    store.close()


def test_notices_and_their_tries_are_there_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    store.add(queued_job(handling=Handling(webhook_url="https://example.org/told")))
    ended = store.cancel(JobId("job_1"), KEEP)
    assert list(store.due_notices(1, LEASE)) == [Notice(ended, 0)]
    store.settle_notice(ended.id, SECOND)
    store.close()
    clock.advance(SECOND)
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    assert list(store.due_notices(1, LEASE)) == [Notice(ended, 1)]
    store.close()


@pytest.mark.parametrize("hours", [-24 * 400, -1, 0, 1])
def test_a_clock_set_while_the_service_was_down_delays_a_job_by_a_lease_at_most(tmp_path: Path, hours: int) -> None:
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    store.add(queued_job())
    claimed(store)
    store.close()
    restarted = FakeClock(START + timedelta(hours=hours))
    store = SqliteJobStore(SqliteDatabase(tmp_path), restarted)
    early = claim(store, "w2")
    assert (early is not None) == (hours > 0), "it lapsed meanwhile only if the time is later"
    restarted.advance(LEASE)
    again = early or claimed(store, "w2")
    assert (again.attempt, again.tries) == (2, 1)
    store.close()


@pytest.mark.parametrize("status", [None, JobStatus.COMPLETED])
@pytest.mark.parametrize("mode", [None, Mode.DUBBING])
@pytest.mark.parametrize("owner", [None, "key_a"])
@pytest.mark.parametrize("later_page", [False, True])
def test_no_page_scans_or_sorts_the_table(
    tmp_path: Path, status: JobStatus | None, mode: Mode | None, owner: str | None, later_page: bool
) -> None:
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, FakeClock())
    for number in range(3):
        store.add(queued_job(f"job_{number}"))
    cursor = store.page(JobQuery(limit=1)).next_cursor if later_page else None
    asked: list[str] = []
    with database.reading() as reader:
        reader.set_trace_callback(asked.append)
    store.page(JobQuery(status=status, mode=mode, cursor=cursor, owner=owner))
    with database.reading() as reader:
        reader.set_trace_callback(None)
        (rows,) = [query for query in asked if "FROM job " in query]
        plan = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {rows}")]
    # A scan of an index in its order, stopped by LIMIT, is what the first unfiltered page is.
    assert len(plan) == 1
    assert ("USING INDEX job_by_" if owner is None else "USING INDEX job_by_owner") in plan[0]
    store.close()


def test_claims_notices_and_expiries_look_into_indexes(tmp_path: Path) -> None:
    from adapters.stores.sqlite import claims, notices
    from adapters.stores.sqlite.jobs import _EXPIRED

    database = SqliteDatabase(tmp_path)
    asked = [
        (claims.FIRST_OF_ALL, {"now": 0, "unreadable": "[]"}),
        (claims.FIRST_OF_LINES, {"now": 0, "lines": '["tone"]', "unreadable": "[]"}),
        (claims.CUT_LEASES, {"now": 0}),
        (claims.WAITING, {}),
        (notices.DUE, (0, 10)),
        (_EXPIRED, (0, 10)),
    ]
    with database.reading() as reader:
        for query, values in asked:
            plan = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {query}", values)]
            looks = [step for step in plan if step.startswith(("SEARCH", "SCAN")) and "subquery" not in step]
            tables = [step for step in looks if "VIRTUAL TABLE" not in step]
            assert tables
            # What scans an index reads it in its order, and stops at the first row or counts only what waits.
            assert all(" INDEX " in step for step in tables), plan
            assert all("job_by_status" not in step for step in tables), plan
    database.close()


def steps_of(database: SqliteDatabase, work: Callable[[], object]) -> int:
    """How many steps SQLite's machine takes for the work: the rows it looks at, without a stopwatch."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    database._writer.set_progress_handler(count, 1)
    try:
        work()
    finally:
        database._writer.set_progress_handler(None, 1)
    return counted


@pytest.mark.parametrize("engines", [("tone",), ("tone", "chime", "none"), ("tone", "rvc"), ("none",), None])
def test_a_claim_costs_the_same_however_many_jobs_are_waiting_or_done(
    tmp_path: Path, engines: tuple[str, ...] | None
) -> None:
    clock = FakeClock()
    database = SqliteDatabase(tmp_path)
    database._writer.execute("PRAGMA synchronous = OFF")  # it is not the disk that is measured
    store = SqliteJobStore(database, clock)

    def add(numbers: range) -> None:
        for number in numbers:
            engine = ("tone", "chime", "other")[number % 3]
            converter = ("rvc", None)[number // 3 % 2]
            job = queued_job(f"job_{number:05}", created_at=START + number * SECOND, engine=engine, converter=converter)
            store.add(job)
            if number % 2:
                store.cancel(job.id, KEEP)

    add(range(30))
    few = steps_of(database, lambda: claim(store, engines=engines))
    add(range(30, 1_500))
    many = steps_of(database, lambda: claim(store, engines=engines))
    assert few <= many <= few + 50, "a step a job would be hundreds more"
    store.close()


ADDER = """
import sys
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.system import SystemClock
from voicecore.testing.samples import queued_job
store = SqliteJobStore(SqliteDatabase(sys.argv[1]), SystemClock())
print("ready", flush=True)
number = 0
while True:
    name = f"job_{sys.argv[2]}_{number}"
    store.add(queued_job(name, text=name * 100), idempotency_key=name)
    print(name, flush=True)
    number += 1
"""


def test_kill_nine_between_add_and_return_loses_no_acknowledged_job(tmp_path: Path) -> None:
    chance = random.Random(2)
    acknowledged: set[str] = set()
    for turn in range(5):
        process = subprocess.Popen([sys.executable, "-c", ADDER, tmp_path, str(turn)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        acknowledged.add(process.stdout.readline().decode().strip())  # however slow the disk is
        time.sleep(chance.uniform(0.01, 0.15))
        process.send_signal(signal.SIGKILL)
        acknowledged |= set(process.stdout.read().decode().split())
        process.stdout.close()
        process.wait()
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, SystemClock())
    assert len(acknowledged) >= 5
    assert all(store.get(JobId(name)) == queued_job(name, text=name * 100) for name in acknowledged)
    # A job killed on its way back may be there without having been told of, at most one a turn.
    total = store.page(JobQuery()).total
    assert len(acknowledged) <= total <= len(acknowledged) + 5
    assert store.counts()[JobStatus.QUEUED] == total
    assert database.problems() == []
    store.close()


def test_renewals_from_many_threads_keep_each_job_whole(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    for number in range(4):
        store.add(queued_job(f"job_{number}", created_at=START + timedelta(seconds=number)))
    running = [claimed(store, f"w{number}") for number in range(4)]

    def renew(number: int) -> None:
        for _ in range(20):
            store.renew(running[number], LEASE)

    threads = [threading.Thread(target=renew, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.get(job.id) for job in running] == running
    assert store.cancel(running[0].id, KEEP).status is JobStatus.CANCELLED
    store.close()


def add_until_full(store: SqliteJobStore) -> int:
    """Add jobs 1, 2, …; the number of the first that found no room."""
    for number in range(1, 100):
        try:
            store.add(queued_job(f"job_{number}", text="a" * 10_000), idempotency_key=f"k{number}")
        except DiskFull:
            return number
    raise AssertionError("the disk was never full")


def change(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    with connection:
        connection.execute(statement)
    connection.close()
