"""What was deleted cannot be found in the database's files."""

from __future__ import annotations

from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import queued_job

SECRET = "segredo que ninguem deve ler depois"


def test_the_text_of_a_deleted_job_is_not_left_in_the_files(tmp_path):
    store = SqliteJobStore(SqliteDatabase(tmp_path), FakeClock())
    job = queued_job(text=SECRET)
    store.add(job)
    assert any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
    store.delete(job.id)
    store.close()
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
