"""Convert the segments of a text, one after the other, as they are spoken."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from voicecore.audio import Audio, Samples, silence
from voicecore.errors import EngineFailed, LeaseLost, StorageUnavailable, VoiceCoreError
from voicecore.observer import UNWATCHED, Observer
from voicecore.pipeline import SegmentSound, SpokenChunk
from voicecore.ports import ConversionReport
from voicecore.text import Segment
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.model_voice import ModelVoice
from voicecore.usecases.segment_cache import SegmentCache

_log = logging.getLogger("voicecore.jobs")

_NOTHING: Samples = np.zeros(0, dtype=np.float32)


@dataclass(slots=True)
class ReportSum:
    """What the conversions of all parts said together."""

    index_used: bool | None = None
    reason: str = ""
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, report: ConversionReport) -> None:
        """An index that was used for a part was used."""
        if report.index_used is not None:
            self.index_used = bool(self.index_used) or report.index_used
        self.reason = "" if self.index_used else self.reason or report.reason
        self.notes.update(dict.fromkeys(report.notes))


@dataclass(slots=True)
class ConvertSegments:
    """A stage of the pipeline, between speaking and joining. Memory holds one segment, and recalled ones of a short line.

    Attributes:
        segments: of the text, with their pauses; speaking leaves the pauses to this stage, since they have its rate.
        keys: of the converted segments in the cache, by index.
        words_wanted: whether a segment that was converted before, and whose words nobody told then, is spoken again.
        failure: what kept a segment from being converted, as it was raised; other errors are those of speaking.
        report: of all segments so far.
    """

    voice: ModelVoice
    cache: SegmentCache
    watch: JobWatch
    segments: Sequence[Segment]
    keys: Mapping[int, str]
    plain_rate_hz: int
    words_wanted: bool = False
    failure: VoiceCoreError | None = None
    report: ReportSum = field(default_factory=ReportSum)
    observer: Observer = UNWATCHED
    _recalled: dict[int, SegmentSound] = field(default_factory=dict)

    def recall(self, segment: Segment) -> bool:
        """Whether the segment was converted before; then it need not be spoken."""
        found = self.cache.recall_converted(self.keys[segment.index])
        if found is None or (self.words_wanted and not found[0].times.words):
            return False
        self._recalled[segment.index] = found[0]
        self.report.add(found[1])
        return True

    def __call__(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        """The segments in the other voice, each as one chunk with its pause, at the voice's rate."""
        parts: list[Samples] = []
        pauses = {each.index: each for each in self.segments}
        for chunk in chunks:
            parts.append(chunk.samples)
            if not chunk.last:
                continue
            segment = pauses[chunk.segment.index]
            cached = segment.index in self._recalled
            plain = SegmentSound(np.concatenate(parts), chunk.times)
            sound = self._recalled.pop(segment.index) if cached else self._converted(segment, plain)
            parts.clear()
            pause = silence(segment.pause_after_s, self.voice.sample_rate_hz)
            whole = np.concatenate([sound.samples, pause])
            yield SpokenChunk(segment, whole, last=True, cached=cached, times=sound.times)

    def _converted(self, segment: Segment, plain: SegmentSound) -> SegmentSound:
        """The words are heard when they were: conversion changes no length."""
        if not len(plain.samples):
            return SegmentSound(_NOTHING)
        self.watch.check()
        try:
            with self.observer.tracer.span("convert", index=segment.index):
                samples, report = self.voice(Audio(plain.samples, self.plain_rate_hz))
        except Exception as error:
            self.failure = conversion_failure(error)
            if self.failure is None or self.failure is error:
                raise
            raise self.failure from error
        self.report.add(report)
        converted = SegmentSound(samples, plain.times)
        self.cache.keep_converted(self.keys[segment.index], converted, report)
        return converted


def conversion_failure(error: Exception) -> VoiceCoreError | None:
    """The error that speaks for what a conversion raised; None for what has nothing to do with converting."""
    if isinstance(error, LeaseLost | StorageUnavailable):
        return None
    if isinstance(error, VoiceCoreError):
        return error
    if isinstance(error, MemoryError):
        return EngineFailed("There was not enough memory to convert the voice; shorten the audio or free some memory.")
    # Of ours or of a library. Details belong in the log, not to the client.
    _log.error("a conversion failed unexpectedly", exc_info=error)
    return EngineFailed("The conversion failed by a defect of the service; its log tells more.")
