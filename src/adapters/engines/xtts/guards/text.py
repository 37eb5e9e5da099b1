"""What of a text is sent to the tokenizer: XTTS speaks stray punctuation, above all behind the last word, or babbles over it."""

from __future__ import annotations

import re
import unicodedata

#: Of several marks in a row the first of these is kept; the order is that of how much they change the melody.
_STRENGTH = "?؟？!！.。।;؛:,،、，"  # noqa: RUF001 - full-width marks are meant
#: Marks after which a text may end. XTTS tends to speak a full stop at the end, and a comma leaves it hanging.
_AT_END = "?؟？!！"  # noqa: RUF001
_HYPHENS = "-\u2010\u2011"
_APOSTROPHES = "'\u2019\u02bc"
#: Signs that the cleaners of upstream's tokenizer read as words, or that stand in numbers.
_SIGNS = "%&@#+=°§"
_SILENT = '"¿¡'
#: Variation selectors (Unicode 16, chapter 23.4) say how the character before them is drawn, an emoji above all.
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def spoken_text(text: str, language: str) -> str:
    """The text without what would be spoken by mistake; "" if it has no letter or digit.

    Every letter, digit and combining mark stays, in order. Quotes, emoji, what encloses or selects the form of a character,
    markup and invisible characters go; brackets, dashes
    and ellipses become commas; of several marks in a row one is left; a full stop or comma at the end goes.

    Args:
        language: XTTS's code, such as `pt` or `zh-cn`; Spanish keeps its inverted marks.
    """
    if not any(unicodedata.category(char)[0] in "LN" for char in text):
        return ""
    text = "".join(char for char in _SELECTORS.sub("", text) if unicodedata.category(char) != "Me")
    out: list[str] = []
    marks: list[str] = []
    space = False
    for at, char in enumerate(text):
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        kept = _kept(char, before, after, spanish=language.split("-", maxsplit=1)[0] == "es")
        if kept is None:
            marks.append(_mark(char))
        elif kept == " ":
            space = True
        elif kept:
            if out and marks:
                out.append(min(marks, key=_STRENGTH.index) + " ")
            elif out and space:
                out.append(" ")
            marks, space = [], False
            out.append(kept)
    last = min(marks, key=_STRENGTH.index) if marks else ""
    return "".join(out) + (last if last and last in _AT_END else "")


def _kept(char: str, before: str, after: str, *, spanish: bool) -> str | None:
    """What this character becomes inside of a phrase: itself, another, a space, nothing; None for a mark between phrases."""
    category = unicodedata.category(char)
    if _is_word(char) or char in _SIGNS or category == "Sc":
        return char
    joined = _joined(char, before, after)
    if joined or (char in "¿¡" and spanish and _is_word(after)):
        return joined or char
    if char in _HYPHENS and after.isdigit():  # the sign of a number
        return "-"
    if char in _STRENGTH or char == "…" or category in {"Ps", "Pe", "Pd"}:
        return None
    silent = category in {"Pi", "Pf"} or char in _APOSTROPHES or char in _SILENT
    return "" if silent or (category.startswith("C") and not char.isspace()) else " "


def _joined(char: str, before: str, after: str) -> str:
    """The character that joins its neighbours to one word or number, or "" if this one does not."""
    if not (_is_word(before) and _is_word(after)):
        return ""
    digits = before.isdigit() and after.isdigit()
    if char in _HYPHENS or (digits and char == "\u2013"):
        return "-"
    if char in _APOSTROPHES:
        return "'"
    if char in ",:" and digits:
        return char
    # "3.5" and "example.com" are one, "end.Next" are two sentences without a space.
    if char == "." and not after.isupper():
        return char
    return char if char == "/" else ""


def _mark(char: str) -> str:
    return char if char in _STRENGTH else ","


def _is_word(char: str) -> bool:
    return bool(char) and unicodedata.category(char)[0] in "LMN"
