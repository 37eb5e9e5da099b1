"""Convert a claimed job's recording."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.job import JobResult
from voicecore.ports import AudioCodec, BlobStore, Catalog, EngineHost, Relay
from voicecore.usecases.job_watch import JobWatch


@dataclass(frozen=True, slots=True)
class RunConversion:
    """One attempt. There is no plain voice to fall back to: it converts, or it fails.

    Attributes:
        relay: gets the sound as it is made, while somebody follows the job; None where nobody can.
    """

    blobs: BlobStore
    catalog: Catalog
    codec: AudioCodec
    relay: Relay | None = None

    def __call__(self, watch: JobWatch, host: EngineHost) -> JobResult:
        """What the attempt made; its blobs are written, the job is not yet finished."""
        raise NotImplementedError
