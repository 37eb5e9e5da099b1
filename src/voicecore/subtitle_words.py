"""What a subtitle is laid out of: the runs of characters that stay together in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicecore.text.graphemes import breaks
from voicecore.text.marks import DASHES, OPENERS
from voicecore.text.spoken import columns, speakable, unspaced

_RUN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `start` to `end` of a text.

    Attributes:
        text: what is shown of them: runs of blanks are one blank.
        apart: whether there is a blank before it, which is shown where it is not the first of its line.
        columns: width, full-width characters counted twice.
    """

    start: int
    end: int
    text: str
    apart: bool
    columns: int


def tokens_of(text: str, start: int, end: int, width: int) -> list[Token]:
    """The tokens of `text[start:end]`, which hold all of it but its blanks.

    Words with the marks around them; a mark that stands alone goes with the word before it, or if it opens something with the one
    after it. Han and kana come letter by letter, and a word that is wider than a line in parts, never within a grapheme.
    """
    spans = _with_their_marks(text, start, end, width)
    return [token for first, last in spans for token in _parts(text, first, last, width)]


def _with_their_marks(text: str, start: int, end: int, width: int) -> list[tuple[int, int]]:
    """The runs without blanks; those of marks alone together with a neighbour, where both fit into a line."""
    spans: list[tuple[int, int]] = []
    opening: tuple[int, int] | None = None
    for run in _RUN.finditer(text, start, end):
        first, last = run.span()
        mute = not any(speakable(each) for each in run[0])
        if opening is not None:
            if _width(text, opening[0], last) <= width:
                first = opening[0]
            else:
                spans.append(opening)
            opening = None
        if mute and run[0][0] in OPENERS + DASHES:
            opening = first, last
        elif mute and spans and _width(text, spans[-1][0], last) <= width:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, last))
    if opening is not None and spans and _width(text, spans[-1][0], opening[1]) <= width:
        spans[-1] = spans[-1][0], opening[1]
    elif opening is not None:
        spans.append(opening)
    return spans


def shown(line: Sequence[Token]) -> str:
    """The text of a line."""
    return "".join((" " if token.apart and number else "") + token.text for number, token in enumerate(line))


def _width(text: str, start: int, end: int) -> int:
    return columns(" ".join(text[start:end].split()))


def _token(text: str, start: int, end: int, *, apart: bool) -> Token:
    said = " ".join(text[start:end].split())
    return Token(start, end, said, apart, columns(said))


def _parts(text: str, start: int, end: int, width: int) -> Iterator[Token]:
    """A run, cut before letters that need no blank before them, and wherever it is wider than a line."""
    marks = breaks(text[start:end])
    begin = start
    for at in range(start + 1, end + 1):
        letters = at < end and unspaced(text[at]) and speakable(text[at]) and any(map(speakable, text[begin:at]))
        wide = at < end and columns(text[begin : _after(marks, start, at)]) > width
        if at == end or (marks[at - start] and (letters or wide)):
            yield _token(text, begin, at, apart=begin == start)
            begin = at


def _after(marks: bytearray, start: int, at: int) -> int:
    """Where the grapheme at `at` ends."""
    found = marks.find(1, at - start + 1)
    return start + (found if found >= 0 else len(marks) - 1)
