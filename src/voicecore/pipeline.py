"""Segments in, sound out, in order. A pure generator: what is cached and kept is the caller's business."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from voicecore.audio import Samples, silence
from voicecore.engine import Utterance
from voicecore.errors import EngineFailed
from voicecore.ports import SpeechEngine
from voicecore.text import Segment
from voicecore.timing import NO_TIMES, WordTimes

_NOTHING: Samples = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SpokenChunk:
    """Sound of a segment.

    Attributes:
        samples: float32, shape (n,), in [-1, 1]; the pause after the segment is part of its last chunk.
        last: whether it ends the segment.
        cached: whether it was recalled instead of spoken.
        times: of the segment's words, on its last chunk: characters of `segment.text`, seconds from the segment's first sample;
            `voicecore.timing.place` moves them to the whole text and audio.
    """

    segment: Segment
    samples: Samples
    last: bool
    cached: bool
    times: WordTimes = NO_TIMES


@dataclass(frozen=True, slots=True, eq=False)
class SegmentSound:
    """A whole segment as it was spoken: float32 samples, shape (n,), without its pause; and when its words are heard in it."""

    samples: Samples
    times: WordTimes = NO_TIMES


@dataclass(slots=True)
class _Pending:
    """A segment on its way: its id while admitted, and the chunks that wait for their turn."""

    segment: Segment
    cached: bool
    chunks: deque[Samples] = field(default_factory=deque)
    all_here: bool = False
    times: WordTimes = NO_TIMES


Recall = Callable[[Segment], SegmentSound | None]
Keep = Callable[[Segment, SegmentSound], None]


class _Speaking:
    """One run over the segments: admits ahead as far as the engine's batch allows, hands out in order."""

    def __init__(
        self,
        engine: SpeechEngine,
        segments: Sequence[Segment],
        utter: Callable[[Segment], Utterance],
        recall: Recall,
        keep: Keep,
    ) -> None:
        self._engine, self._utter, self._recall, self._keep = engine, utter, recall, keep
        self._waiting = deque(segments)
        self._line: deque[_Pending] = deque()
        self._admitted: dict[str, _Pending] = {}
        self._spoken: dict[str, list[Samples]] = {}
        self._idle = 0

    def fill(self) -> None:
        """Admit segments until the batch is full. Cached ones take no place in it, but wait in the same short line."""
        batch = self._engine.card.batch_size
        while self._waiting and len(self._admitted) < batch and len(self._line) < 2 * batch:
            segment = self._waiting.popleft()
            kept = self._recall(segment) if segment.text else SegmentSound(_NOTHING)
            pending = _Pending(segment, cached=kept is not None and bool(segment.text))
            self._line.append(pending)
            if kept is not None:
                pending.chunks.append(kept.samples)
                pending.all_here, pending.times = True, kept.times
                continue
            utterance = self._utter(segment)
            self._engine.admit(utterance)
            self._admitted[utterance.id] = pending
            self._spoken[utterance.id] = []

    def step(self) -> None:
        """Let the engine work, and sort what it made to its segments."""
        chunks = self._engine.step()
        if not chunks and self._admitted and not self._line[0].chunks:
            self._idle += 1
            if self._idle > _PATIENCE:
                raise EngineFailed("The engine makes no progress with what it admitted; try again.")
        else:
            self._idle = 0
        for chunk in chunks:
            pending = self._admitted.get(chunk.utterance_id)
            if pending is None:
                continue
            pending.chunks.append(chunk.samples)
            self._spoken[chunk.utterance_id].append(chunk.samples)
            if chunk.last:
                pending.all_here, pending.times = True, chunk.times or NO_TIMES
                del self._admitted[chunk.utterance_id]
                whole = np.concatenate(self._spoken.pop(chunk.utterance_id))
                self._keep(pending.segment, SegmentSound(whole, pending.times))

    def ready(self, sample_rate_hz: int) -> Iterator[SpokenChunk]:
        """What can be handed out now, in order."""
        while self._line:
            head = self._line[0]
            while head.chunks:
                samples = head.chunks.popleft()
                last = head.all_here and not head.chunks
                if last and head.segment.pause_after_s:
                    samples = np.concatenate([samples, silence(head.segment.pause_after_s, sample_rate_hz)])
                times = head.times if last else NO_TIMES
                yield SpokenChunk(head.segment, samples, last, head.cached, times)
            if not head.all_here:
                return
            self._line.popleft()

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._line)

    @property
    def engine_busy(self) -> bool:
        return bool(self._admitted)

    def abandon(self) -> None:
        """Drop what is admitted; an engine that died has nothing to drop."""
        for utterance_id in list(self._admitted):
            with suppress(EngineFailed):
                self._engine.drop(utterance_id)


#: Empty steps in a row before an engine counts as stuck. An engine may buffer for a few steps, never for so many.
_PATIENCE = 10_000


def speak(
    engine: SpeechEngine,
    segments: Sequence[Segment],
    utter: Callable[[Segment], Utterance],
    *,
    recall: Recall = lambda _segment: None,
    keep: Keep = lambda _segment, _sound: None,
    look_up: Callable[[], object] = lambda: None,
) -> Generator[SpokenChunk, None, None]:
    """Speak the segments and yield their sound in order, as soon as it is there.

    Args:
        engine: used from the consuming thread only; closing the generator drops what is admitted.
        segments: in order of the text.
        utter: makes the utterance of a segment, with an id that is unique in this engine.
        recall: what was made of a segment before, or None.
        keep: gets each segment that was spoken, whole.
        look_up: called before each step of the engine, of which many may pass before the next sound; what it raises ends the
            run.

    Raises:
        EngineFailed: from the engine, or when it makes no progress.
    """
    run = _Speaking(engine, segments, utter, recall, keep)
    rate = engine.card.sample_rate_hz
    try:
        while run.busy:
            run.fill()
            yield from run.ready(rate)
            if run.engine_busy:
                look_up()
                run.step()
                yield from run.ready(rate)
    finally:
        run.abandon()
