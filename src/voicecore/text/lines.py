# ruff: noqa: RUF001 - punctuation and letters of many scripts are the subject here
"""Paragraphs, titles and list items: where a line break ends what is being said, and where it only wraps it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicecore.text.marks import CLOSERS, DASHES, OPENERS, TERMINATORS
from voicecore.text.segment import Break
from voicecore.text.spoken import columns

_LINE = re.compile(r"([^\n\r\u2028\u2029]*)(\r\n|[\n\r\u2028\u2029]|$)")
_MARKER = re.compile(r"\s*(?:[-*•‣◦▪●·–—―]\s|[—―]|\(?\d{1,3}[.)]\s|\(?[A-Za-z]\)\s|#{1,6}\s)")
#: Prose is hardly ever wrapped narrower than this many columns, so a shorter line ended on purpose.
_TITLE_COLUMNS = 50
#: The same for scripts without capitals, where the next line's first letter says nothing (subtitles wrap early).
_CASELESS_TITLE_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]` with the blanks after it, and why it ends: `LINE` or `PARAGRAPH`."""

    start: int
    end: int
    closing: Break


def blocks(text: str, marks: bytearray) -> list[Block]:
    """The blocks of `text`, which partition it; `marks` are its grapheme breaks."""
    found: list[Block] = []
    start = 0
    above: str | None = None
    blank = False
    for match in _LINE.finditer(text):
        line = match[1]
        if not line.strip():
            blank = blank or above is not None
        else:
            closing = Break.PARAGRAPH if blank else Break.LINE
            if above is not None and (blank or _ends(above, line)):
                at = match.start() + len(line) - len(line.lstrip())
                at = at if marks[at] else match.start()
                found.append(Block(start, at, closing))
                start = at
            above, blank = line, False
        blank = blank or match[2] == "\u2029"
    if text:
        found.append(Block(start, len(text), Break.PARAGRAPH))
    return found


def _ends(line: str, following: str) -> bool:
    """Whether the break between two lines with no blank line between them was meant."""
    bare = line.rstrip().rstrip(CLOSERS)
    closed = bare[-1:] in TERMINATORS or bare[-1:] == ":"
    listed = _MARKER.match(line) is not None
    marker = _MARKER.match(following)
    head = _first_letter(following)
    if marker is not None:
        aside = marker[0].strip() in DASHES and head.islower()
        return closed or listed or (not aside and columns(line) <= _TITLE_COLUMNS)
    if closed:
        return bare[-1:] == ":"  # after a full stop the sentences decide
    if bare[-1:] in ",;-–—、，،" or head.islower() or _first_letter(line).islower():
        return False
    cased = head.isupper() or head.isdigit()
    return columns(line) <= (_TITLE_COLUMNS if cased else _CASELESS_TITLE_COLUMNS)


def _first_letter(line: str) -> str:
    return line.lstrip(OPENERS + DASHES + "•‣◦▪●·# \t\u00a0\u3000")[:1]
