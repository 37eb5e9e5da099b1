"""Live sound of running jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from voicecore.audio import Samples
from voicecore.job import JobId


@dataclass(frozen=True, slots=True, eq=False)
class LiveChunk:
    """Sound of a running job, as it is made.

    Attributes:
        start: place of the first sample in the whole audio, in samples. Since the audio is a function of the request, an
            attempt that begins again says the same chunks of the same places, and a follower drops what it has.
            A chunk of another rate than the one before tells that the voice changed: a conversion was given up (or, in
            another attempt, worked). What was heard before is no part of the audio then, and places count anew: a follower
            whose listener cannot start over ends there, and points to what is finished.
        samples: float32, shape (n,), in [-1, 1].
        sample_rate_hz: of the samples.
    """

    start: int
    samples: Samples
    sample_rate_hz: int


class Relay(Protocol):
    """Live sound of running jobs for whoever follows. It may lose chunks, which their `start` shows, but never invents any.

    What is over is in the blobs; only what is being made goes through here.
    """

    def followed(self, job_id: JobId) -> bool:
        """Whether anybody follows the job now, so that nothing is sent for nobody. Cheap enough for every chunk."""

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        """Pass a chunk on to those who follow the job. Never raises for want of a connection: the blobs have it all."""

    def end(self, job_id: JobId) -> None:
        """The job is over: its followers' iterators end once they have what was published."""

    def follow(self, job_id: JobId, patience_s: float) -> Iterator[LiveChunk]:
        """What is published from now on, in order. Ends with the job, or when nothing came for `patience_s`."""

    def close(self) -> None:
        """Give back connections. Idempotent."""
