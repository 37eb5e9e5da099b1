"""What is told of an attempt's sound on its way: when the first of it is there, and the time of each of its stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from voicecore.audio import Samples
from voicecore.engine import Utterance
from voicecore.observer import Observer
from voicecore.pipeline import Keep, SegmentSound
from voicecore.ports.watching import Span
from voicecore.text import Segment
from voicecore.usecases.job_watch import JobWatch

Utter = Callable[[Segment], Utterance]


class SoundWatch:
    """Beside one attempt. Spans: `segment`, from its admission to the engine to its last sample, so several at once where the
    engine batches; `encode`, from the first sound to the stored file. All of them end with `close`.
    """

    def __init__(self, observer: Observer, watch: JobWatch) -> None:
        self._observer, self._watch = observer, watch
        self._heard = False
        self._segments: dict[int, Span] = {}
        self._encoding: Span | None = None

    def uttering(self, utter: Utter) -> Utter:
        """`utter`, with a span that begins at each segment."""

        def begin(segment: Segment) -> Utterance:
            span = self._observer.tracer.start("segment", index=segment.index, characters=segment.end - segment.start)
            self._segments[segment.index] = span
            return utter(segment)

        return begin

    def keeping(self, keep: Keep) -> Keep:
        """`keep`, with the end of the segment's span."""

        def end(segment: Segment, sound: SegmentSound) -> None:
            span = self._segments.pop(segment.index, None)
            if span is not None:
                span.note(samples=len(sound.samples))
                span.end()
            keep(segment, sound)

        return end

    def passing(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """The blocks on their way to the encoder."""
        for block in blocks:
            if len(block):
                self._first()
            yield block

    def _first(self) -> None:
        if self._encoding is None:
            self._encoding = self._observer.tracer.start("encode", format="wav")
        if not self._heard:
            self._heard = True
            job = self._watch.job
            self._observer.first_audio(job, (self._watch.store_now() - job.created_at).total_seconds())

    def close(self) -> None:
        """What was begun is over, well or not. More may follow, where the voice falls back."""
        for span in self._segments.values():
            span.fail("given_up")
            span.end()
        self._segments.clear()
        if self._encoding is not None:
            self._encoding.end()
            self._encoding = None
