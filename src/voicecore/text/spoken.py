"""What of a text is spoken: which characters count, how many, and how blanks are written."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"\s+")
#: Speakable weight under which a sentence is joined to its neighbour: neural engines babble on one word.
SHORT = 12


def speakable(character: str) -> bool:
    """Whether it is a letter, a number or a symbol: what `voicecore.request.checked_text` counts as speech."""
    return unicodedata.category(character)[0] in "LNS"


def first_speakable(text: str, start: int, end: int) -> int:
    """Offset of the first speakable character in `text[start:end]`, or `end` if there is none."""
    return next((at for at in range(start, end) if speakable(text[at])), end)


def last_speakable(text: str, start: int, end: int) -> int:
    """Offset of the last speakable character in `text[start:end]`, or `start - 1` if there is none."""
    return next((at for at in range(end - 1, start - 1, -1) if speakable(text[at])), start - 1)


def wide(character: str) -> bool:
    """Whether it is written in a full em: Han, kana, Hangul and their punctuation (UAX #11, classes W and F)."""
    return character > "\u10ff" and unicodedata.east_asian_width(character) in "WF"


def hangul(character: str) -> bool:
    """Whether it is a Hangul syllable or letter: wide, yet written with spaces between words."""
    return "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff" or "\u3130" <= character <= "\u318f"


def unspaced(character: str) -> bool:
    """Whether it belongs to Han or kana writing, which puts no spaces between words or sentences."""
    return wide(character) and not hangul(character) and unicodedata.category(character)[0] in "LNPZ"


def weight(character: str) -> int:
    """How much speech a character stands for: 0 for marks and blanks, 1 for a letter, 2 for a full-width one."""
    if not speakable(character):
        return 0
    return 2 if wide(character) else 1


def is_short(text: str) -> bool:
    """Whether `text` holds less than `SHORT` letters' worth of speech."""
    total = 0
    for character in text:
        total += weight(character)
        if total >= SHORT:
            return False
    return True


def columns(text: str) -> int:
    """Width of `text` on paper, in half-width columns."""
    return sum(2 if wide(character) else 1 for character in text)


def spoken(text: str, start: int, end: int) -> str:
    """`text[start:end]` without blanks at its ends, each run of blanks inside made one space.

    A line break inside Han or kana writing becomes nothing: there a line may end in the middle of a word.
    """

    def written(match: re.Match[str]) -> str:
        if match[0] == " ":
            return " "
        before, after = span[match.start() - 1], span[match.end()]
        wrapped = ("\n" in match[0] or "\r" in match[0]) and unspaced(before) and unspaced(after)
        return "" if wrapped else " "

    span = text[start:end].strip()
    return _BLANKS.sub(written, span)
