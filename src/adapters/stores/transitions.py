"""What every job store decides alike, whatever it keeps its jobs in: who may start, renew or end an attempt.

Pure functions of the stored job. A store calls them inside its own transaction, between the read and the write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from voicecore.errors import Gone, IdempotencyConflict, InvalidInput, LeaseLost, Poisoned, QueueFull, require
from voicecore.job import JobError, JobId, JobStatus, SynthesisJob
from voicecore.request import request_fingerprint

#: How long a purged job is still answered with `Gone`; afterwards it is simply not there.
TOMBSTONES_LAST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Lease:
    """When a lease began and when it ends, by the clock that a store counts leases on."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, now: datetime, length: timedelta) -> Lease:
        """One that begins now."""
        return cls(now, now + length)

    def cut(self, now: datetime) -> Lease:
        """The lease, which cannot have begun after `now`: if the clock was set back, its whole length begins now.

        So its worker, if it lives, has time to renew; and a dead one's job waits no longer than a lease, and not
        until the clock has caught up.
        """
        return self if self.since <= now else Lease.of(now, self.until - self.since)


def check_new(job: SynthesisJob) -> None:
    """Raise `InvalidInput` unless the job is queued and was never claimed."""
    require(job.status is JobStatus.QUEUED and job.attempt == 0, f"Job {job.id} is not new; only new jobs are added.")


def owned_key(job: SynthesisJob, idempotency_key: str | None) -> str | None:
    """The idempotency key as it is kept: each owner has his own, so that nobody meets another's. Clients' hold no line feed."""
    return idempotency_key if idempotency_key is None or not job.owner else f"{job.owner}\n{idempotency_key}"


def repeated(job: SynthesisJob, before: SynthesisJob) -> SynthesisJob:
    """The job that the same idempotency key made `before`. Raises `IdempotencyConflict` if the requests differ."""
    # Both sides are computed now: a stored digest would change its meaning when a request gains a field.
    same = request_fingerprint(job.request) == request_fingerprint(before.request)
    if not same or job.handling != before.handling:
        raise IdempotencyConflict
    return before


def check_room(queued: int, max_queued: int | None) -> None:
    """Raise `QueueFull` if `max_queued` jobs wait already."""
    if max_queued is not None and queued >= max_queued:
        raise QueueFull(f"{queued} jobs wait and the limit is {max_queued}: try again later.")


def gone(job_id: JobId) -> Gone:
    """The error for a job that left a tombstone."""
    return Gone(f"Job {job_id} has expired and its audio was removed; submit it again.")


def check_claim(lease: timedelta, max_tries: int) -> None:
    """Raise `InvalidInput` for a lease that would be over at once, or a limit that would poison every job."""
    require(lease > timedelta(0), f"The lease is {lease}; give a positive duration.")
    require(max_tries >= 1, f"max_tries is {max_tries}; give 1 or more.")


def taken(
    job: SynthesisJob, worker: str, now: datetime, lease: timedelta, *, max_tries: int, keep: timedelta
) -> SynthesisJob:
    """The job as `worker` starts it; or as failed, if so many of its attempts ended badly that it is poison.

    Whether its lease ran out is for the store to know, whose clock of leases (`Lease`) may not be the time of day.
    """
    tries = job.tries + (job.status is JobStatus.PROCESSING)
    if tries < max_tries:
        over = job if job.lease_until is None else replace(job, lease_until=min(job.lease_until, now))
        return over.claimed(worker, now, lease)
    error = Poisoned(f"This job ended its worker {tries} times (the limit is {max_tries}) and will not be tried again.")
    return replace(job, tries=tries).failed(JobError.of(error), now, keep)


def wants_notice(before: SynthesisJob | None, after: SynthesisJob) -> bool:
    """Whether this step ends a job that somebody wants to be told of."""
    ends = after.status.finished and (before is None or not before.status.finished)
    return ends and after.handling.webhook_url is not None


def renewed(stored: SynthesisJob | None, job: SynthesisJob, now: datetime, lease: timedelta) -> SynthesisJob:
    """`job` with its lease prolonged. Raises `LeaseLost` unless `stored` runs the same attempt."""
    if job.status is not JobStatus.PROCESSING:
        raise InvalidInput(f"Job {job.id} is {job.status.value}; only a job in processing has a lease.")
    _check_fence(stored, job)
    return replace(job, lease_until=now + lease)


def ended(stored: SynthesisJob | None, job: SynthesisJob) -> SynthesisJob:
    """`job`, if it may be written as the end of its attempt, or has been already. Raises `LeaseLost` as `renewed` does."""
    if job.status is JobStatus.PROCESSING:
        raise InvalidInput(f"Job {job.id} is still in processing; finish writes how an attempt ended.")
    if stored == job:
        return job
    _check_fence(stored, job)
    return job


def _check_fence(stored: SynthesisJob | None, job: SynthesisJob) -> None:
    if stored is None or stored.status is not JobStatus.PROCESSING or stored.attempt != job.attempt:
        state = "gone" if stored is None else f"{stored.status.value}, attempt {stored.attempt}"
        raise LeaseLost(f"Attempt {job.attempt} of job {job.id} no longer owns it; the job is {state}.")
    require(
        _fixed(stored) == _fixed(job), f"The request, handling, owner and created_at of job {job.id} cannot change."
    )


def _fixed(job: SynthesisJob) -> tuple[object, ...]:
    return job.request, job.handling, job.owner, job.created_at
