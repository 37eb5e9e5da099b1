"""A spoken text with the times of its segments and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from voicecore.errors import require
from voicecore.timing import NO_TIMES, TimeSource, WordTimes, characters


@dataclass(frozen=True, slots=True)
class TimedSegment:
    """A segment in the audio.

    Attributes:
        start, end: its characters in the text.
        start_s, end_s: when its first sample is heard, and its last; the pause after it not counted.
        times: of its words, in characters of the text and seconds of the audio.
    """

    start: int
    end: int
    start_s: float
    end_s: float
    times: WordTimes = NO_TIMES

    def __post_init__(self) -> None:
        require(0 <= self.start <= self.end, f"A segment cannot lie at the characters {self.start} to {self.end}.")
        require(0 <= self.start_s <= self.end_s, f"A segment cannot be heard from {self.start_s} to {self.end_s} s.")

    def characters(self, text: str) -> tuple[list[float], list[float]]:
        """When each of its characters of `text`, the whole one, begins and ends; see `TimedText.characters`."""
        words = [replace(w, start=w.start - self.start, end=w.end - self.start) for w in self.times.words]
        return characters(words, text[self.start : self.end], start_s=self.start_s, end_s=self.end_s)


@dataclass(frozen=True, slots=True)
class TimedText:
    """A text and its segments, whose characters are together all of it, in order."""

    text: str
    segments: tuple[TimedSegment, ...]

    def __post_init__(self) -> None:
        edges = [0, *(each.end for each in self.segments)]
        whole = [each.start for each in self.segments] == edges[:-1] and edges[-1] == len(self.text)
        require(whole, "The segments are not the whole text.")

    @classmethod
    def of_manifest(cls, text: str, rows: Iterable[Mapping[str, Any]]) -> TimedText:
        """The text of a job, and the rows of its manifest. Raises `InvalidInput`, `ValueError`, `TypeError`, `KeyError`."""
        segments = tuple(
            TimedSegment(
                row["start"], row["end"], row["start_s"],
                max(row["start_s"], row["end_s"] - row["pause_s"]), WordTimes.of_document(row),
            )
            for row in rows
        )  # fmt: skip
        return cls(text, segments)

    @property
    def sources(self) -> tuple[TimeSource, ...]:
        """Where the times of its segments come from, each source once, in the order of `TimeSource`."""
        found = {each.times.source for each in self.segments}
        return tuple(source for source in TimeSource if source in found)

    def characters(self) -> tuple[list[float], list[float]]:
        """When each character begins and ends, in seconds of the audio, as `voicecore.timing.characters` has it.

        Where a segment's words are not known, its time is shared among its characters.
        """
        starts: list[float] = []
        ends: list[float] = []
        for segment in self.segments:
            begun, done = segment.characters(self.text)
            starts += begun
            ends += done
        return starts, ends
