"""One follower of one job, who gets its sound whole, whatever the relay loses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from voicecore.audio import Samples
from voicecore.errors import Conflict, Draining, NotFound, StorageUnavailable, VoiceChanged, VoiceCoreError
from voicecore.job import JobId, JobResult, JobStatus, SynthesisJob
from voicecore.ports import BlobStore, Ear, LiveChunk
from voicecore.timed_text import TimedSegment
from voicecore.usecases.audience import Audience
from voicecore.usecases.heard_segments import HeardSegment, HeardSegments
from voicecore.usecases.kept_sound import KeptSegments, master_samples
from voicecore.usecases.segment_cache import SegmentCache

_log = logging.getLogger("voicecore.jobs")

#: A follower looks around at least so often.
TICK_S = 0.25
#: And at the store, while the relay is silent: it says by itself when the job is over, and may lose that.
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a follower finds what the relay did not bring.

    Attributes:
        look: the job as it is now; raises what ended it, if it ended without sound.
        cancel: calls the job off.
        audience: who else follows it.
    """

    blobs: BlobStore
    cache: SegmentCache
    look: Callable[[JobId], SynthesisJob]
    cancel: Callable[[JobId], object]
    audience: Audience


class Listening:
    """One follower of one job: an iterator of its sound, with a None whenever nothing came for a moment (`TICK_S`).

    Used by one thread at a time. Close it, or use it as a context manager: whoever goes away early, as the last one who follows
    the job in this process, has it cancelled, unless it shall be kept.

    Attributes:
        keep: whether it shall; None leaves that to those who left before.
        job: as it was last seen.
        given: samples so far.
        heard_all: whether the sound was given to its end.
    """

    def __init__(self, sources: Sources, job: SynthesisJob, ear: Ear, *, keep: bool | None) -> None:
        self.job = job
        self.given = 0
        self.heard_all = False
        self.keep = keep
        self._from, self._ear = sources, ear
        self._kept = KeptSegments(sources.blobs, sources.cache, job.id)
        self._segments_told = HeardSegments(sources.blobs, sources.cache, job.id)
        #: Voice and rate of what was given; the rate is 0 while nobody knows it.
        self._voice, self._rate_hz, self._attempt = "", 0, 0
        self._looked_at = time.monotonic()
        self._closed = False
        self._sound = self._all()
        sources.audience.join(self)

    @property
    def sample_rate_hz(self) -> int:
        """Of what was given; 0 before the first chunk."""
        return self._rate_hz if self.given else 0

    def ended_segments(self) -> list[HeardSegment]:
        """Segments of the text that were given to their end and not told yet; at the end of the sound all of them were told."""
        if self.heard_all and self.job.result is not None and self.job.result.manifest_key is not None:
            return list(self._segments_told.rest(self.job.result.manifest_key))
        return list(self._segments_told.until(self.given, self._voice, self._rate_hz)) if self.given else []

    def timed(self, segments: Sequence[HeardSegment], text: str) -> list[TimedSegment]:
        """These segments of `text` with the times of their words, as far as they are known now."""
        return [
            TimedSegment(
                each.start, each.end, each.start_s, max(each.start_s, each.end_s - each.pause_s),
                self._segments_told.words(each, text, self._voice),
            )
            for each in segments
        ]  # fmt: skip

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LiveChunk | None:
        try:
            return next(self._sound)
        finally:
            if self._closed:
                self._sound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more; a job that nobody listens to then, and nobody wants to be kept, is cancelled. Never raises.

        Idempotent, and from any thread.
        """
        if self._closed:
            return
        self._closed = True
        self._ear.close()
        # With it goes what it reads from, which would wait for the garbage collector. Another thread that is in it closes it behind
        # itself.
        with suppress(ValueError):
            self._sound.close()
        if not self._from.audience.leave(self, heard_all=self.heard_all):
            return
        try:
            self._from.cancel(self.job.id)
        except (Conflict, NotFound):
            return  # it ended by itself
        except VoiceCoreError as error:
            _log.warning("job %s goes on though its follower left: %s", self.job.id, error.message)
        else:
            _log.info("job %s is cancelled: its last follower left", self.job.id)

    # --- the sound --------------------------------------------------------------------------------------
    def _all(self) -> Generator[LiveChunk | None]:
        if self.job.attempt or self.job.status is not JobStatus.QUEUED:
            yield from self._finished()
        while not self.heard_all:
            chunk = self._ear.hear(TICK_S)
            if chunk is not None:
                yield from self._live(chunk)
                continue
            if self._closed:
                return
            if self._ear.over or time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
                yield from self._finished()
            if not self.heard_all:
                yield None

    def _finished(self) -> Iterator[LiveChunk]:
        """What lies in blobs and was not given yet."""
        self._looked_at = time.monotonic()
        try:
            self.job = self._from.look(self.job.id)
        except StorageUnavailable:
            # Short outages are for the relay to bridge; whoever is impatient ends it.
            if self._ear.over:
                raise
            return
        if self.job.result is not None:
            yield from self._master(self.job.result)
        elif self._ear.over:
            raise Draining  # its end would have been stored: the relay was closed
        else:
            yield from self._segments()

    def _live(self, chunk: LiveChunk) -> Iterator[LiveChunk]:
        if chunk.attempt < self._attempt:
            return
        self._attempt = chunk.attempt
        self._is_now(chunk.voice, chunk.sample_rate_hz)
        if chunk.start > self.given:
            yield from self._segments()
        # What still lies behind a gap is given when it is finished.
        if chunk.start <= self.given and len(fresh := chunk.samples[self.given - chunk.start :]):
            yield self._chunk(fresh)

    def _segments(self) -> Iterator[LiveChunk]:
        if not self._rate_hz:
            # Of a job that converts, only what is heard tells whether it still does.
            rate_hz = None if self.job.conversion is not None else self._kept.plain_rate_hz
            if rate_hz is None:
                return
            self._is_now("", rate_hz)
        for samples in self._kept.after(self.given, self._voice, self._rate_hz):
            if len(samples):
                yield self._chunk(samples)

    def _master(self, result: JobResult) -> Iterator[LiveChunk]:
        if result.audio_key is None:
            raise Conflict(f"Job {self.job.id} has no sound.")
        converted = self.job.conversion if result.conversion_applied else None
        self._is_now("" if converted is None else converted.model_id, result.sample_rate_hz)
        total = round(result.duration_s * result.sample_rate_hz)
        if self.given > total:
            raise VoiceChanged
        if self.given < total:
            for samples in master_samples(self._from.blobs, result.audio_key, self.given):
                yield self._chunk(samples)
        self.heard_all = True

    def _is_now(self, voice: str, rate_hz: int) -> None:
        if self.given and (voice, rate_hz) != (self._voice, self._rate_hz):
            raise VoiceChanged(
                f"The voice of job {self.job.id} changed after its sound had begun (a conversion was given up), so what was "
                "heard is void: download the finished audio."
            )
        self._voice, self._rate_hz = voice, rate_hz

    def _chunk(self, samples: Samples) -> LiveChunk:
        chunk = LiveChunk(self.given, samples, self._rate_hz, self._voice, self._attempt)
        self.given += len(samples)
        return chunk
