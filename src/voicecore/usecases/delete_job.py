"""Remove a job and every trace of its audio."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller
from voicecore.errors import Conflict, NotFound
from voicecore.job import JobId, SynthesisJob
from voicecore.limits import Limits
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import NO_AUDIT, Act, AuditLog, BlobStore, JobStore
from voicecore.usecases.planned import planned_keys
from voicecore.usecases.removal import Removed, remove, remove_all


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Cancels a running job first. A voice that the job enrolled stays.

    The record goes last: whatever kills this between two steps, the job is still there, to be deleted again or to expire.
    The plan goes after the segments that it names. Any number of processes may do this at once.
    """

    store: JobStore
    blobs: BlobStore
    limits: Limits
    observer: Observer = UNWATCHED
    audit: AuditLog = NO_AUDIT

    def __call__(self, job_id: JobId, caller: Caller = NOBODY) -> int:
        """How many files were deleted. Raises `NotFound`, also for another's job, and `Gone`."""
        job = self.store.get(job_id)
        if job is None or not caller.sees(job.owner):
            raise NotFound(f"There is no job {job_id[:80]!r}; GET /jobs lists them.")
        self.audit.record(Act(what="job.delete", who=caller.key_id, objects={"job_id": job_id}))
        if not job.status.finished:
            # It may end between the look and the call, which is as good.
            with suppress(Conflict):
                self.store.cancel(job_id, self.limits.keep_jobs)
                self.observer.cancelled(job)
        planned = planned_keys(self.blobs, job_id)
        deleted = self.delete_blobs(job_id)
        self.store.delete(job_id)
        # Again: an attempt that had not seen the cancellation yet may have written meanwhile.
        return (deleted + self._delete(job_id, planned | planned_keys(self.blobs, job_id))).files

    def expire(self, job: SynthesisJob) -> tuple[bool, Removed]:
        """As deletion, but the id is remembered as expired. Whether the job was still there, and what went with it."""
        deleted = self.delete_blobs(job.id)
        return self.store.delete(job.id, tombstone=True), deleted

    def delete_blobs(self, job_id: str) -> Removed:
        """Delete the job's cached segments, results and uploads."""
        return self._delete(job_id, planned_keys(self.blobs, job_id))

    def _delete(self, job_id: str, planned: Iterable[str]) -> Removed:
        # Cached segments go too, even if another job has the same sentence: it will make it again, just the same.
        removed = remove(self.blobs, (self.blobs.stat(key) for key in sorted(planned)))
        plan = blobkeys.plan(job_id)
        for prefix in (blobkeys.job_prefix(job_id), blobkeys.upload_prefix(job_id)):
            removed += remove(self.blobs, (stat for stat in self.blobs.list(prefix) if stat.key != plan))
        return removed + remove_all(self.blobs, plan)
