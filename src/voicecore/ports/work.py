"""Work: jobs, the bell that says that some wait, and who does them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from voicecore.errors import require
from voicecore.gauges import Gauges
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.request import Mode


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first. `cursor` is the opaque `next_cursor` of the page before.

    `owner` is the id of a key, whose jobs alone are listed; None lists everybody's. Nobody's alone cannot be asked for.
    """

    status: JobStatus | None = None
    mode: Mode | None = None
    limit: int = 20
    cursor: str | None = None
    owner: str | None = None

    def __post_init__(self) -> None:
        require(self.owner != "", "Nobody's jobs cannot be listed alone; leave the owner out for everybody's.")


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page; `total` counts all jobs that the query's owner, status and mode admit."""

    total: int
    jobs: tuple[SynthesisJob, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told that this job has ended; `tries` tells of it failed so far."""

    job: SynthesisJob
    tries: int


class JobStore(Protocol):
    """The truth about jobs. Every method is atomic and durable when it returns.

    A job with a webhook that comes to its end, in whatever way, leaves a notice in the same step.
    """

    def add(
        self, job: SynthesisJob, *, idempotency_key: str | None = None, max_queued: int | None = None
    ) -> SynthesisJob:
        """Store a new queued job, and return it; or the job that this key made before from an equal request.

        Equal means equal `request_fingerprint` and equal `handling`. Keys live as long as their job, and are their
        owner's: two owners' never meet.
        Raises `IdempotencyConflict` (same key, other request), `QueueFull` (`max_queued` jobs wait), `Conflict` (id in use).
        """

    def get(self, job_id: JobId) -> SynthesisJob | None:
        """The job, or None if it never was or was deleted. Raises `Gone` if it expired and was purged."""

    def page(self, query: JobQuery) -> JobPage:
        """One page of jobs, newest first (created_at, then id). Raises `InvalidInput` for a cursor that is not ours."""

    def claim(
        self, worker: str, lease: timedelta, *, max_tries: int, keep: timedelta, engines: Collection[str] | None = None
    ) -> SynthesisJob | None:
        """Start a job that is queued or whose lease ran out, by the store's clock; None if there is none.

        The highest priority comes first, and in it the oldest. With `engines`, the names of what a worker serves, only jobs
        are looked at of which every need (`voicecore.needs`: the engine, and a converter) is among them.
        A job whose abandoned attempts reach `max_tries` is failed as `poisoned` (kept for `keep`) instead, and the next is tried.
        """

    def renew(self, job: SynthesisJob, lease: timedelta) -> SynthesisJob:
        """Write the progress of a running attempt and prolong its lease. Raises `LeaseLost` unless the stored job is
        in processing with the same attempt.
        """

    def finish(self, job: SynthesisJob) -> None:
        """End a running attempt: write a job that is completed, failed, cancelled, or queued again. Fenced like `renew`.

        Saying the same again is no error: the answer to the first call may have been lost on its way.
        """

    def cancel(self, job_id: JobId, keep: timedelta) -> SynthesisJob:
        """Cancel a queued or running job; a cancelled one is returned as it is. Raises `NotFound`, `Gone`, or `Conflict` if it ended."""

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        """Remove a job and its idempotency key; with `tombstone`, `get` raises `Gone` from now on. False if it was not there."""

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        """Finished jobs whose time of keeping is over, oldest first."""

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs are in each state (every state is a key)."""

    def waiting(self) -> Mapping[str, int]:
        """How many jobs are queued in each line (`SynthesisJob.line`); lines without any may be missing."""

    def due_notices(self, limit: int, hold: timedelta) -> Sequence[Notice]:
        """Notices whose time has come, longest due first. Each is held: nobody gets it again before `hold` is over."""

    def settle_notice(self, job_id: JobId, retry_in: timedelta | None) -> None:
        """After a try: forget the notice, or with `retry_in` count a failed try and have it due again then. Unknown: ignored."""

    def close(self) -> None:
        """Give back files and threads. Idempotent."""


class Doorbell(Protocol):
    """A hint that a job may wait. It may be lost or rung twice; the store decides."""

    def ring(self, job_id: JobId, line: str) -> None:
        """Wake a waiting worker that takes from this line (`SynthesisJob.line`), or the next one to wait. Never raises: a
        hint may get lost.
        """

    def wait(self, timeout_s: float) -> bool:
        """Block until rung or until `timeout_s` passed; whether it was rung."""

    def close(self) -> None:
        """End every wait in this process, now and from now on, and give back connections. Idempotent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCard:
    """What a running worker says of itself.

    Attributes:
        engines: names of what it serves, the converter among them.
        slots: jobs it can run at once.
        busy: jobs it runs now.
        version: of voicecore.
        gauges: of each engine that is loaded there: name → number, as `SpeechEngine.gauges` tells them.
    """

    name: str
    engines: tuple[str, ...]
    slots: int
    busy: int
    started_at: datetime
    version: str
    gauges: Gauges = field(default_factory=dict)


class WorkerRoster(Protocol):
    """Which workers are there. Each says so again and again; who falls silent is forgotten."""

    def announce(self, card: WorkerCard, lasts: timedelta) -> None:
        """This worker is there, for `lasts` from now by the roster's clock. Replaces what it said before."""

    def withdraw(self, name: str) -> None:
        """This worker leaves. Unknown names are ignored."""

    def present(self) -> Sequence[WorkerCard]:
        """All who are there, by name."""
