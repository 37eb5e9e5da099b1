"""What every job store does: claims, leases, fences, and poison."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from voicecore.errors import InvalidInput, LeaseLost, Poisoned
from voicecore.job import JobError, JobId, JobStatus, SegmentCount
from voicecore.ports import JobStore
from voicecore.request import Mode
from voicecore.testing.contracts.job_store_hooks import (
    KEEP,
    LEASE,
    SECOND,
    JobStoreHooks,
    claim,
    claimed,
    complete,
    run_all,
    state,
)
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import audio_result, queued_job


class WorkingContract(JobStoreHooks):
    """Claims, leases and fences."""

    def test_an_empty_store_has_nothing_to_claim(self, store: JobStore) -> None:
        assert claim(store) is None

    def test_a_claim_starts_the_oldest_job(self, store: JobStore) -> None:
        store.add(queued_job("job_b", created_at=START + SECOND))
        store.add(queued_job("job_c", created_at=START))
        store.add(queued_job("job_a", created_at=START + 2 * SECOND, mode=Mode.CLONE))
        assert [claimed(store).id for _ in range(3)] == ["job_c", "job_b", "job_a"]
        assert claim(store) is None

    def test_a_claimed_job_is_leased_by_the_clock_of_the_store(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        now = clock.advance(timedelta(minutes=5))
        job = claimed(store, "w7")
        assert (job.status, job.attempt, job.tries, job.worker) == (JobStatus.PROCESSING, 1, 0, "w7")
        assert (job.started_at, job.lease_until) == (now, now + LEASE)
        assert store.get(job.id) == job

    def test_a_leased_job_is_not_claimed_until_its_lease_ran_out(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        claimed(store, "w1")
        clock.advance(LEASE - SECOND)
        assert claim(store, "w2") is None
        clock.advance(SECOND)
        again = claimed(store, "w2")
        assert (again.attempt, again.tries, again.worker) == (2, 1, "w2")

    def test_an_abandoned_job_comes_before_younger_ones(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job("job_old"))
        claimed(store)
        store.add(queued_job("job_young", created_at=START + SECOND))
        clock.advance(LEASE)
        assert claimed(store).id == "job_old"

    def test_a_clock_that_jumps_back_starts_nothing_twice(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        claimed(store)
        clock.advance(timedelta(hours=-1))
        assert claim(store, "w2") is None

    def test_a_clock_set_back_keeps_a_dead_workers_job_no_longer_than_its_lease(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        store.add(queued_job())
        claimed(store)
        clock.advance(timedelta(days=-400))
        assert claim(store, "w2") is None, "cut to its length from now, since its worker may be alive"
        clock.advance(LEASE - SECOND)
        assert claim(store, "w2") is None
        clock.advance(SECOND)
        assert claimed(store, "w2").attempt == 2

    def test_a_clock_set_back_takes_no_job_from_a_living_worker(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        job = claimed(store)
        clock.advance(timedelta(hours=-1))
        for _ in range(4):
            assert claim(store, "w2") is None
            clock.advance(LEASE / 3)
            job = store.renew(job, LEASE)
        clock.advance(LEASE - SECOND)
        assert claim(store, "w2") is None

    def test_a_clock_that_jumps_ahead_lets_one_attempt_publish(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        first = claimed(store, "w1")
        clock.advance(timedelta(hours=1))
        second = claimed(store, "w2")
        with pytest.raises(LeaseLost):
            store.finish(first.completed(audio_result(first), clock.now(), KEEP))
        done = second.completed(audio_result(second), clock.now(), KEEP)
        store.finish(done)
        assert store.get(first.id) == done

    def test_renewal_writes_progress_and_prolongs_the_lease(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        job = claimed(store).progressed(SegmentCount(4, 2, 1), "segment 3 of 4")
        now = clock.advance(LEASE - SECOND)
        renewed = store.renew(job, LEASE)
        assert (renewed.lease_until, renewed.segments, renewed.progress) == (now + LEASE, SegmentCount(4, 2, 1), 50.0)
        assert store.get(job.id) == renewed
        clock.advance(LEASE - SECOND)
        assert claim(store, "w2") is None

    def test_a_late_renewal_is_good_while_nobody_took_over(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        job = claimed(store)
        clock.advance(3 * LEASE)
        store.renew(job, LEASE)
        assert claim(store, "w2") is None

    def test_a_finished_job_is_kept_as_it_was_finished(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        done = complete(store, clock)
        assert store.get(done.id) == done
        assert claim(store) is None

    def test_a_job_fails_with_its_error(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job())
        failed = claimed(store).failed(JobError("engine_failed", "It fell silent.", True), clock.now(), KEEP)
        store.finish(failed)
        assert store.get(failed.id) == failed

    @pytest.mark.parametrize("bad", [False, True])
    def test_a_job_handed_back_is_claimed_again(self, store: JobStore, bad: bool) -> None:
        store.add(queued_job())
        store.finish(claimed(store).handed_back(bad=bad))
        again = claimed(store, "w2")
        assert (again.attempt, again.tries) == (2, int(bad))

    def test_a_running_job_cannot_be_finished_as_running(self, store: JobStore) -> None:
        store.add(queued_job())
        job = claimed(store)
        with pytest.raises(InvalidInput):
            store.finish(job)
        with pytest.raises(InvalidInput):
            store.renew(job.handed_back(bad=False), LEASE)

    @pytest.mark.parametrize("end", ["completed", "failed", "handed back", "handed back as bad"])
    def test_the_same_end_said_again_is_no_error_and_changes_nothing(
        self, store: JobStore, clock: FakeClock, end: str
    ) -> None:
        store.add(queued_job())
        mine = claimed(store)
        ended = {
            "completed": lambda: mine.completed(audio_result(mine), clock.now(), KEEP),
            "failed": lambda: mine.failed(JobError("engine_failed", "It fell silent."), clock.now(), KEEP),
            "handed back": lambda: mine.handed_back(bad=False),
            "handed back as bad": lambda: mine.handed_back(bad=True),
        }[end]()
        store.finish(ended)
        counts = store.counts()
        clock.advance(SECOND)
        store.finish(ended)
        assert store.get(mine.id) == ended
        assert store.counts() == counts
        for other in (mine.failed(JobError("x", "y"), clock.now(), KEEP), mine.handed_back(bad=end == "handed back")):
            with pytest.raises(LeaseLost):
                store.finish(other)
        assert store.get(mine.id) == ended

    def test_an_end_said_again_after_another_worker_took_over_is_too_late(self, store: JobStore) -> None:
        store.add(queued_job())
        handed_back = claimed(store).handed_back(bad=False)
        store.finish(handed_back)
        theirs = claimed(store, "w2")
        with pytest.raises(LeaseLost):
            store.finish(handed_back)
        assert store.get(theirs.id) == theirs

    @pytest.mark.parametrize("end", ["taken over", "finished", "handed back", "cancelled", "deleted", "purged"])
    def test_an_attempt_that_lost_its_job_writes_nothing(self, store: JobStore, clock: FakeClock, end: str) -> None:
        store.add(queued_job())
        mine = claimed(store)
        if end == "taken over":
            clock.advance(LEASE)
            claimed(store, "w2")
        elif end == "finished":
            store.finish(mine.completed(audio_result(mine), clock.now(), KEEP))
        elif end == "handed back":
            store.finish(mine.handed_back(bad=False))
        elif end == "cancelled":
            store.cancel(mine.id, KEEP)
        else:
            store.delete(mine.id, tombstone=end == "purged")
        before = state(store, mine.id)
        # A moment later, so that it is never the very end that was written.
        now = clock.advance(SECOND)
        with pytest.raises(LeaseLost):
            store.renew(mine, LEASE)
        with pytest.raises(LeaseLost):
            store.finish(mine.completed(audio_result(mine), now, KEEP))
        with pytest.raises(LeaseLost):
            store.finish(mine.handed_back(bad=True))
        assert state(store, mine.id) == before

    def test_a_job_that_ends_its_workers_is_poisoned_and_others_go_on(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job("job_bad"))
        store.add(queued_job("job_good", created_at=START + SECOND))
        for attempt in (1, 2, 3):
            assert (claimed(store).id, attempt) == ("job_bad", attempt)
            now = clock.advance(LEASE)
        assert claimed(store).id == "job_good"
        bad = store.get(JobId("job_bad"))
        assert bad is not None
        assert bad.error is not None
        assert (bad.status, bad.error.code, bad.error.retryable) == (JobStatus.FAILED, Poisoned.code, False)
        assert (bad.attempt, bad.tries, bad.expires_at) == (3, 3, now + KEEP)

    def test_shutdowns_never_poison_a_job(self, store: JobStore) -> None:
        store.add(queued_job())
        for _ in range(10):
            store.finish(claimed(store).handed_back(bad=False))
        assert claimed(store).attempt == 11

    def test_a_job_handed_back_as_bad_too_often_is_poisoned(self, store: JobStore) -> None:
        store.add(queued_job())
        store.finish(claimed(store, max_tries=1).handed_back(bad=True))
        assert claim(store, max_tries=1) is None
        assert store.counts()[JobStatus.FAILED] == 1

    def test_a_claim_without_a_lease_or_without_tries_is_refused(self, store: JobStore) -> None:
        store.add(queued_job())
        with pytest.raises(InvalidInput):
            store.claim("w1", timedelta(0), max_tries=3, keep=KEEP)
        with pytest.raises(InvalidInput):
            store.claim("w1", LEASE, max_tries=0, keep=KEEP)
        assert store.counts()[JobStatus.QUEUED] == 1

    def test_eight_threads_claim_two_hundred_jobs_each_once(self, store: JobStore) -> None:
        for number in range(200):
            store.add(queued_job(f"job_{number:03}", created_at=START + number * SECOND))
        taken: Counter[str] = Counter()
        counting = threading.Lock()
        together = threading.Barrier(8)

        def work(name: str) -> None:
            together.wait()
            while (job := claim(store, name)) is not None:
                with counting:
                    taken[job.id] += 1

        run_all([threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)])
        assert len(taken) == 200
        assert set(taken.values()) == {1}
