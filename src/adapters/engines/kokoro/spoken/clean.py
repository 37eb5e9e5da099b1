"""What is written but never spoken, and digits in other writing systems."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re
import unicodedata

from adapters.engines.kokoro.spoken.traced import Traced

# Pictographs, dingbats, flags, keycaps and what glues them (Unicode emoji-data.txt, by block). A zero width
# joiner counts only next to one of them: in Hindi it shapes letters.
_PICTOGRAPH = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u3030\u303d]"
)
_GLUE = "[\ufe0e\ufe0f\u20e3\u200d\U000e0020-\U000e007f]"
_EMOJI = re.compile(rf"[ \t]{{0,2}}+(?:{_PICTOGRAPH}{_GLUE}*+[ \t]*+)++|[\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]++")


def without_emoji(text: str) -> str:
    """`text` without emoji and without the gap that each leaves. A text of emoji alone becomes empty."""
    return _EMOJI.sub(_gap, text)


def traced_without_emoji(text: Traced) -> Traced:
    """As `without_emoji`."""
    return text.replaced(_EMOJI, _gap)


def _gap(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if not before or not after or before.isspace() or after.isspace():
        return ""
    if match[0][0] not in " \t" and match[0][-1] not in " \t" and not (before.isalnum() and after.isalnum()):
        return ""
    return " " if after.isalnum() or after in "([{«“‘\"'" or match[0][-1] in " \t" else ""


def with_plain_digits(text: str) -> str:
    """`text` with the digits of every script as 0-9; superscripts stay, since they mean something else."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(character)) if character.isdigit() and character not in "⁰¹²³⁴⁵⁶⁷⁸⁹" else character
        for character in text
    )
