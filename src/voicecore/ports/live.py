"""Live sound of running jobs."""

from __future__ import annotations

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
        samples: float32, shape (n,), in [-1, 1].
        sample_rate_hz: of the samples.
        voice: id of the model that the speech was converted with; empty where it was not. Another voice (or rate) than
            before tells that a conversion was given up or, in another attempt, worked. What was heard before is no part of
            the audio then, and places count anew: a follower whose listener cannot start over ends there, and points to what
            is finished.
        attempt: which attempt says it. What an older one than the newest heard says is void: its worker lost the job.
    """

    start: int
    samples: Samples
    sample_rate_hz: int
    voice: str = ""
    attempt: int = 0


class Ear(Protocol):
    """One follower of one job. Used by one thread at a time. Who lets it go without closing it is forgotten, too."""

    @property
    def over(self) -> bool:
        """Whether nothing comes any more: everything was heard up to the end of the job, or ear or relay were closed."""

    def hear(self, timeout_s: float) -> LiveChunk | None:
        """The next chunk that was published since the ear was there, in order, and at once if there is one; None if none
        comes within `timeout_s`, or at once if it is over.
        """

    def close(self) -> None:
        """Stop listening. Idempotent, and from any thread: one that waits in `hear` comes back soon."""


class Relay(Protocol):
    """Live sound of running jobs for whoever follows. It may lose chunks, which their `start` shows, but never invents any.

    What is over is in the blobs; only what is being made goes through here.
    """

    def followed(self, job_id: JobId) -> bool:
        """Whether anybody follows the job now, so that nothing is sent for nobody. Cheap enough for every chunk."""

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        """Pass a chunk on to those who follow the job. Never raises for want of a connection: the blobs have it all."""

    def end(self, job_id: JobId) -> None:
        """The job is over: its followers' ears are over once they heard what was published."""

    def follow(self, job_id: JobId) -> Ear:
        """An ear for what is published from now on; the job need not be there yet.

        A slow one loses the oldest chunks, so that its memory is bounded.
        """

    def close(self) -> None:
        """Give back connections. Idempotent."""
