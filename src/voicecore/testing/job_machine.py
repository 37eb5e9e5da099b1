"""A model of a job store, and a hypothesis machine that compares any store with it, move by move.

Two workers claim, stall, wake up late, say things twice, and write with attempts that they lost long ago; the clock runs
and jumps both ways. Subclass `JobStoreMachine`, override `make_store`, and give pytest its `TestCase`:

    class Machine(JobStoreMachine):
        def make_store(self, clock): return MyJobStore(clock)

    TestMyJobStore = Machine.TestCase
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from voicecore.errors import Conflict, Gone, IdempotencyConflict, LeaseLost, NotFound, QueueFull
from voicecore.handling import Handling, Priority
from voicecore.job import JobError, JobId, JobStatus, SegmentCount, SynthesisJob
from voicecore.ports import Clock, JobQuery, JobStore
from voicecore.request import Mode
from voicecore.testing.fakes import FakeClock
from voicecore.testing.job_model import KEEP, LEASE, RUNNING, WAITING, Expected
from voicecore.testing.samples import audio_result, queued_job

MAX_TRIES = 2
HOLD = timedelta(seconds=60)
MODES = (Mode.DUBBING, Mode.CLONE, Mode.CONVERT)
ENDS = ("completed", "failed", "handed back", "died")
#: Engine and converter.
NEEDS = (("tone", None), ("chime", None), ("tone", "shift"))
#: What a worker may serve; None is whatever there is.
SERVED = (None, None, ("tone",), ("tone", "chime"), ("shift", "tone"), ("none",))
OWNERS = ("", "key_a", "key_b")
HANDLINGS = (
    *(Handling(priority=priority) for priority in Priority),
    Handling(webhook_url="https://example.org/told"),
    Handling(priority=Priority.HIGH, webhook_url="https://example.org/told"),
)


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
    @rule(mode=st.sampled_from(MODES), text=st.sampled_from("ab"), needs=st.sampled_from(NEEDS),
          handling=st.sampled_from(HANDLINGS), key=st.sampled_from([None, None, "k", "l"]),
          max_queued=st.sampled_from([None, None, 3]), owner=st.sampled_from(OWNERS))  # fmt: skip
    def add(
        self, mode: Mode, text: str, needs: tuple[str, str | None], handling: Handling, key: str | None,
        max_queued: int | None, owner: str,
    ) -> None:  # fmt: skip
        name, now = f"job_{self.made:03}", self.now()
        job = queued_job(
            name,
            created_at=now,
            mode=mode,
            text=text,
            engine=needs[0],
            converter=needs[1],
            handling=handling,
            owner=owner,
        )
        known = (each for each in self.jobs.values() if key is not None and (each.key, each.owner) == (key, owner))
        before = next(known, None)
        if before is not None and (before.mode, before.text, before.handling) == (mode, text, handling):
            assert before.agrees(self.store.add(job, idempotency_key=key, max_queued=max_queued))
            return
        waiting = sum(each.status is WAITING for each in self.jobs.values())
        refusal = IdempotencyConflict if before is not None else QueueFull if waiting >= (max_queued or 99) else None
        if refusal is not None:
            with pytest.raises(refusal):
                self.store.add(job, idempotency_key=key, max_queued=max_queued)
            return
        assert self.store.add(job, idempotency_key=key, max_queued=max_queued) == job
        self.jobs[job.id] = Expected(job.id, job.created_at, mode, text, *needs, handling, key, owner)
        self.made += 1

    @rule(target=attempts, worker=st.sampled_from(["w1", "w2"]), engines=st.sampled_from(SERVED))
    def claim(self, worker: str, engines: Collection[str] | None) -> object:
        now = self.now()
        for each in self.jobs.values():
            each.cut_lease(now)
        claimable = [each for each in self.jobs.values() if each.claimable(now, engines)]
        claimed = self.store.claim(worker, LEASE, max_tries=MAX_TRIES, keep=KEEP, engines=engines)
        for expected in sorted(claimable, key=lambda each: each.turn):
            expected.tries += expected.status is RUNNING
            if expected.tries >= MAX_TRIES:
                expected.end(JobStatus.FAILED, now)
                continue
            expected.lease(now)
            expected.attempt += 1
            assert claimed is not None
            assert (claimed.worker, expected.agrees(claimed)) == (worker, True)
            assert claimed.attempt > self.highest.get(expected.id, 0), "an attempt number came twice"
            self.highest[expected.id] = claimed.attempt
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
        expected.lease(self.now())
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
            stored = self.jobs.get(attempt.id)
            if stored is not None and stored.said == ended:
                self.store.finish(ended)
                return
            with pytest.raises(LeaseLost):
                self.store.finish(ended)
            return
        self.store.finish(ended)
        if ended.status.finished:
            expected.end(ended.status, now)
        else:
            expected.unlease(WAITING)
            expected.tries += end == "died"
        expected.said = ended
        self.published[attempt.id] += end == "completed"

    @rule(index=st.integers(0, 50))
    def say_the_end_again(self, index: int) -> None:
        expected = self.jobs.get(self.some_id(index))
        if expected is not None and expected.said is not None:
            self.store.finish(expected.said)

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

    @rule(limit=st.integers(0, 3), settled=st.booleans(), retry_s=st.sampled_from([None, 1, 30, 300]))
    def take_notices(self, limit: int, settled: bool, retry_s: int | None) -> None:
        now = self.now()
        due = {each.id: each.due for each in self.jobs.values() if each.due is not None and each.due <= now}
        found = self.store.due_notices(limit, HOLD)
        # Those due since the same moment come in any order.
        assert [due[notice.job.id] for notice in found] == sorted(due.values())[:limit]
        assert len({notice.job.id for notice in found}) == len(found)
        for notice in found:
            expected = self.jobs[notice.job.id]
            assert (expected.agrees(notice.job), notice.tries) == (True, expected.notice_tries)
            expected.due = now + HOLD
        for notice in found if settled else ():
            self.settle(notice.job.id, retry_s)

    @rule(limit=st.integers(1, 3))
    def nobody_can_be_told(self, limit: int) -> None:
        """Common enough in one move that a notice is tried more than once."""
        for _ in range(2):
            self.take_notices(limit, settled=True, retry_s=1)
            self.clock.advance(timedelta(seconds=1))

    @rule(index=st.integers(0, 50), retry_s=st.sampled_from([None, 1, 30, 300]))
    def settle_untaken(self, index: int, retry_s: int | None) -> None:
        self.settle(self.some_id(index), retry_s)

    def settle(self, job_id: JobId, retry_s: int | None) -> None:
        retry_in = None if retry_s is None else timedelta(seconds=retry_s)
        self.store.settle_notice(job_id, retry_in)
        expected = self.jobs.get(job_id)
        if expected is not None and expected.due is not None:
            expected.due = None if retry_in is None else self.now() + retry_in
            expected.notice_tries += retry_in is not None

    @rule(seconds=st.sampled_from([1, 5, 29, 30, 30, 30, 31, 300, 3_600, -1, -3_600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(target=attempts, worker=st.sampled_from(["w1", "w2"]))
    def claim_and_die(self, worker: str) -> object:
        """Common enough in one move that jobs get poisoned; the dead one's attempt may still write, much later."""
        claimed = self.claim(worker, None)
        self.clock.advance(LEASE)
        return claimed

    @rule(limit=st.integers(0, 4))
    def keeping_ends(self, limit: int) -> None:
        self.clock.advance(KEEP)
        self.purge(limit)

    @precondition(lambda self: len(self.jobs) > 1)
    @rule(limit=st.integers(1, 3), status=st.sampled_from([None] * 5 + [*JobStatus]),
          mode=st.sampled_from([None, None, *MODES]), owner=st.sampled_from([None, "key_a", "key_b"]))  # fmt: skip
    def leaf_through(self, limit: int, status: JobStatus | None, mode: Mode | None, owner: str | None) -> None:
        admitted = [
            each for each in self.jobs.values()
            if status in (None, each.status) and mode in (None, each.mode) and owner in (None, each.owner)
        ]  # fmt: skip
        newest_first = sorted(((each.created_at, each.id) for each in admitted), reverse=True)
        shown: list[str] = []
        cursor: str | None = None
        for _ in range(len(admitted) + 1):
            page = self.store.page(JobQuery(status=status, mode=mode, limit=limit, cursor=cursor, owner=owner))
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
    def those_who_wait_are_counted_by_what_they_need(self) -> None:
        waiting = [each for each in self.jobs.values() if each.status is WAITING]
        queued = Counter("+".join(filter(None, (each.engine, each.converter))) for each in waiting)
        assert {line: jobs for line, jobs in self.store.waiting().items() if jobs} == queued

    @invariant()
    def nothing_is_published_twice(self) -> None:
        assert all(times <= 1 for times in self.published.values())

    @invariant()
    def what_was_purged_is_gone(self) -> None:
        for job_id, since in self.tombstones.items():
            if self.now() < since + timedelta(days=7):
                with pytest.raises(Gone):
                    self.store.get(job_id)
