"""Remove an enrolled voice and everything that could speak with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.errors import Conflict, Gone, NotFound
from voicecore.job import JobId
from voicecore.ports import NO_AUDIT, Act, AuditLog, BlobStore, Catalog, JobStore
from voicecore.usecases.consents import forget_consents
from voicecore.usecases.removal import Removed, remove_all
from voicecore.voice import VoiceProfile


@dataclass(frozen=True, slots=True)
class DeleteVoice:
    """Print, reference, sample, cached segments and the consent that came with it go. Finished audio of jobs stays until those
    jobs expire or are deleted.

    Attributes:
        store: where the job that enrolled the voice is cancelled if it has not ended. Its attempt may have died after it
            listed the voice, and the next attempt would bring the voice back.
        keep: how long such a cancelled job is kept.
    """

    catalog: Catalog
    blobs: BlobStore
    store: JobStore | None = None
    keep: timedelta = timedelta(hours=24)
    audit: AuditLog = NO_AUDIT

    def __call__(self, voice_id: str, caller: Caller = NOBODY) -> int:
        """How many files were deleted. Raises `NotFound`, also for another's voice, and `Forbidden` without the scope `clone`."""
        caller.must(Scope.CLONE)
        voice = self.catalog.voices.get(voice_id)
        if voice is None or not caller.sees(voice.owner):
            raise NotFound(f"There is no voice {voice_id[:80]!r}; GET /voices lists them.")
        self.audit.record(Act(what="voice.delete", who=caller.key_id, objects={"voice_id": voice_id}))
        self._cancel_enrolment(voice)
        return self.remove(voice_id).files

    def remove(self, voice_id: str) -> Removed:
        """Delete it whether it is listed or not, and leave its enrolment alone."""
        # The listing first: a voice that is listed is whole, and blobs that no voice owns are found by PurgeExpired.
        voice = self.catalog.voices.get(voice_id)
        self.catalog.voices.delete(voice_id)
        removed = forget_consents(self.catalog, self.blobs, () if voice is None else voice.consents)
        for prefix in (blobkeys.segment_prefix(voice_id), blobkeys.voice_prefix(voice_id)):
            removed += remove_all(self.blobs, prefix)
        return removed

    def _cancel_enrolment(self, voice: VoiceProfile) -> None:
        if self.store is None or voice.source_job_id is None:
            return
        # It has ended, or is not there any more: nothing can bring the voice back.
        with suppress(Conflict, NotFound, Gone):
            self.store.cancel(JobId(voice.source_job_id), self.keep)
