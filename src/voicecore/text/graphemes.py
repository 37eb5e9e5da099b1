"""Where a text may be cut without breaking what a reader sees as one character.

Extended grapheme clusters of UAX #29, revision 43, rules GB3 to GB13, from the categories that the standard library
knows. It has no table of Extended_Pictographic or Indic_Conjunct_Break: here a pictograph is a symbol of the emoji
planes or of category So, and a linker is any virama (combining class 9). Both are a little wider than the standard,
so a cluster may come out longer than there and never shorter.
"""

from __future__ import annotations

import unicodedata
from enum import Enum

_VIRAMA = 9
#: Grapheme_Cluster_Break=Prepend: signs written before the digits or letter they span.
_PREPEND = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2"
    "\U000111c3\U0001193f\U00011941\U00011a3a\U00011a84\U00011a85\U00011a86\U00011a87\U00011a88\U00011a89"
    "\U00011d46\U00011f02"
)
#: Vowel signs of Thai and Lao that are letters by category and marks by their break property.
_SPACING_LETTERS = "\u0e33\u0eb3"


class _Kind(Enum):
    OTHER = 0
    CR = 1
    LF = 2
    CONTROL = 3
    EXTEND = 4
    LINKER = 5  # a virama: also extends
    ZWJ = 6
    PREPEND = 7
    FLAG = 8  # regional indicator
    PICTOGRAPH = 9
    L = 10  # Hangul leading consonant
    V = 11
    T = 12
    LV = 13
    LVT = 14


_CONTROLS = frozenset({_Kind.CR, _Kind.LF, _Kind.CONTROL})
_EXTENDERS = frozenset({_Kind.EXTEND, _Kind.LINKER, _Kind.ZWJ})
_HANGUL = {
    _Kind.L: frozenset({_Kind.L, _Kind.V, _Kind.LV, _Kind.LVT}),
    _Kind.V: frozenset({_Kind.V, _Kind.T}),
    _Kind.LV: frozenset({_Kind.V, _Kind.T}),
    _Kind.T: frozenset({_Kind.T}),
    _Kind.LVT: frozenset({_Kind.T}),
}
_RANGES = (
    (0x1100, 0x115F, _Kind.L),
    (0xA960, 0xA97C, _Kind.L),
    (0x1160, 0x11A7, _Kind.V),
    (0xD7B0, 0xD7C6, _Kind.V),
    (0x11A8, 0x11FF, _Kind.T),
    (0xD7CB, 0xD7FB, _Kind.T),
    (0xFF9E, 0xFF9F, _Kind.EXTEND),  # half-width kana voicing marks
    (0x1F1E6, 0x1F1FF, _Kind.FLAG),
    (0x1F3FB, 0x1F3FF, _Kind.EXTEND),  # skin tones
    (0x1F000, 0x1FAFF, _Kind.PICTOGRAPH),
    (0xE0020, 0xE007F, _Kind.EXTEND),  # tags, as in the flag of Scotland
)


def _kind(character: str) -> _Kind:  # noqa: PLR0911 - a table lookup written as one
    code = ord(character)
    if character in "\r\n":
        return _Kind.CR if character == "\r" else _Kind.LF
    if character in "\u200c\u200d":
        return _Kind.ZWJ if character == "\u200d" else _Kind.EXTEND
    if character in _PREPEND:
        return _Kind.PREPEND
    for first, last, kind in _RANGES:
        if first <= code <= last:
            return kind
    if 0xAC00 <= code <= 0xD7A3:
        return _Kind.LV if (code - 0xAC00) % 28 == 0 else _Kind.LVT
    category = unicodedata.category(character)
    if category in {"Mn", "Me", "Mc"} or character in _SPACING_LETTERS:
        return _Kind.LINKER if unicodedata.combining(character) == _VIRAMA else _Kind.EXTEND
    if category in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return _Kind.CONTROL
    # The few pictographs outside So are dashes and arrows that also come in emoji style.
    if category == "So" or character in "\u203c\u2049\u2194\u3030\u303d":
        return _Kind.PICTOGRAPH
    return _Kind.OTHER


def _joined(before: _Kind, after: _Kind) -> bool:
    """Whether two neighbours are one cluster by themselves, whatever stands before them."""
    if before is _Kind.CR and after is _Kind.LF:
        return True
    if before in _CONTROLS or after in _CONTROLS:
        return False
    if after in _EXTENDERS or before is _Kind.PREPEND:
        return True
    return after in _HANGUL.get(before, ())


def breaks(text: str) -> bytearray:
    """1 at each offset of `text`, 0 and `len(text)` included, where a cluster ends or begins; else 0.

    Shape `(len(text) + 1,)`; one pass.
    """
    marks = bytearray(b"\x01") * (len(text) + 1)
    if text.isascii() and "\r" not in text:
        return marks
    kinds = {character: _kind(character) for character in set(text)}
    pictograph = linked = False  # the cluster so far is a pictograph and its extenders; ends in a virama
    flags = 0  # regional indicators since the last break between pairs
    before: _Kind | None = None
    for at, character in enumerate(text):
        kind = kinds[character]
        pair = kind is _Kind.FLAG and flags % 2 == 1
        emoji = kind is _Kind.PICTOGRAPH and pictograph and before is _Kind.ZWJ
        conjunct = linked and kind is _Kind.OTHER and unicodedata.category(character) == "Lo"
        if before is not None and (pair or emoji or conjunct or _joined(before, kind)):
            marks[at] = 0
        flags = flags + 1 if kind is _Kind.FLAG else 0
        pictograph = kind is _Kind.PICTOGRAPH or (pictograph and kind in _EXTENDERS)
        linked = kind is _Kind.LINKER or (linked and kind in _EXTENDERS)
        before = kind
    return marks
