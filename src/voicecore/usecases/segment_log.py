"""What became of the segments of a text, on their way into the finished audio."""

from __future__ import annotations

from collections.abc import Iterator

from voicecore.audio import Samples
from voicecore.job import SegmentCount
from voicecore.pipeline import SpokenChunk
from voicecore.timing import place
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.live_sound import LiveSound


class SegmentLog:
    """Passes samples on, and writes down where each segment begins and ends."""

    def __init__(self, watch: JobWatch, text: str, total: int, sample_rate_hz: int, live: LiveSound) -> None:
        """`text`: of the whole job, in which segments and words are told to lie."""
        self._watch, self._text, self._total, self._live = watch, text, total, live
        self.sample_rate_hz = sample_rate_hz
        self.samples = 0
        self.rows: list[dict[str, object]] = []
        self._cached = 0
        self._begin = 0

    def samples_of(self, chunks: Iterator[SpokenChunk]) -> Iterator[Samples]:
        """The sound of the chunks. Raises `LeaseLost` if the attempt must stop."""
        for chunk in chunks:
            self._watch.check()
            self._live.publish(self.samples, chunk.samples)
            self.samples += len(chunk.samples)
            if chunk.last:
                self._close(chunk)
            yield chunk.samples

    def _close(self, chunk: SpokenChunk) -> None:
        segment, rate = chunk.segment, self.sample_rate_hz
        self._cached += chunk.cached
        start_s, end_s = self._begin / rate, self.samples / rate
        words = place(chunk.times, segment, self._text, start_s=start_s, end_s=end_s - segment.pause_after_s)
        self.rows.append({
            "index": segment.index, "start": segment.start, "end": segment.end, "cached": chunk.cached,
            "start_s": round(start_s, 4), "end_s": round(end_s, 4), "pause_s": round(segment.pause_after_s, 4),
            **words.document(),
        })  # fmt: skip
        self._begin = self.samples
        done = len(self.rows)
        self._watch.progress(SegmentCount(self._total, done, self._cached), f"segment {done} of {self._total}")
