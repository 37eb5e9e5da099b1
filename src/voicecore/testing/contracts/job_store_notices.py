"""What every job store does: notices of ended jobs for those who asked to be told."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from voicecore.errors import LeaseLost
from voicecore.handling import Handling
from voicecore.job import JobError, JobId, SynthesisJob
from voicecore.ports import JobStore, Notice
from voicecore.testing.contracts.job_store_hooks import (
    KEEP,
    LEASE,
    SECOND,
    JobStoreHooks,
    claim,
    claimed,
    complete,
    run_all,
)
from voicecore.testing.fakes import START, FakeClock
from voicecore.testing.samples import audio_result, queued_job

HOLD = timedelta(minutes=1)
TOLD = Handling(webhook_url="https://example.org/told")
ENDS = ["completed", "failed", "cancelled while queued", "cancelled while running", "poisoned"]


def add_told(store: JobStore, job_id: str = "job_1", second: int = 0) -> SynthesisJob:
    """A queued job whose end somebody wants to be told of."""
    return store.add(queued_job(job_id, created_at=START + second * SECOND, handling=TOLD))


def end_one(store: JobStore, clock: FakeClock, job_id: str) -> None:
    """Add a job, and cancel it: the shortest way to a notice."""
    add_told(store, job_id)
    store.cancel(JobId(job_id), KEEP)
    clock.advance(SECOND)


def due(store: JobStore, limit: int = 10) -> list[str]:
    """The ids of the due notices, which are held from now on."""
    return [notice.job.id for notice in store.due_notices(limit, HOLD)]


class NoticesContract(JobStoreHooks):
    """Who is told of an end, when, and how often."""

    def test_a_job_that_nobody_asked_about_leaves_no_notice(self, store: JobStore, clock: FakeClock) -> None:
        store.add(queued_job("job_1"))
        complete(store, clock)
        store.cancel(store.add(queued_job("job_2")).id, KEEP)
        assert due(store) == []

    @pytest.mark.parametrize("end", ENDS)
    def test_every_end_leaves_one_notice(self, store: JobStore, clock: FakeClock, end: str) -> None:
        job = add_told(store)
        if end == "completed":
            complete(store, clock)
        elif end == "failed":
            store.finish(claimed(store).failed(JobError("engine_failed", "It fell silent."), clock.now(), KEEP))
        elif end == "poisoned":
            claimed(store, max_tries=1)
            clock.advance(LEASE)
            assert claim(store, max_tries=1) is None
        else:
            if end == "cancelled while running":
                claimed(store)
            store.cancel(job.id, KEEP)
        ended = store.get(job.id)
        assert ended is not None
        assert ended.status.finished
        assert list(store.due_notices(10, HOLD)) == [Notice(ended, 0)]

    def test_a_job_that_goes_on_leaves_no_notice(self, store: JobStore) -> None:
        add_told(store)
        job = store.renew(claimed(store), LEASE)
        assert due(store) == []
        store.finish(job.handed_back(bad=True))
        assert due(store) == []

    def test_an_attempt_that_lost_its_job_leaves_no_notice(self, store: JobStore, clock: FakeClock) -> None:
        add_told(store)
        mine = claimed(store)
        clock.advance(LEASE)
        claimed(store, "w2")
        with pytest.raises(LeaseLost):
            store.finish(mine.completed(audio_result(mine), clock.now(), KEEP))
        assert due(store) == []

    def test_an_end_said_again_leaves_no_second_notice(self, store: JobStore, clock: FakeClock) -> None:
        add_told(store, "job_1")
        done = complete(store, clock)
        cancelled = store.cancel(add_told(store, "job_2").id, KEEP)
        assert sorted(due(store)) == ["job_1", "job_2"]
        for job in (done, cancelled):
            store.settle_notice(job.id, None)
        store.finish(done)
        store.cancel(cancelled.id, KEEP)
        clock.advance(2 * HOLD)
        assert due(store) == []

    def test_the_longest_due_comes_first_and_no_more_than_asked_for(self, store: JobStore, clock: FakeClock) -> None:
        for name in ("job_c", "job_a", "job_b"):
            end_one(store, clock, name)
        assert due(store, 0) == []
        assert due(store, 2) == ["job_c", "job_a"]
        assert due(store) == ["job_b"]

    def test_a_notice_is_held_for_who_got_it_and_comes_again_if_never_settled(
        self, store: JobStore, clock: FakeClock
    ) -> None:
        end_one(store, clock, "job_1")
        assert due(store) == ["job_1"]
        clock.advance(HOLD - SECOND)
        assert due(store) == []
        clock.advance(SECOND)
        assert [(notice.job.id, notice.tries) for notice in store.due_notices(10, HOLD)] == [("job_1", 0)]

    def test_a_settled_notice_is_over(self, store: JobStore, clock: FakeClock) -> None:
        end_one(store, clock, "job_1")
        assert due(store) == ["job_1"]
        store.settle_notice(JobId("job_1"), None)
        store.settle_notice(JobId("job_1"), None)
        store.settle_notice(JobId("job_1"), SECOND)
        clock.advance(2 * HOLD)
        assert due(store) == []
        assert store.get(JobId("job_1")) is not None

    @pytest.mark.parametrize("retry_in", [SECOND, 10 * HOLD])
    def test_a_failed_try_is_counted_and_due_again_when_said(
        self, store: JobStore, clock: FakeClock, retry_in: timedelta
    ) -> None:
        end_one(store, clock, "job_1")
        for tries in range(3):
            assert [notice.tries for notice in store.due_notices(10, HOLD)] == [tries]
            store.settle_notice(JobId("job_1"), retry_in)
            clock.advance(retry_in - SECOND / 2)
            assert due(store) == []
            clock.advance(SECOND / 2)

    def test_a_notice_to_be_tried_later_lets_others_pass(self, store: JobStore, clock: FakeClock) -> None:
        for name in ("job_1", "job_2"):
            end_one(store, clock, name)
        assert due(store, 1) == ["job_1"]
        store.settle_notice(JobId("job_1"), 3 * SECOND)
        clock.advance(5 * SECOND)
        assert due(store, 1) == ["job_2"]
        assert due(store, 1) == ["job_1"]

    def test_settling_what_is_not_there_is_ignored(self, store: JobStore, clock: FakeClock) -> None:
        running = add_told(store)
        for job_id in (JobId("job_none"), running.id):
            store.settle_notice(job_id, None)
            store.settle_notice(job_id, SECOND)
        clock.advance(HOLD)
        assert due(store) == []
        complete(store, clock)
        assert due(store) == [running.id]

    @pytest.mark.parametrize("tombstone", [False, True])
    def test_a_notice_goes_with_its_job(self, store: JobStore, clock: FakeClock, tombstone: bool) -> None:
        for name in ("job_1", "job_2"):
            end_one(store, clock, name)
        assert due(store, 1) == ["job_1"]
        for name in ("job_1", "job_2"):
            store.delete(JobId(name), tombstone=tombstone)
        store.settle_notice(JobId("job_1"), SECOND)
        clock.advance(2 * HOLD)
        assert due(store) == []

    def test_a_job_of_a_deleted_ones_name_begins_without_a_notice(self, store: JobStore, clock: FakeClock) -> None:
        end_one(store, clock, "job_1")
        store.delete(JobId("job_1"))
        add_told(store, "job_1")
        assert due(store) == []
        store.cancel(JobId("job_1"), KEEP)
        assert due(store) == ["job_1"]

    def test_no_two_callers_get_the_same_notice(self, store: JobStore, clock: FakeClock) -> None:
        for number in range(40):
            end_one(store, clock, f"job_{number:02}")
        told: Counter[str] = Counter()
        counting = threading.Lock()
        together = threading.Barrier(8)

        def tell() -> None:
            together.wait()
            while got := due(store, 3):
                with counting:
                    told.update(got)

        run_all([threading.Thread(target=tell) for _ in range(8)])
        assert len(told) == 40
        assert set(told.values()) == {1}
