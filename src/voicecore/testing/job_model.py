"""What a store should know of one job: the model behind `JobStoreMachine`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from voicecore.handling import Handling
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.request import Mode

LEASE = timedelta(seconds=30)
KEEP = timedelta(hours=1)
WAITING, RUNNING = JobStatus.QUEUED, JobStatus.PROCESSING


@dataclass
class Expected:
    """What the model knows of a job."""

    id: JobId
    created_at: datetime
    mode: Mode
    text: str
    engine: str
    converter: str | None
    handling: Handling
    key: str | None
    owner: str = ""
    status: JobStatus = WAITING
    attempt: int = 0
    tries: int = 0
    lease_until: datetime | None = None
    expires_at: datetime | None = None
    #: When the lease ends for the store, which cuts it when the clock was set back.
    lapses_at: datetime | None = None
    #: The end that was last written, as long as nothing else was since.
    said: SynthesisJob | None = None
    #: When its notice is due, and how many tries failed.
    due: datetime | None = None
    notice_tries: int = 0

    def lease(self, now: datetime) -> None:
        """An attempt runs from now, or goes on."""
        self.status, self.lease_until, self.lapses_at, self.said = RUNNING, now + LEASE, now + LEASE, None

    def unlease(self, status: JobStatus) -> None:
        """No attempt runs."""
        self.status, self.lease_until, self.lapses_at, self.said = status, None, None, None

    def end(self, status: JobStatus, now: datetime) -> None:
        """Nothing changes after this."""
        self.unlease(status)
        self.expires_at = now + KEEP
        self.due = now if self.handling.webhook_url else None

    def cut_lease(self, now: datetime) -> None:
        """No lease lasts longer than its length from now."""
        if self.lapses_at is not None:
            self.lapses_at = min(self.lapses_at, now + LEASE)

    def claimable(self, now: datetime, engines: Collection[str] | None) -> bool:
        """Whether a worker that serves these may start it."""
        lapsed = self.lapses_at is not None and self.lapses_at <= now
        needs = {self.engine} if self.converter is None else {self.engine, self.converter}
        return (self.status is WAITING or lapsed) and (engines is None or needs <= set(engines))

    @property
    def turn(self) -> tuple[int, datetime, str]:
        """The least is next."""
        return (self.handling.priority.rank, self.created_at, self.id)

    def agrees(self, job: SynthesisJob) -> bool:
        """Whether the stored job is the expected one."""
        return (job.id, job.status, job.attempt, job.tries, job.lease_until, job.expires_at) == (
            self.id, self.status, self.attempt, self.tries, self.lease_until, self.expires_at)  # fmt: skip
