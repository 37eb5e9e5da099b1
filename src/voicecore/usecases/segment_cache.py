"""The sound of segments, by what they sound like.

A segment's key is the fingerprint of all that decides its sound. So a job that was killed finds what it had, a text
with one changed sentence has only that one made anew, and no request can be answered with another's voice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicecore import blobkeys
from voicecore.audio import Samples
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import BlobCorrupt, NotFound
from voicecore.ports import BlobStore
from voicecore.request import fingerprint
from voicecore.usecases.removal import Removed, remove


def segment_key(card: EngineCard, utterance: Utterance, voice_name: str, voice_digest: str) -> str:
    """Blob key of the utterance's sound. `voice_name` is the preset's or enrolled voice's id, for deletion by prefix."""
    digest = fingerprint({
        "engine": card.name, "engine_version": card.version, "model": card.model_digest, "rate": card.sample_rate_hz,
        "text": utterance.text, "language": utterance.language, "voice": voice_digest,
        "parameters": utterance.parameters, "seed": utterance.seed,
    })  # fmt: skip
    return blobkeys.segment(voice_name, digest)


@dataclass(frozen=True, slots=True)
class SegmentCache:
    """Segments in the blob store. With a bound of 0 bytes nothing is kept or found."""

    blobs: BlobStore
    max_bytes: int

    def recall(self, key: str) -> Samples | None:
        """float32 samples, shape (n,), or None. A damaged entry is deleted and made again."""
        if self.max_bytes == 0:
            return None
        try:
            with self.blobs.open(key) as reader:
                data = reader.read()
        except NotFound:
            return None
        except BlobCorrupt:
            self.blobs.delete(key)
            return None
        return np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False)

    def keep(self, key: str, samples: Samples) -> None:
        """Store a segment's samples."""
        if self.max_bytes > 0:
            self.blobs.put(key, [np.ascontiguousarray(samples, dtype="<f4").tobytes()])

    def evict(self) -> Removed:
        """Delete the oldest entries until the rest fits the bound.

        A job that misses an evicted segment makes it again, so eviction costs time, never sound.
        """
        entries = sorted(self.blobs.list(blobkeys.SEGMENTS), key=lambda stat: stat.modified_at)
        excess = sum(stat.size for stat in entries) - self.max_bytes
        oldest = []
        for stat in entries:
            if excess <= 0:
                break
            oldest.append(stat)
            excess -= stat.size
        return remove(self.blobs, oldest)
