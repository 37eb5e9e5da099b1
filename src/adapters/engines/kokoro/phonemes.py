"""Text to the phonemes that Kokoro speaks.

Punctuation is split off first and kept, because the network hears it as phrasing and espeak would swallow it; what is
left goes through espeak-ng, and its IPA into Kokoro's own alphabet (`symbols`).
"""

# ruff: noqa: RUF001 - typographic signs are the data of this module
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicecore.errors import UnsupportedLanguage

from .espeak import VOICE_FILES, espeak
from .spoken import Traced
from .symbols import PUNCTUATION, from_espeak, known, vocabulary

#: BCP 47 tag of the card → espeak code.
ESPEAK_CODES = {"en-US": "en-us", "en-GB": "en-gb", "pt-BR": "pt-br", "es": "es", "fr": "fr-fr", "it": "it", "hi": "hi"}

#: Signs that mean the same as one the network knows. An opening ¿ or ¡ has no sound of its own: the closing one has.
_SAME_SIGN = str.maketrans({
    "«": "“", "»": "”", "„": "“", "‟": "“", "‹": "“", "›": "”", "‘": "'", "’": "'", "‛": "'", "ʼ": "'",
    "–": "—", "―": "—", "‒": "—", "−": "-", "‐": "-", "‑": "-", "\u00ad": "",
    "[": "(", "]": ")", "{": "(", "}": ")", "。": ".", "、": ",", "，": ",", "！": "!", "？": "?", "：": ":",
    "；": ";", "।": ".", "॥": ".", "؟": "?", "،": ",", "؛": ";", "¿": "", "¡": "",
})  # fmt: skip
_DOTS = re.compile(r"\.\.\.")
_DASH = re.compile(r"(?<=\s)-+(?=\s)|-{2,}")
#: A run of signs. Not inside a number (3.5, 10:30) nor between two letters (example.com), which espeak reads as one.
_SIGNS = re.compile(rf"(?:(?!(?<=\d)[.,:](?=\d)|(?<=\w)\.(?=\w))[{re.escape(PUNCTUATION)}]|\s)+")
_LANGUAGE_SWITCH = re.compile(r"\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words without punctuation between them: `plain[start:end]`, spoken as `symbols[first:last]`."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phonemes:
    """What will be spoken.

    Attributes:
        symbols: letters of Kokoro's alphabet only.
        unknown: IPA letters that have no symbol and no nearest one, with how often each came; normally empty.
        stretches: where the words are, in the symbols and in the text with `plain` signs.
    """

    symbols: str
    unknown: Mapping[str, int] = field(default_factory=dict)
    stretches: tuple[Stretch, ...] = ()

    @property
    def ids(self) -> list[int]:
        """Token ids, one a symbol, in 1..177."""
        ids = vocabulary()
        return [ids[symbol] for symbol in self.symbols]


def espeak_code(tag: str) -> str:
    """The espeak code of a BCP 47 tag (`pt-BR`) or of itself (`pt-br`). Raises `UnsupportedLanguage`."""
    code = ESPEAK_CODES.get(tag, tag)
    if code not in VOICE_FILES:
        raise UnsupportedLanguage(
            f"Kokoro does not speak {tag!r}; it speaks {', '.join(ESPEAK_CODES)}.", field="source_language"
        )
    return code


def phonemes(text: str, language: str) -> Phonemes:
    """The phonemes of `text` in `language` (`pt-BR` or `pt-br`), punctuation kept. Safe to call from any thread."""
    code = espeak_code(language)
    plain = _DASH.sub("—", text.translate(_SAME_SIGN).replace("...", "…"))
    said = _Said()
    stretches: list[Stretch] = []
    unknown: Counter[str] = Counter()

    def speak(start: int, end: int) -> None:
        symbols = words(plain[start:end], code, unknown)
        if symbols:
            first = said.add(symbols)
            stretches.append(Stretch(start, end, first, len(said.symbols)))

    position = 0
    for signs in _SIGNS.finditer(plain):
        if not set(signs[0]) & set(PUNCTUATION):
            continue
        speak(position, signs.start())
        blanks = [" " if each.isspace() else "" for each in (signs[0][0], signs[0][-1])]
        said.add(blanks[0] + " ".join(signs[0].split()) + blanks[1])
        position = signs.end()
    speak(position, len(plain))
    return Phonemes(symbols=said.symbols.rstrip(), unknown=dict(unknown), stretches=tuple(stretches))


def traced_plain(text: Traced) -> Traced:
    """The text in which the stretches of its phonemes lie."""
    return text.translated(_SAME_SIGN).replaced(_DOTS, lambda _: "…").replaced(_DASH, lambda _: "—")


class _Said:
    """What is said so far; a run of blanks is one, and none stands at the beginning."""

    def __init__(self) -> None:
        self.symbols = ""

    def add(self, more: str) -> int:
        """Where it begins."""
        more = re.sub(r"\s+", " ", more)
        if more.startswith(" ") and self.symbols[-1:] in ("", " "):
            more = more[1:]
        at = len(self.symbols)
        self.symbols += more
        return at


def words(written: str, code: str, unknown: Counter[str]) -> str:
    """Symbols of a stretch without punctuation; adds what has no symbol to `unknown`."""
    if not written.strip():
        return ""
    ipa = " ".join(clause.strip() for clause in espeak().ipa(written, code))
    symbols, strange = known(from_espeak(_LANGUAGE_SWITCH.sub("", ipa), code))
    unknown.update(strange)
    return symbols.strip()
