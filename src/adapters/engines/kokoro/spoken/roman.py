"""Roman numerals, read only where the words around them say that they are numerals."""

from __future__ import annotations

import re

_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

#: A stretch that may be a Roman numeral; `roman_value` says whether it is one.
ROMAN = r"[IVXLCDM]{1,12}(?!\w)"


def roman_value(written: str) -> int | None:
    """The value of a well-formed Roman numeral, or None.

    >>> roman_value("XXI"), roman_value("IIII")
    (21, None)
    """
    if not written or not _ROMAN.fullmatch(written):
        return None
    values = [_VALUES[letter] for letter in written]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
