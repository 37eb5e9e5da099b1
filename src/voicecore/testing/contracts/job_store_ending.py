"""What every job store does: cancelling, deleting, expiring."""

from __future__ import annotations

from datetime import timedelta

import pytest

from voicecore.errors import Conflict, Gone, LeaseLost, NotFound
from voicecore.job import JobId, JobStatus
from voicecore.ports import JobStore
from voicecore.testing.contracts.job_store_hooks import KEEP, SECOND, JobStoreHooks, claim, claimed, complete
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import audio_result, queued_job


class EndingContract(JobStoreHooks):
    """Cancelling, deleting, expiring."""

    def test_a_queued_job_is_cancelled_and_never_claimed(self, store: JobStore, clock: FakeClock) -> None:
        job = store.add(queued_job())
        cancelled = store.cancel(job.id, KEEP)
        assert (cancelled.status, cancelled.expires_at) == (JobStatus.CANCELLED, clock.now() + KEEP)
        assert store.get(job.id) == cancelled
        assert claim(store) is None

    def test_cancelling_again_changes_nothing(self, store: JobStore, clock: FakeClock) -> None:
        job = store.add(queued_job())
        first = store.cancel(job.id, KEEP)
        clock.advance(SECOND)
        assert store.cancel(job.id, KEEP) == first

    def test_a_result_of_a_cancelled_job_is_not_published(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        job = claimed(store)
        cancelled = store.cancel(job.id, KEEP)
        with pytest.raises(LeaseLost):
            store.finish(job.completed(audio_result(job), clock.now(), KEEP))
        assert store.get(job.id) == cancelled

    def test_cancelling_what_is_not_there_is_not_found(self, store: JobStore) -> None:
        with pytest.raises(NotFound):
            store.cancel(JobId("job_none"), KEEP)

    def test_cancelling_what_ended_is_a_conflict(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        done = complete(store, clock)
        with pytest.raises(Conflict):
            store.cancel(done.id, KEEP)
        assert store.get(done.id) == done

    def test_cancelling_what_was_purged_is_gone(self, store: JobStore) -> None:
        job = store.add(queued_job())
        store.delete(job.id, tombstone=True)
        with pytest.raises(Gone):
            store.cancel(job.id, KEEP)

    def test_a_deleted_job_is_as_if_it_never_was(self, store: JobStore) -> None:
        job = store.add(queued_job())
        assert store.delete(job.id)
        assert store.get(job.id) is None
        assert not store.delete(job.id)
        assert claim(store) is None
        assert store.add(job) == job

    def test_a_purged_job_is_gone_and_its_id_stays_taken(self, store: JobStore) -> None:
        job = store.add(queued_job())
        assert store.delete(job.id, tombstone=True)
        with pytest.raises(Gone):
            store.get(job.id)
        with pytest.raises(Conflict):
            store.add(job)
        assert not store.delete(job.id)
        with pytest.raises(Gone):
            store.get(job.id)

    def test_what_was_not_there_leaves_no_tombstone(self, store: JobStore) -> None:
        assert not store.delete(JobId("job_none"), tombstone=True)
        assert store.get(JobId("job_none")) is None

    def test_tombstones_last_a_week(self, store: JobStore, clock: FakeClock) -> None:
        job = store.add(queued_job())
        store.delete(job.id, tombstone=True)
        clock.advance(timedelta(days=6, hours=23))
        store.expired(10)
        with pytest.raises(Gone):
            store.get(job.id)
        clock.advance(timedelta(hours=2))
        store.expired(10)
        assert store.get(job.id) is None

    def test_finished_jobs_expire_oldest_first(self, store: JobStore, clock: FakeClock) -> None:
        for number in (3, 1, 2):
            store.add(queued_job(f"job_{number}", created_at=START + number * SECOND))
        first = store.cancel(JobId("job_3"), KEEP)
        clock.advance(SECOND)
        second = complete(store, clock)
        assert tuple(store.expired(10)) == ()
        clock.advance(KEEP)
        assert tuple(store.expired(10)) == (first, second)
        assert tuple(store.expired(1)) == (first,)
        assert tuple(store.expired(0)) == ()

    def test_asking_what_expired_removes_nothing(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        done = complete(store, clock)
        clock.advance(KEEP)
        assert tuple(store.expired(10)) == tuple(store.expired(10)) == (done,)
        assert store.get(done.id) == done

    def test_closing_twice_is_harmless(self, store: JobStore) -> None:
        store.close()
        store.close()
