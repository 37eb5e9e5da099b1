"""Remove a conversion model and what was made with it and kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.errors import Conflict
from voicecore.job import JobStatus, SynthesisJob
from voicecore.ports import NO_AUDIT, Act, AuditLog, BlobStore, Catalog, JobStore
from voicecore.usecases.converters import find_model
from voicecore.usecases.removal import Removed, remove, remove_all
from voicecore.usecases.waiting_jobs import jobs_in

_log = logging.getLogger("voicecore.models")


@dataclass(frozen=True, slots=True)
class DeleteModel:
    """Its weights, its index and cached segments go. Finished audio of jobs stays until those jobs expire or are deleted."""

    catalog: Catalog
    blobs: BlobStore
    store: JobStore
    audit: AuditLog = NO_AUDIT

    def __call__(self, model_id: str, caller: Caller = NOBODY) -> int:
        """How many files were deleted.

        Raises:
            Forbidden: without the scope `admin`.
            NotFound: there is no such model.
            Conflict: a job that waits or runs uses it.
        """
        caller.must(Scope.ADMIN)
        model = find_model(self.catalog, model_id)
        using = self.job_using(model_id)
        if using is not None:
            raise Conflict(
                f"The conversion model {model.name!r} is used by job {using.id}, which is {using.status.value}: wait for its "
                "end, or cancel it first."
            )
        self.audit.record(Act(what="model.delete", who=caller.key_id, objects={"model_id": model_id}))
        # The listing first: a model that is listed is whole, and blobs that no model owns are found by PurgeExpired.
        self.catalog.models.delete(model_id)
        removed = remove_all(self.blobs, blobkeys.model_prefix(model_id)) + self._forget_segments(model_id)
        _log.info("conversion model %s was deleted: %d files", model_id, removed.files)
        return removed.files

    def job_using(self, model_id: str) -> SynthesisJob | None:
        """A job that waits or runs and names the model, or None."""
        jobs = (job for status in (JobStatus.PROCESSING, JobStatus.QUEUED) for job in jobs_in(self.store, status))
        return next((job for job in jobs if job.conversion is not None and job.conversion.model_id == model_id), None)

    def _forget_segments(self, model_id: str) -> Removed:
        everything = self.blobs.list(blobkeys.SEGMENTS)
        return remove(self.blobs, (stat for stat in everything if blobkeys.is_converted_by(stat.key, model_id)))
