"""When the words of a text are heard.

An engine tells the times of an utterance's words in `WordTimes`: characters of the text it was given, seconds from its first
sample. `place` moves them to the whole text and the whole audio. Where nobody knows the words, a segment's own beginning and
end are known; `characters` fills in what lies between, for every character.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voicecore.errors import require
from voicecore.text.segment import Segment
from voicecore.text.spoken import unspaced

#: Of writing that puts no blanks between words, besides Han and kana: Thai, Lao, Myanmar, Khmer.
_UNBROKEN = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
#: Rounding of seconds in what is stored and answered: a tenth of a millisecond.
_DIGITS = 4


class TimeSource(StrEnum):
    """Where times come from.

    `durations`: the network's own, exact to its frame. `attention`: an alignment found afterwards, an estimate. `segment`: only
    the beginning and the end of the segment are known.
    """

    DURATIONS = "durations"
    ATTENTION = "attention"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class WordTiming:
    """A word, or several that are said as one thing (`R$ 1.200,50`): characters `start` to `end`, heard from `start_s` to `end_s`."""

    start: int
    end: int
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        require(0 <= self.start < self.end, f"A word cannot lie at the characters {self.start} to {self.end}.")
        require(
            0 <= self.start_s <= self.end_s < math.inf, f"A word cannot be heard from {self.start_s} to {self.end_s} s."
        )


@dataclass(frozen=True, slots=True)
class WordTimes:
    """The words of an utterance, a segment or a text, in order: none overlaps another, in characters or in time.

    Attributes:
        words: none exactly where the source is `segment`.
        source: where their times come from.
    """

    words: tuple[WordTiming, ...] = ()
    source: TimeSource = TimeSource.SEGMENT

    def __post_init__(self) -> None:
        require(bool(self.words) == (self.source is not TimeSource.SEGMENT), "Words and their source come together.")
        for one, other in zip(self.words, self.words[1:], strict=False):
            in_order = one.end <= other.start and one.end_s <= other.start_s
            require(in_order, f"The words at the characters {one.start} and {other.start} are not in order.")

    @property
    def estimated(self) -> bool:
        """Whether the words' times are a guess rather than what the network went by."""
        return self.source is not TimeSource.DURATIONS

    def document(self) -> dict[str, Any]:
        """As JSON: `{"source": …, "words": [[start, end, start_s, end_s], …]}`; empty where no word is known."""
        if not self.words:
            return {}
        rows = [[w.start, w.end, round(w.start_s, _DIGITS), round(w.end_s, _DIGITS)] for w in self.words]
        return {"source": self.source.value, "words": rows}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> WordTimes:
        """The inverse of `document`, of any JSON object that holds it. Raises `InvalidInput`, `TypeError`, `ValueError`."""
        words = tuple(WordTiming(*row) for row in document.get("words", ()))
        return cls(words, TimeSource(document.get("source", TimeSource.SEGMENT)))


#: Of a segment whose words nobody knows.
NO_TIMES = WordTimes()


def word_times(words: Sequence[WordTiming], source: TimeSource) -> WordTimes:
    """`WordTimes` of these words; where there is none, `NO_TIMES`."""
    return WordTimes(tuple(words), source) if words else NO_TIMES


def words_of(text: str) -> Iterator[tuple[int, int]]:
    """First and after-last character of each word: runs without a blank or a dash, without the punctuation around them.

    In writing without blanks between words (Han, kana, Thai, Lao, Myanmar, Khmer) each letter with its marks is one.
    """
    start, end, whole = -1, -1, False
    for at, character in enumerate(text):
        kind = unicodedata.category(character)
        counts = kind[0] in "LNS"
        alone = counts and _alone(character)
        if start >= 0 and (_parts(character, kind) or alone or (whole and counts)):
            yield start, end
            start = -1
        if counts and start < 0:
            start, whole = at, alone
        if start >= 0 and (counts or kind[0] == "M"):
            end = at + 1
    if start >= 0:
        yield start, end


def _parts(character: str, kind: str) -> bool:
    """Whether it stands between words: a blank, a dash (not a hyphen), an ellipsis."""
    return character.isspace() or (kind == "Pd" and character not in "-\u2010\u2011") or character == "…"


def _alone(character: str) -> bool:
    return unspaced(character) or any(first <= character <= last for first, last in _UNBROKEN)


def place(times: WordTimes, segment: Segment, text: str, *, start_s: float = 0.0, end_s: float = math.inf) -> WordTimes:
    """Times of a segment's words, moved to the text that it is a part of, and to the audio where it begins at `start_s`.

    Args:
        times: characters of `segment.text`, seconds from its first sample.
        text: what was split into segments.
        end_s: where the segment's speech ends in the audio; no word is heard after it.
    """
    if not times.words:
        return NO_TIMES
    where = _origins(segment, text)
    words = [
        WordTiming(
            where[word.start],
            where[word.end - 1] + 1,
            min(start_s + word.start_s, end_s),
            min(start_s + word.end_s, end_s),
        )
        for word in times.words
        if word.end <= len(where)
    ]
    return word_times(words, times.source)


def _origins(segment: Segment, text: str) -> list[int]:
    """Place in `text` of each character of `segment.text`, whose blanks are not as they were and whose ornaments are left out.

    There are as many letters and digits in the segment's text as in its span, so there is but one way to lay it there.
    """
    solid = [at for at in range(segment.start, segment.end) if not text[at].isspace()]
    written = "".join(text[at] for at in solid)
    said = "".join(segment.text.split())
    at = max(0, written.find(said))
    origins: list[int] = []
    for character in segment.text:
        if character.isspace():
            origins.append(origins[-1] if origins else segment.start)
        else:
            origins.append(solid[at])
            at += 1
    return origins


def characters(
    words: Sequence[WordTiming], text: str, *, start_s: float | None = None, end_s: float | None = None
) -> tuple[list[float], list[float]]:
    """When each character of `text` begins and ends, in seconds: two lists of `len(text)`, in order and without overlap.

    Time is shared evenly inside a word, and between two words by the characters that stand there; where none does it is silence.
    Without words the whole time is shared among all characters.

    Args:
        words: in order, within `text`.
        start_s, end_s: when the text is begun and done; left out, that of the first and the last word.

    Raises:
        InvalidInput: where there are neither words nor both times, or a word lies beyond the text.
    """
    first = start_s if start_s is not None else (words[0].start_s if words else None)
    last = end_s if end_s is not None else (words[-1].end_s if words else None)
    require(first is not None and last is not None, "Give the times of words, or of the whole text.")
    require(all(word.end <= len(text) for word in words), "A word lies beyond the text.")
    starts: list[float] = []
    ends: list[float] = []
    clock = float(first or 0.0)
    for word in words:
        begun = clock
        _spread(starts, ends, word.start - len(starts), begun, max(begun, word.start_s))
        clock = max(begun, word.end_s)
        _spread(starts, ends, word.end - word.start, max(begun, min(word.start_s, clock)), clock)
    _spread(starts, ends, len(text) - len(starts), clock, max(clock, float(last or 0.0)))
    return starts, ends


def _spread(starts: list[float], ends: list[float], count: int, begin: float, end: float) -> None:
    """Add `count` characters that share the time from `begin` to `end`."""
    edges = [begin + (end - begin) * each / count for each in range(count)] + [end] if count > 0 else []
    starts += edges[:-1]
    ends += edges[1:]
