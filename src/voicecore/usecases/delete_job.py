"""Remove a job and every trace of its audio."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.errors import BlobCorrupt, Conflict, NotFound
from voicecore.job import JobId, SynthesisJob
from voicecore.limits import Limits
from voicecore.ports import BlobStore, JobStore
from voicecore.usecases.removal import Removed, remove, remove_all


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Cancels a running job first. A voice that the job enrolled stays."""

    store: JobStore
    blobs: BlobStore
    limits: Limits

    def __call__(self, job_id: JobId) -> int:
        """How many files were deleted. Raises `NotFound`, `Gone`."""
        job = self.store.get(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id[:80]!r}; GET /jobs lists them.")
        if not job.status.finished:
            # It may end between the look and the call, which is as good.
            with suppress(Conflict):
                self.store.cancel(job_id, self.limits.keep_jobs)
        deleted = self.delete_blobs(job_id)
        self.store.delete(job_id)
        # Again: an attempt that had not seen the cancellation yet may have written meanwhile.
        return (deleted + self.delete_blobs(job_id)).files

    def expire(self, job: SynthesisJob) -> Removed:
        """As deletion, but the id is remembered as expired. Audio goes first, so that a crash leaves no orphan."""
        deleted = self.delete_blobs(job.id)
        self.store.delete(job.id, tombstone=True)
        return deleted

    def delete_blobs(self, job_id: str) -> Removed:
        """Delete the job's cached segments, results and uploads."""
        # Cached segments go too, even if another job has the same sentence: it will make it again.
        removed = remove(self.blobs, (self.blobs.stat(key) for key in self._planned(job_id)))
        for prefix in (blobkeys.job_prefix(job_id), blobkeys.upload_prefix(job_id)):
            removed += remove_all(self.blobs, prefix)
        return removed

    def _planned(self, job_id: str) -> list[str]:
        try:
            with self.blobs.open(blobkeys.plan(job_id)) as reader:
                return [str(each["key"]) for each in json.loads(reader.read())["segments"]]
        except (NotFound, BlobCorrupt):
            return []
