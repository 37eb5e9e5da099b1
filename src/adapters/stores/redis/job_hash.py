"""A job as a Redis hash: the record as Python last wrote it, and beside it the fields that the scripts write.

A script cannot write JSON (its numbers lose digits, its empty lists become objects), so claiming, cancelling and
poisoning change only the fields. Reading composes both, by the domain's own rules, so that everybody sees the same job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.stores import transitions
from adapters.stores.cursor import Place
from adapters.stores.line import place_of
from voicecore.errors import StorageUnavailable
from voicecore.job import JobStatus, SynthesisJob
from voicecore.records import JOB_VERSION, dump_job, epoch_us, load_job
from voicecore.request import request_fingerprint

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Makes every signed 64-bit number one of 20 digits, in the same order.
_OFFSET = 2**63

Value = bytes | None


def as_bytes(text: str) -> bytes:
    """The text as it goes to Redis; half characters, which strangers may send, are just other bytes."""
    return text.encode("utf-8", "surrogatepass")


def as_text(data: bytes) -> str:
    """The inverse of `as_bytes`."""
    return data.decode("utf-8", "surrogatepass")


def in_us(duration: timedelta) -> int:
    """Microseconds, exactly."""
    return duration // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The inverse of `records.epoch_us`."""
    return _EPOCH + microseconds * _MICROSECOND


def place_member(place: Place) -> bytes:
    """The place as text of which bytes have the order of places: 20 digits, then the id."""
    return b"%020d" % (place.created_us + _OFFSET) + as_bytes(place.job_id)


def fixed_digest(job: SynthesisJob) -> str:
    """Version of the records, and digest of what no attempt may change.

    Digests of two versions are never compared: a request that gained a field has another one.
    """
    handling = (job.handling.priority.value, job.handling.webhook_url)
    words = (request_fingerprint(job.request), epoch_us(job.created_at), handling, job.line, job.owner)
    return f"{JOB_VERSION}:{hashlib.sha256(as_bytes(repr(words))).hexdigest()}"


def key_digest(idempotency_key: str | None) -> str:
    """What stands for the client's key, which may be long and is nobody's business; empty for none."""
    return "" if idempotency_key is None else hashlib.sha256(as_bytes(idempotency_key)).hexdigest()


def added_fields(job: SynthesisJob) -> tuple[bytes | str | int, ...]:
    """A new job as `add.lua` takes it: id, record, v, fixed, line, mode, rank, place, hook, owner."""
    place = place_member(place_of(job))
    return (as_bytes(job.id), dump_job(job), JOB_VERSION, fixed_digest(job), as_bytes(job.line), job.mode.value,
            job.handling.priority.rank, place, "0" if job.handling.webhook_url is None else "1",
            as_bytes(job.owner))  # fmt: skip


def written_fields(job: SynthesisJob) -> tuple[bytes | str | int, ...]:
    """What an attempt writes: id, attempt, fixed, record, v, tries, worker, started_us."""
    started = "" if job.started_at is None else epoch_us(job.started_at)
    return (as_bytes(job.id), job.attempt, fixed_digest(job), dump_job(job), JOB_VERSION, job.tries,
            _worker(job.worker), started)  # fmt: skip


def worker_field(worker: str) -> bytes:
    """A worker's name as a field; the sign in front tells the empty name from none."""
    return b"=" + as_bytes(worker)


def _worker(worker: str | None) -> bytes:
    return b"" if worker is None else worker_field(worker)


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A hash as the scripts show it (`show` in prelude.lua): values are Redis' bytes, or None for a field that is missing."""

    record: bytes
    status: bytes
    attempt: bytes
    tries: bytes
    worker: Value
    lease_us: Value
    started_us: Value
    completed_us: Value
    expires_us: Value
    limit: Value

    @classmethod
    def shown(cls, values: Sequence[Value]) -> StoredJob | None:
        """What a script showed; None if there is no such job."""
        record, status, attempt, tries, *others = values
        if record is None and status is None:
            return None
        if record is None or status is None or attempt is None or tries is None:
            raise StorageUnavailable("A stored job lost some of its fields; restore Redis, and set it to noeviction.")
        return cls(record, status, attempt, tries, *others)

    def job(self) -> SynthesisJob:
        """The job. Raises `StorageUnavailable` for a record that this program does not know."""
        record = load_job(self.record)
        status = JobStatus(self.status.decode())
        if status is JobStatus.PROCESSING:
            return self._with_fields(record, status, _moment(self.lease_us))
        if status is record.status or status is JobStatus.COMPLETED:
            return record
        before = self._with_fields(record, JobStatus.QUEUED, None)
        now, keep = self._end()
        if status is JobStatus.CANCELLED:
            return before.cancelled(now, keep)
        if self.limit is None:
            raise StorageUnavailable(f"The stored job {record.id!r} is {status.value} and does not say why.")
        return transitions.taken(before, "", now, keep, max_tries=int(self.limit), keep=keep)

    def _with_fields(self, record: SynthesisJob, status: JobStatus, lease_until: datetime | None) -> SynthesisJob:
        worker = None if self.worker is None else as_text(self.worker[1:])
        return replace(record, status=status, attempt=int(self.attempt), tries=int(self.tries), worker=worker,
                       lease_until=lease_until, started_at=_moment(self.started_us))  # fmt: skip

    def _end(self) -> tuple[datetime, timedelta]:
        completed, expires = int(self.completed_us or 0), int(self.expires_us or 0)
        return from_us(completed), (expires - completed) * _MICROSECOND


def _moment(field: Value) -> datetime | None:
    return None if field is None else from_us(int(field))
