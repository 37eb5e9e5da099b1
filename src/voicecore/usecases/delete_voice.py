"""Remove an enrolled voice and everything that could speak with it."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.errors import NotFound
from voicecore.ports import BlobStore, Catalog
from voicecore.usecases.removal import Removed, remove_all


@dataclass(frozen=True, slots=True)
class DeleteVoice:
    """Print, reference, sample and cached segments go. Finished audio of jobs stays until those jobs expire or are deleted."""

    catalog: Catalog
    blobs: BlobStore

    def __call__(self, voice_id: str) -> int:
        """How many files were deleted. Raises `NotFound`."""
        if self.catalog.voices.get(voice_id) is None:
            raise NotFound(f"There is no voice {voice_id[:80]!r}; GET /voices lists them.")
        # Blobs first: after a crash the profile is still there and can be deleted again.
        removed = Removed()
        for prefix in (blobkeys.segment_prefix(voice_id), blobkeys.voice_prefix(voice_id)):
            removed += remove_all(self.blobs, prefix)
        self.catalog.voices.delete(voice_id)
        return removed.files
