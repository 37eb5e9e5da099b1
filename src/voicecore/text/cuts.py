# ruff: noqa: RUF001 - punctuation and letters of many scripts are the subject here
"""Where a sentence that is too long is cut.

Every place where it could be cut has a rank; the best place is the one with the least sum of its rank's price and its
distance from the balance point, as a part of the span. So halves come out alike, no one-word tail is left, and a
comma wins over a nearer blank unless the comma is far off.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import IntEnum

from voicecore.language import Language
from voicecore.text.abbreviations import lexicon
from voicecore.text.marks import (
    CLAUSES,
    CLOSERS,
    COMMAS,
    DASHES,
    FULL_CLAUSES,
    FULL_COMMAS,
    OPENERS,
    REVERSED_CLOSERS,
    TERMINATORS,
)
from voicecore.text.segment import Break
from voicecore.text.spoken import SHORT, unspaced, weight

_MARK = re.compile(rf"[{re.escape(CLAUSES + FULL_CLAUSES + COMMAS + FULL_COMMAS + TERMINATORS)}]+")
#: U+200B is the invisible blank of Thai and Khmer.
_BLANK = re.compile(r"[\s\u200b]+")
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_LITTLE_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{1,3}$")
_HIRAGANA = ("\u3041", "\u3096")
#: May not begin a line of Japanese, so they do not begin a segment: small kana, length and repetition marks.
_NOT_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶーゝゞヽヾ々")


class Rank(IntEnum):
    """How good a place is; the smaller, the better."""

    SENTENCE = 0
    CLAUSE = 1
    COMMA = 2
    WORD_GROUP = 3  # before a conjunction
    BLANK = 4
    LOOSE_END = 5  # after a word of up to three letters, mostly an article or a preposition
    TIGHT = 6  # between two Han characters, inside "10 000" or "Dr. Silva"
    GRAPHEME = 7  # inside a word


#: Price of each rank, in parts of the span's length (a cut is at most 0.5 off balance). A blank in the middle (0.34)
#: beats a comma (0.10) that leaves less than a quarter on one side; any blank beats a cut inside a word.
_PRICE = {
    Rank.SENTENCE: 0.0,
    Rank.CLAUSE: 0.05,
    Rank.COMMA: 0.10,
    Rank.WORD_GROUP: 0.20,
    Rank.BLANK: 0.34,
    Rank.LOOSE_END: 0.42,
    Rank.TIGHT: 0.60,
    Rank.GRAPHEME: 0.90,
}
_BREAKS = {Rank.SENTENCE: Break.SENTENCE, Rank.CLAUSE: Break.CLAUSE, Rank.COMMA: Break.COMMA}


class Cuts:
    """The places where `text[start:end]` can be cut, found once, in linear time."""

    def __init__(
        self, text: str, start: int, end: int, inner: dict[int, Break], marks: bytearray, language: Language
    ) -> None:
        self._text, self._end, self._marks = text, end, marks
        self._joining = lexicon(language).joining
        ranks: dict[int, Rank] = {}
        for at in range(start + 1, end):
            if _between_unspaced(text[at - 1], text[at]):
                kanji_after_kana = _HIRAGANA[0] <= text[at - 1] <= _HIRAGANA[1] and not "\u3040" <= text[at] <= "\u30ff"
                ranks[at] = Rank.BLANK if kanji_after_kana else Rank.TIGHT
        for match in _BLANK.finditer(text, start, end):
            ranks[match.end()] = self._rank_of_blank(match)
        for match in _MARK.finditer(text, start, end):
            self._add_mark(match, ranks)
        for at, closing in inner.items():
            ranks[at] = Rank.CLAUSE if closing is Break.CLAUSE else Rank.SENTENCE
        self._places: dict[Rank, list[int]] = {rank: [] for rank in Rank}
        for at in sorted(ranks):
            if start < at < end and marks[at]:
                self._places[ranks[at]].append(at)

    def best(self, low: int, high: int, target: int, *, clauses_only: bool = False) -> tuple[int, Break] | None:
        """The best place `at` with low <= at <= high near `target`, and what its punctuation says; None if none."""
        length = max(1, high - low + 1)
        found: tuple[float, int, Rank] | None = None
        for rank in Rank:
            if clauses_only and rank > Rank.COMMA:
                break
            for at in self._nearest(rank, low, high, target):
                price = _PRICE[rank] + abs(at - target) / length
                if found is None or price < found[0]:
                    found = (price, at, rank)
        return None if found is None else (found[1], _BREAKS.get(found[2], Break.FORCED))

    def _nearest(self, rank: Rank, low: int, high: int, target: int) -> list[int]:
        if rank is Rank.GRAPHEME:
            before = self._marks.rfind(1, low, max(low, min(target, high) + 1))
            after = self._marks.find(1, max(target, low), high + 1)
            return [at for at in (before, after) if at >= 0]
        places = self._places[rank]
        first, last = bisect_left(places, low), bisect_right(places, high)
        middle = min(max(bisect_left(places, target), first), last)
        return places[max(first, middle - 1) : min(last, middle + 1)]

    def _rank_of_blank(self, match: re.Match[str]) -> Rank:
        before = self._text[match.start() - 1 : match.start()]
        after = self._text[match.end() : match.end() + 1]
        if before == "." or (before.isdecimal() and after.isdecimal()) or match[0] in "\u00a0\u202f":
            return Rank.TIGHT  # an abbreviation, "10 000", a blank that says it does not break
        if after in OPENERS and after not in "*_'’":
            return Rank.COMMA if after in "([{（［｛" else Rank.WORD_GROUP
        if before in ")]}":
            return Rank.COMMA
        word = _NEXT_WORD.match(self._text, match.end())
        if word and word[0].casefold() in self._joining:
            return Rank.WORD_GROUP
        return (
            Rank.LOOSE_END if _LITTLE_WORD.search(self._text[max(0, match.start() - 4) : match.start()]) else Rank.BLANK
        )

    def _add_mark(self, match: re.Match[str], ranks: dict[int, Rank]) -> None:
        text, at = self._text, match.end()
        while at < self._end and text[at] in CLOSERS + REVERSED_CLOSERS and match[0][-1] not in DASHES:
            at += 1
        resume = at
        while resume < self._end and text[resume].isspace():
            resume += 1
        before, after = text[match.start() - 1 : match.start()], text[resume : resume + 1]
        full = any(mark in FULL_CLAUSES + FULL_COMMAS for mark in match[0])
        if resume == at and not (full and not (before.isdecimal() and after.isdecimal())):
            return
        if all(mark in COMMAS + FULL_COMMAS for mark in match[0]):
            ranks[resume] = Rank.COMMA
        elif match[0] != ".":  # a single full stop that ends no sentence ends an abbreviation
            ranks[resume] = Rank.CLAUSE


def _between_unspaced(before: str, after: str) -> bool:
    return (
        unspaced(before)
        and unspaced(after)
        and after not in _NOT_FIRST
        and weight(before) > 0
        and weight(after) > 0
        and not (before.isdecimal() and after.isdecimal())
        and not ("\u30a0" <= before <= "\u30ff" and "\u30a0" <= after <= "\u30ff")  # a foreign word in katakana
    )


def heavy_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """The least and greatest offset that leave no short piece on either side; the first is greater if none does."""
    return _walk(text, range(start, end)) + 1, _walk(text, range(end - 1, start - 1, -1))


def _walk(text: str, offsets: range) -> int:
    total = 0
    for at in offsets:
        total += weight(text[at])
        if total >= SHORT:
            return at
    return offsets.stop
