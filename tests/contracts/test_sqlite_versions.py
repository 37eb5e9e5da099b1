"""A database file of an older version is opened, brought up to date, and its jobs are served."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from adapters.stores.sqlite.database import FILE_NAME
from adapters.stores.sqlite.schema import _FIRST, APPLICATION_ID, MIGRATIONS
from voicecore.errors import Conflict, Gone, StorageUnavailable
from voicecore.handling import PLAIN, Handling, Priority
from voicecore.job import JobId, JobStatus
from voicecore.ports import JobQuery
from voicecore.records import epoch_us, load_job
from voicecore.testing.contracts.job_store_hooks import KEEP, SECOND, claim, claimed
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import queued_job

# Written by version 1, and never to be edited.
QUEUED = (
    '{"v":1,"kind":"job","id":"job_queued","request":["speech",{"text":"Ol\\u00e1, mundo!","source_language":"pt-BR",'
    '"target_language":null,"mode":"dubbing","voice_preset":"female_generic","voice_id":null,"engine":null,'
    '"quality_profile_id":null,"speed":null,"seed":0,"output_format":"wav","conversion":null}],"engine":"chime",'
    '"quality_profile_id":"natural","parameters":[["speed",1.0]],"spoken_language":"pt-BR",'
    '"created_at":"2026-01-02T03:04:05.678901+00:00","status":"queued","attempt":0,"tries":0,"worker":null,'
    '"progress":0.0,"progress_message":"","segments":{"total":0,"done":0,"cached":0},"warnings":[],'
    '"result":null,"error":null,"lease_until":null,"started_at":null,"completed_at":null,"expires_at":null}'
)
RUNNING = (
    '{"v":1,"kind":"job","id":"job_running","request":["enrolment",{"name":"Ana","language":"en","clip_keys":'
    '["uploads/a.wav"],"reference_duration_s":9.5,"description":"","engine":"tone","consent":null}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"spoken_language":"en",'
    '"created_at":"2026-01-02T03:04:04+00:00","status":"processing","attempt":1,"tries":0,"worker":"w1",'
    '"progress":50.0,"progress_message":"","segments":{"total":2,"done":1,"cached":0},"warnings":[],"result":null,'
    '"error":null,"lease_until":"2026-01-02T03:04:35+00:00","started_at":"2026-01-02T03:04:05+00:00",'
    '"completed_at":null,"expires_at":null}'
)
COMPLETED = (
    '{"v":1,"kind":"job","id":"job_done","request":["enrolment",{"name":"Bia","language":"en","clip_keys":'
    '["uploads/b.wav"],"reference_duration_s":9.5,"description":"","engine":"tone","consent":null}],'
    '"engine":"tone","quality_profile_id":null,"parameters":[],"spoken_language":"en",'
    '"created_at":"2026-01-02T03:04:03+00:00","status":"completed","attempt":2,"tries":1,"worker":"w1",'
    '"progress":100.0,"progress_message":"done","segments":{"total":1,"done":1,"cached":0},"warnings":[],"result":'
    '{"audio_key":null,"duration_s":0.0,"sample_rate_hz":0,"file_size":0,"manifest_key":null,"voice_id":"voice_1"},'
    '"error":null,"lease_until":null,"started_at":"2026-01-02T03:04:04+00:00",'
    '"completed_at":"2026-01-02T03:04:05+00:00","expires_at":"2026-01-03T03:04:05+00:00"}'
)
RECORDS = (QUEUED, RUNNING, COMPLETED)


def make_version_1(folder: Path, records: tuple[str, ...] = RECORDS) -> None:
    """The file that version 1 would have left with these jobs."""
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in _FIRST:
        connection.execute(statement)
    for record in records:
        job = load_job(record)
        lease, expires = (None if moment is None else epoch_us(moment) for moment in (job.lease_until, job.expires_at))
        connection.execute(
            "INSERT INTO job (id, mode, created_us, status, lease_us, expires_us, attempt, record) VALUES (?,?,?,?,?,?,?,?)",
            (job.id, job.mode.value, epoch_us(job.created_at), job.status.value, lease, expires, job.attempt, record),
        )
    connection.execute("INSERT INTO idempotency_key VALUES ('k', ?)", (load_job(records[0]).id,))
    connection.execute("INSERT INTO tombstone VALUES ('job_gone', ?)", (epoch_us(START),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def test_the_statements_of_version_1_are_never_edited() -> None:
    """Files made by them are out there: a change of the tables is a new migration."""
    digest = hashlib.sha256("\n".join(_FIRST).encode()).hexdigest()
    assert digest == "04459713ff0e53081758bc1047a54fd169332787644ec7c8362061251f6c44b8"


def test_a_file_of_version_1_keeps_its_jobs(tmp_path: Path) -> None:
    make_version_1(tmp_path)
    database = SqliteDatabase(tmp_path)
    store = SqliteJobStore(database, FakeClock())
    jobs = [load_job(record) for record in RECORDS]
    assert [store.get(job.id) for job in jobs] == jobs
    assert {job.handling for job in jobs} == {PLAIN}
    assert list(store.page(JobQuery()).jobs) == jobs
    assert store.counts() == dict.fromkeys(JobStatus, 0) | {job.status: 1 for job in jobs}
    assert store.waiting() == {"chime": 1}
    assert store.add(queued_job("job_new"), idempotency_key="k").id == "job_queued"
    with pytest.raises(Gone):
        store.get(JobId("job_gone"))
    with pytest.raises(Conflict):
        store.add(queued_job("job_queued"))
    assert database.problems() == []
    store.close()


def test_the_jobs_of_a_file_of_version_1_are_served(tmp_path: Path) -> None:
    make_version_1(tmp_path)
    clock = FakeClock()
    store = SqliteJobStore(SqliteDatabase(tmp_path), clock)
    store.add(queued_job("job_low", handling=Handling(priority=Priority.LOW), created_at=START - 9 * SECOND))
    store.add(queued_job("job_high", handling=Handling(priority=Priority.HIGH), created_at=START + SECOND))
    assert claimed(store, engines=["chime"]).id == "job_queued"
    turns = [claimed(store) for _ in range(3)]
    # The program that ran this job is not there any more, whatever its lease says.
    assert [job.id for job in turns] == ["job_high", "job_running", "job_low"]
    assert (turns[1].attempt, turns[1].tries, turns[1].lease_until) == (2, 1, clock.now() + timedelta(seconds=30))
    assert claim(store) is None
    assert store.cancel(turns[1].id, KEEP).status is JobStatus.CANCELLED
    assert list(store.due_notices(9, SECOND)) == []
    clock.advance(timedelta(days=2))
    assert [job.id for job in store.expired(9)] == ["job_done", "job_running"]
    assert store.delete(JobId("job_done"), tombstone=True)
    store.close()


CONVERTED = QUEUED.replace('"job_queued"', '"job_converted"').replace(
    '"conversion":null', '"conversion":{"model_id":"rvc_1","pitch":0,"index_rate":0.5,"protect":0.33,"rms_mix_rate":0,'
    '"filter_radius":3,"hop_length":128,"f0_method":"fcpe"}',
)  # fmt: skip


def test_a_job_of_an_older_file_that_converts_waits_for_a_worker_that_does(tmp_path: Path) -> None:
    make_version_1(tmp_path, (QUEUED, CONVERTED))
    store = SqliteJobStore(SqliteDatabase(tmp_path), FakeClock())
    assert store.waiting() == {"chime": 1, "chime+rvc": 1}
    assert claimed(store, engines=["chime"]).id == "job_queued"
    assert claim(store, engines=["chime"]) is None
    assert claimed(store, engines=["chime", "rvc"]).id == "job_converted"
    store.close()


def test_a_file_is_migrated_once_and_an_older_program_would_refuse_it(tmp_path: Path) -> None:
    make_version_1(tmp_path)
    for _ in range(2):
        database = SqliteDatabase(tmp_path)
        store = SqliteJobStore(database, FakeClock())
        assert store.page(JobQuery()).total == 3
        with database.reading() as reader:
            assert reader.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        store.close()


def test_a_damaged_record_does_not_keep_the_others_from_opening(tmp_path: Path) -> None:
    make_version_1(tmp_path)
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE job SET record = '{' WHERE id = 'job_done'")
    connection.execute("UPDATE job SET record = ? WHERE id = 'job_running'", (json.dumps({"v": 1, "engine": [7]}),))
    connection.commit()
    connection.close()
    store = SqliteJobStore(SqliteDatabase(tmp_path), FakeClock())
    assert claimed(store, engines=["chime"]).id == "job_queued"
    for name in ("job_done", "job_running"):
        with pytest.raises(StorageUnavailable):
            store.get(JobId(name))
    store.close()
