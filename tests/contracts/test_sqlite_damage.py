"""One damaged record is nobody else's trouble."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from adapters.stores.sqlite.database import FILE_NAME
from voicecore.handling import Handling
from voicecore.job import JobId, JobStatus
from voicecore.testing.contracts.job_store_hooks import KEEP, LEASE, SECOND, claimed
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import queued_job


def damage(folder: Path, job_id: str) -> None:
    with sqlite3.connect(folder / FILE_NAME) as file:
        file.execute("UPDATE job SET record = replace(record, '\"kind\"', '\"kinx\"') WHERE id = ?", (job_id,))
    file.close()


@pytest.mark.parametrize("engines", [None, ["tone"]], ids=["every engine", "some engines"])
def test_a_damaged_record_at_the_head_of_the_line_keeps_no_other_waiting(
    tmp_path: Path, engines: list[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, clock)
    for number in (1, 2, 3):
        store.add(queued_job(f"job_{number}"))
        clock.advance(SECOND)
    damage(tmp_path, "job_1")
    taken = [store.claim("w", LEASE, max_tries=3, keep=KEEP, engines=engines) for _ in range(3)]
    assert [job and job.id for job in taken] == ["job_2", "job_3", None]
    assert caplog.text.count("job_1 is left alone") == 1
    assert store.counts()[JobStatus.QUEUED] == 1
    store.close()


def test_a_damaged_record_of_a_running_job_is_not_taken_over_and_keeps_no_other_waiting(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    store.add(queued_job("job_1"))
    claimed(store)
    clock.advance(2 * LEASE)
    store.add(queued_job("job_2"))
    damage(tmp_path, "job_1")
    assert claimed(store).id == "job_2"
    store.close()


def test_a_damaged_record_of_a_finished_job_holds_up_neither_expiry_nor_notices(tmp_path: Path) -> None:
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    for number in (1, 2, 3):
        store.add(queued_job(f"job_{number}", handling=Handling(webhook_url="https://example.org/hook")))
        store.cancel(JobId(f"job_{number}"), KEEP)
        clock.advance(SECOND)
    damage(tmp_path, "job_1")
    assert [notice.job.id for notice in store.due_notices(10, LEASE)] == ["job_2", "job_3"]
    clock.advance(2 * KEEP)
    assert [job.id for job in store.expired(10)] == ["job_2", "job_3"]
    store.close()
