"""Leases and time limits of a running attempt, with a clock that jumps and a store that goes away."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from adapters.stores.memory import MemoryJobStore
from voicecore.errors import LeaseLost, StorageUnavailable
from voicecore.job import JobStatus, SegmentCount
from voicecore.system import SteadyClock
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import queued_job
from voicecore.usecases.job_watch import JobWatch, StopReason

LEASE, LIMIT, KEEP = timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=1)
HOUR = timedelta(hours=1)


class Watched:
    """A claimed job, its watch, and a store that a test may take away."""

    def __init__(self, look_every_s: float = 0.01) -> None:
        self.clock = FakeClock()
        # As the real stores: the time of day that is set does not move their leases.
        self.store = MemoryJobStore(SteadyClock())
        self.store.add(queued_job("job_1", created_at=self.clock.now()))
        self.job = self.store.claim("worker", LEASE, max_tries=3, keep=KEEP)
        self.interrupted = threading.Event()
        self.away = threading.Event()
        self.blocked: threading.Event | None = None
        self.refused = 0
        for name in ("renew", "get"):
            setattr(self.store, name, self._breakable(getattr(self.store, name)))
        self.watch = JobWatch(
            self.store, self.clock, self.job, LEASE, LIMIT, self.interrupted.set, look_every_s=look_every_s
        )

    def _breakable(self, truth):
        def call(*args):
            if self.blocked is not None:
                self.blocked.wait(60)
            if self.away.is_set():
                self.refused += 1
                raise StorageUnavailable
            return truth(*args)

        return call

    def stored(self):
        return MemoryJobStore.get(self.store, self.job.id)


@pytest.fixture
def watched():
    made = Watched()
    with made.watch:
        yield made
        if made.blocked is not None:
            made.blocked.set()


def _until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.003)


def _looks(watched, many=3):
    """Wait until both threads have looked a few times since."""
    time.sleep(0.01 * many + 0.05)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=400)])
def test_a_clock_that_is_set_neither_ends_an_attempt_nor_loses_its_lease(watched, jump):
    watched.clock.jump(jump)
    _looks(watched)
    assert watched.watch.reason is None
    assert watched.watch.renewing
    assert not watched.interrupted.is_set()


@pytest.mark.parametrize("jump", [timedelta(), HOUR, -HOUR])
def test_a_clock_that_is_set_does_not_prolong_an_attempt_either(watched, jump):
    watched.clock.jump(jump)
    watched.clock.advance(LIMIT)
    _until(lambda: watched.watch.reason is not None)
    assert watched.watch.reason is StopReason.DEADLINE
    assert watched.interrupted.wait(60)


def test_the_lease_is_renewed_every_third_of_it(watched):
    _looks(watched)
    before = watched.stored().lease_until
    watched.clock.advance(LEASE / 3)
    _until(lambda: watched.stored().lease_until > before)
    assert watched.watch.reason is None


def test_progress_is_written_at_once_and_not_only_at_the_next_look():
    watched = Watched(look_every_s=600.0)
    with watched.watch:
        watched.watch.progress(SegmentCount(4, 1), "segment 1")
        _until(lambda: watched.stored().segments.done == 1)


def test_a_thousand_segments_in_a_moment_are_few_writes():
    watched = Watched()
    written = []
    truth = watched.store.renew
    watched.store.renew = lambda *args: (written.append(args), truth(*args))[1]
    with watched.watch:
        for done in range(1, 1_001):
            watched.watch.progress(SegmentCount(1_000, done), "on")
        _until(lambda: watched.stored().segments.done == 1_000)
    assert len(written) < 100


def test_progress_made_while_the_store_is_away_is_written_when_it_is_back(watched):
    watched.away.set()
    for done in (1, 2, 3):
        watched.watch.progress(SegmentCount(4, done), f"segment {done}")
    _until(lambda: watched.refused >= 3)
    assert watched.watch.job.segments.done == 3
    assert watched.stored().segments.done == 0
    watched.away.clear()
    _until(lambda: watched.stored().segments.done == 3)
    assert watched.stored().progress_message == "segment 3"
    assert watched.watch.reason is None


def test_an_outage_shorter_than_the_lease_is_survived_and_a_longer_one_loses_it(watched):
    watched.away.set()
    watched.clock.advance(LEASE - timedelta(seconds=1))
    _looks(watched)
    assert watched.watch.reason is None
    watched.away.clear()
    _until(lambda: watched.watch.renewing)
    watched.away.set()
    watched.clock.advance(LEASE)
    _until(lambda: watched.watch.reason is StopReason.LOST)
    with pytest.raises(LeaseLost):
        watched.watch.progress(SegmentCount(4, 1), "segment 1")


def test_renewing_is_false_after_half_a_lease_without_the_store_and_true_when_it_is_back(watched):
    watched.away.set()
    watched.clock.advance(LEASE / 2 + timedelta(seconds=1))
    assert not watched.watch.renewing
    watched.away.clear()
    _until(lambda: watched.watch.renewing)


def test_the_time_limit_holds_while_a_call_of_the_store_hangs(watched):
    watched.blocked = threading.Event()
    _looks(watched)
    watched.clock.advance(LIMIT)
    assert watched.interrupted.wait(60)
    assert watched.watch.reason is StopReason.DEADLINE
    assert not watched.blocked.is_set()


def test_a_shutdown_reaches_the_engine_while_a_call_of_the_store_hangs(watched):
    watched.blocked = threading.Event()
    _looks(watched)
    watched.watch.shut_down()
    assert watched.interrupted.wait(60)
    assert watched.watch.reason is StopReason.SHUTDOWN


def test_an_attempt_that_was_called_off_keeps_its_lease_until_its_end_is_stored(watched):
    watched.watch.shut_down()
    before = watched.stored().lease_until
    watched.clock.advance(LEASE / 2)
    _until(lambda: watched.stored().lease_until > before)


@pytest.mark.parametrize("what", ["cancel", "delete"])
def test_a_cancelled_or_deleted_job_is_noticed_without_any_progress(watched, what):
    if what == "cancel":
        watched.store.cancel(watched.job.id, KEEP)
    else:
        watched.store.delete(watched.job.id)
    assert watched.interrupted.wait(60)
    assert watched.watch.reason is StopReason.LOST


def test_a_fence_is_passed_only_when_the_store_has_said_so(watched):
    watched.away.set()
    passed = threading.Event()

    def work():
        watched.watch.fence(SegmentCount(2, 2), "voice stored")
        passed.set()

    thread = threading.Thread(target=work)
    thread.start()
    _until(lambda: watched.refused >= 5)
    assert not passed.is_set()
    watched.away.clear()
    assert passed.wait(60)
    thread.join(60)
    assert watched.stored().segments.done == 2


def test_a_fence_is_never_passed_by_a_cancelled_job(watched):
    watched.store.cancel(watched.job.id, KEEP)
    with pytest.raises(LeaseLost):
        watched.watch.fence(SegmentCount(2, 2), "voice stored")


def test_once_the_work_is_over_nothing_stops_it_from_being_stored(watched):
    watched.watch.finish()
    watched.clock.advance(LIMIT + LEASE)
    watched.store.cancel(watched.job.id, KEEP)
    _looks(watched)
    assert watched.watch.reason is None
    assert not watched.interrupted.is_set()
    assert not watched.watch.told_to_end(0)
    watched.watch.shut_down()
    assert watched.watch.told_to_end(5)


def test_a_host_that_cannot_be_interrupted_does_not_end_the_watch(watched):
    tried = []

    def broken():
        tried.append(True)
        raise RuntimeError("a defect of the host")

    watched.watch._interrupt = broken
    watched.watch.shut_down()
    _until(lambda: len(tried) >= 3)


def test_after_its_end_a_watch_interrupts_nobody():
    watched = Watched()
    with watched.watch:
        watched.blocked = threading.Event()
        _looks(watched)
    watched.store.cancel(watched.job.id, KEEP)
    watched.blocked.set()
    watched.clock.advance(LIMIT)
    time.sleep(0.1)
    assert not watched.interrupted.is_set()
    assert watched.stored().status is JobStatus.CANCELLED


def test_the_lease_counts_from_the_asking_for_it_not_from_the_answer():
    clock = FakeClock()
    store = MemoryJobStore(clock)
    store.add(queued_job("job_1", created_at=clock.now()))
    asked_at = clock.monotonic()
    job = store.claim("worker", LEASE, max_tries=3, keep=KEEP)
    clock.advance(LEASE)
    lost = threading.Event()
    store.renew = lambda *_: (_ for _ in ()).throw(StorageUnavailable())
    with JobWatch(store, clock, job, LEASE, LIMIT, lost.set, look_every_s=0.01, claimed_at=asked_at) as watch:
        assert lost.wait(60)
        assert watch.reason is StopReason.LOST
