"""Which segments of the text a follower has heard to their end, and when each of them is in the sound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from voicecore.job import JobId
from voicecore.ports import BlobStore
from voicecore.text.segment import Segment
from voicecore.timing import NO_TIMES, WordTimes, place
from voicecore.usecases.kept_sound import read_plan
from voicecore.usecases.segment_cache import SegmentCache


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """Characters start..end of the text, and seconds in the sound; the pause at its end is part of it."""

    index: int
    start: int
    end: int
    start_s: float
    end_s: float
    pause_s: float


class HeardSegments:
    """Tells every segment once, in order: while the job runs by what lies in the cache, at its end by the manifest."""

    def __init__(self, blobs: BlobStore, cache: SegmentCache, job_id: JobId) -> None:
        self._blobs, self._cache, self._job_id = blobs, cache, job_id
        self._next, self._begin = 0, 0

    def until(self, place: int, voice: str, sample_rate_hz: int) -> Iterator[HeardSegment]:
        """Those that end at or before sample `place`, and were not told yet.

        Args:
            voice: id of the model that the sound is converted with; empty for the plain one.
            sample_rate_hz: of the sound.
        """
        if place <= self._begin or (plan := read_plan(self._blobs, self._job_id)) is None:
            return
        for row in plan.segments[self._next :]:
            length = self._cache.length(row.key) if not voice else self._converted_length(row.converted)
            if length is None:
                return
            end = self._begin + length + round(row.pause_s * sample_rate_hz)
            if end > place:
                return
            yield HeardSegment(
                self._next, row.start, row.end, round(self._begin / sample_rate_hz, 4), round(end / sample_rate_hz, 4),
                round(row.pause_s, 4),
            )  # fmt: skip
            self._next, self._begin = self._next + 1, end

    def words(self, segment: HeardSegment, text: str, voice: str) -> WordTimes:
        """The words of one that was told while the job runs, in characters of `text` and seconds of the sound; none where
        they are not known (any more).
        """
        plan = read_plan(self._blobs, self._job_id)
        row = plan.segments[segment.index] if plan is not None and segment.index < len(plan.segments) else None
        if row is None or not row.text:
            return NO_TIMES
        converted = self._cache.recall_converted(row.converted) if voice and row.converted else None
        kept = self._cache.recall(row.key) if not voice else converted and converted[0]
        if kept is None:
            return NO_TIMES
        spoken = Segment(segment.index, row.start, row.end, row.text, segment.pause_s)
        return place(kept.times, spoken, text, start_s=segment.start_s, end_s=segment.end_s - segment.pause_s)

    def rest(self, manifest_key: str) -> Iterator[HeardSegment]:
        """Those of a finished sound that were not told yet. Raises `NotFound` if it was deleted."""
        with self._blobs.open(manifest_key) as reader:
            rows = json.loads(reader.read())["segments"]
        for row in rows[self._next :]:
            yield HeardSegment(
                row["index"], row["start"], row["end"], row["start_s"], row["end_s"], row["pause_s"]
            )  # fmt: skip
        self._next = max(self._next, len(rows))

    def _converted_length(self, key: str) -> int | None:
        found = self._cache.recall_converted(key) if key else None
        return None if found is None else len(found[0].samples)
