"""A model of a job store, and a hypothesis machine that compares any store with it, move by move.

Two workers claim, stall, wake up late, and write with attempts that they lost long ago; the clock runs and jumps both
ways. Subclass `JobStoreMachine`, override `make_store`, and give pytest its `TestCase`:

    class Machine(JobStoreMachine):
        def make_store(self, clock): return MyJobStore(clock)

    TestMyJobStore = Machine.TestCase
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from voicecore.errors import Conflict, Gone, IdempotencyConflict, LeaseLost, NotFound, QueueFull
from voicecore.job import JobError, JobId, JobStatus, SegmentCount, SynthesisJob
from voicecore.ports import Clock, JobQuery, JobStore
from voicecore.request import Mode
from voicecore.testing.fakes import FakeClock
from voicecore.testing.samples import audio_result, queued_job

LEASE = timedelta(seconds=30)
KEEP = timedelta(hours=1)
MAX_TRIES = 2
MODES = (Mode.DUBBING, Mode.CLONE)
ENDS = ("completed", "failed", "handed back", "died")
WAITING, RUNNING = JobStatus.QUEUED, JobStatus.PROCESSING


@dataclass
class Expected:
    """What the model knows of a job."""

    id: JobId
    created_at: datetime
    mode: Mode
    text: str
    key: str | None
    status: JobStatus = WAITING
    attempt: int = 0
    tries: int = 0
    lease_until: datetime | None = None
    expires_at: datetime | None = None

    def end(self, status: JobStatus, now: datetime) -> None:
        """Nothing changes after this."""
        self.status, self.lease_until, self.expires_at = status, None, now + KEEP

    def claimable(self, now: datetime) -> bool:
        """Whether a worker may start it."""
        return self.status is WAITING or (self.lease_until is not None and self.lease_until <= now)

    def agrees(self, job: SynthesisJob) -> bool:
        """Whether the stored job is the expected one."""
        return (job.id, job.status, job.attempt, job.tries, job.lease_until, job.expires_at) == (
            self.id, self.status, self.attempt, self.tries, self.lease_until, self.expires_at)  # fmt: skip


class JobStoreMachine(RuleBasedStateMachine):
    """The moves, and what must hold after each."""

    attempts = Bundle("attempts")

    def make_store(self, clock: Clock) -> JobStore:
        """A new, empty store."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.store = self.make_store(self.clock)
        self.jobs: dict[JobId, Expected] = {}
        self.tombstones: dict[JobId, datetime] = {}
        self.published: Counter[JobId] = Counter()
        self.highest: dict[JobId, int] = {}
        self.made = 0

    def teardown(self) -> None:
        self.store.close()

    def now(self) -> datetime:
        return self.clock.now()

    def some_id(self, index: int) -> JobId:
        """A job that is or was there, or never was."""
        return JobId(f"job_{index % (self.made + 1):03}")

    # --- moves ----------------------------------------------------------------------------------------
    @rule(mode=st.sampled_from(MODES), text=st.sampled_from("ab"), key=st.sampled_from([None, "k", "l"]),
          max_queued=st.sampled_from([None, None, 3]))  # fmt: skip
    def add(self, mode: Mode, text: str, key: str | None, max_queued: int | None) -> None:
        job = queued_job(f"job_{self.made:03}", created_at=self.now(), mode=mode, text=text)
        before = next((each for each in self.jobs.values() if key is not None and each.key == key), None)
        if before is not None and (before.mode, before.text) == (mode, text):
            assert before.agrees(self.store.add(job, idempotency_key=key, max_queued=max_queued))
            return
        waiting = sum(each.status is WAITING for each in self.jobs.values())
        refusal = IdempotencyConflict if before is not None else QueueFull if waiting >= (max_queued or 99) else None
        if refusal is not None:
            with pytest.raises(refusal):
                self.store.add(job, idempotency_key=key, max_queued=max_queued)
            return
        assert self.store.add(job, idempotency_key=key, max_queued=max_queued) == job
        self.jobs[job.id] = Expected(job.id, job.created_at, mode, text, key)
        self.made += 1

    @rule(target=attempts, worker=st.sampled_from(["w1", "w2"]))
    def claim(self, worker: str) -> object:
        now = self.now()
        candidates = sorted((each.created_at, each.id) for each in self.jobs.values() if each.claimable(now))
        claimed = self.store.claim(worker, LEASE, max_tries=MAX_TRIES, keep=KEEP)
        for _, job_id in candidates:
            expected = self.jobs[job_id]
            expected.tries += expected.status is RUNNING
            if expected.tries >= MAX_TRIES:
                expected.end(JobStatus.FAILED, now)
                continue
            expected.status, expected.lease_until = RUNNING, now + LEASE
            expected.attempt += 1
            assert claimed is not None
            assert (claimed.worker, expected.agrees(claimed)) == (worker, True)
            assert claimed.attempt > self.highest.get(job_id, 0), "an attempt number came twice"
            self.highest[job_id] = claimed.attempt
            return claimed
        assert claimed is None
        return multiple()

    def owned(self, attempt: SynthesisJob) -> Expected | None:
        """The job, if the attempt still owns it."""
        expected = self.jobs.get(attempt.id)
        current = expected is not None and expected.status is RUNNING and expected.attempt == attempt.attempt
        return expected if current else None

    @rule(attempt=attempts, done=st.integers(0, 4))
    def renew(self, attempt: SynthesisJob, done: int) -> None:
        progressed = attempt.progressed(SegmentCount(4, done, 0))
        expected = self.owned(attempt)
        if expected is None:
            with pytest.raises(LeaseLost):
                self.store.renew(progressed, LEASE)
            return
        expected.lease_until = self.now() + LEASE
        renewed = self.store.renew(progressed, LEASE)
        assert expected.agrees(renewed)
        assert renewed.segments.done == done

    @rule(attempt=attempts, end=st.sampled_from(ENDS))
    def finish(self, attempt: SynthesisJob, end: str) -> None:
        now = self.now()
        ended = {
            "completed": lambda: attempt.completed(audio_result(attempt), now, KEEP),
            "failed": lambda: attempt.failed(JobError("engine_failed", "It fell silent."), now, KEEP),
            "handed back": lambda: attempt.handed_back(bad=False),
            "died": lambda: attempt.handed_back(bad=True),
        }[end]()
        expected = self.owned(attempt)
        if expected is None:
            with pytest.raises(LeaseLost):
                self.store.finish(ended)
            return
        self.store.finish(ended)
        if ended.status.finished:
            expected.end(ended.status, now)
        else:
            expected.status, expected.lease_until = WAITING, None
            expected.tries += end == "died"
        self.published[attempt.id] += end == "completed"

    @rule(index=st.integers(0, 50))
    def cancel(self, index: int) -> None:
        job_id = self.some_id(index)
        expected = self.jobs.get(job_id)
        if expected is None or expected.status in (JobStatus.COMPLETED, JobStatus.FAILED):
            error = Conflict if expected else Gone if job_id in self.tombstones else NotFound
            with pytest.raises(error):
                self.store.cancel(job_id, KEEP)
            return
        if expected.status is not JobStatus.CANCELLED:
            expected.end(JobStatus.CANCELLED, self.now())
        assert expected.agrees(self.store.cancel(job_id, KEEP))

    @rule(index=st.integers(0, 50), tombstone=st.booleans())
    def delete(self, index: int, tombstone: bool) -> None:
        job_id = self.some_id(index)
        assert self.store.delete(job_id, tombstone=tombstone) == (job_id in self.jobs)
        if self.jobs.pop(job_id, None) is not None and tombstone:
            self.tombstones[job_id] = self.now()

    @rule(limit=st.integers(0, 4))
    def purge(self, limit: int) -> None:
        now = self.now()
        over = sorted(
            (each.expires_at, each.id) for each in self.jobs.values() if each.expires_at and each.expires_at <= now
        )
        found = self.store.expired(limit)
        assert [job.id for job in found] == [job_id for _, job_id in over[:limit]]
        for job in found:
            assert self.store.delete(job.id, tombstone=True)
            del self.jobs[job.id]
            self.tombstones[job.id] = now

    @rule(seconds=st.sampled_from([1, 5, 29, 30, 30, 30, 31, 300, 3_600, -1, -3_600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(target=attempts, worker=st.sampled_from(["w1", "w2"]))
    def claim_and_die(self, worker: str) -> object:
        """Common enough in one move that jobs get poisoned; the dead one's attempt may still write, much later."""
        claimed = self.claim(worker)
        self.clock.advance(LEASE)
        return claimed

    @rule(limit=st.integers(0, 4))
    def keeping_ends(self, limit: int) -> None:
        self.clock.advance(KEEP)
        self.purge(limit)

    @precondition(lambda self: len(self.jobs) > 1)
    @rule(limit=st.integers(1, 3), status=st.sampled_from([None] * 5 + [*JobStatus]),
          mode=st.sampled_from([None, None, *MODES]))  # fmt: skip
    def leaf_through(self, limit: int, status: JobStatus | None, mode: Mode | None) -> None:
        admitted = [each for each in self.jobs.values() if status in (None, each.status) and mode in (None, each.mode)]
        newest_first = sorted(((each.created_at, each.id) for each in admitted), reverse=True)
        shown: list[str] = []
        cursor: str | None = None
        for _ in range(len(admitted) + 1):
            page = self.store.page(JobQuery(status=status, mode=mode, limit=limit, cursor=cursor))
            assert page.total == len(admitted)
            shown += [job.id for job in page.jobs]
            cursor = page.next_cursor
            if cursor is None:
                break
            assert len(page.jobs) == limit
        assert shown == [job_id for _, job_id in newest_first]

    # --- what always holds ------------------------------------------------------------------------------
    @invariant()
    def every_job_is_as_expected(self) -> None:
        for expected in self.jobs.values():
            job = self.store.get(expected.id)
            assert job is not None
            assert expected.agrees(job)
            assert (job.status is RUNNING) == (job.lease_until is not None)

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        states = Counter(each.status for each in self.jobs.values())
        assert self.store.counts() == {status: states[status] for status in JobStatus}

    @invariant()
    def nothing_is_published_twice(self) -> None:
        assert all(times <= 1 for times in self.published.values())

    @invariant()
    def what_was_purged_is_gone(self) -> None:
        for job_id, since in self.tombstones.items():
            if self.now() < since + timedelta(days=7):
                with pytest.raises(Gone):
                    self.store.get(job_id)
