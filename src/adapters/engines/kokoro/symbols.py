"""The alphabet of Kokoro and the way from espeak's IPA to it.

The network knows 114 symbols (`models/kokoro/vocab.json`). Diphthongs and affricates are one letter each. The tables
state what misaki, the G2P that Kokoro was trained with, replaces: https://github.com/hexgrad/misaki (Apache-2.0),
`misaki/espeak.py` and `EN_PHONES.md`. Written anew, as one longest-match pass instead of a chain of replacements.
"""

# ruff: noqa: RUF001 - IPA letters and typographic signs are the data of this module
from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from adapters.modelfiles import data_path
from voicecore.errors import ModelCorrupt

#: Ends and joins of phrases that the network was trained to hear.
PUNCTUATION = ';:,.!?—…"()“”'
_SYLLABIC = "\u0329"

#: espeak (ties as "^") to Kokoro letters, every language but English.
COMMON = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S", "t^s": "ʦ",
    "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
}  # fmt: skip
_ENGLISH = {
    "ʔˌn\u0329": "tn", "ʔn\u0329": "tn", "ʔn": "tn", "ʔ": "t", "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A",
    "e": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "ə^l": "ᵊl", "ʲo": "jo", "ʲə": "jə", "ʲ": "", "ɚ": "əɹ", "r": "ɹ", "x": "k",
    "ç": "k", "ɐ": "ə", "ɬ": "l", "\u0303": "", "o": "ɔ",
}  # fmt: skip
AMERICAN = _ENGLISH | {
    "o^ʊ": "O", "ə^ʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "e^ə": "ɛ", "ː": "", "ɾ": "T",
}  # fmt: skip
BRITISH = _ENGLISH | {"ə^ʊ": "Q", "o^ʊ": "Q", "e^ə": "ɛː", "iə": "ɪə", "ɾ": "t", "ᵻ": "ɪ", "æ": "a", "oː": "ɔː"}

#: Nearest known letter for IPA that the network has no symbol for; "" where the sign only colours its neighbour.
NEAREST = {
    "g": "ɡ", "ɫ": "l", "ɬ": "l", "ɭ": "l", "ʟ": "l", "ɮ": "l", "ʏ": "y", "ʉ": "u", "ɵ": "ø", "ɘ": "ə", "ɞ": "ɜ",
    "ɶ": "œ", "ʀ": "ʁ", "ʍ": "w", "ɱ": "m", "ħ": "h", "ɦ": "h", "ʜ": "h", "ʕ": "ʔ", "ʢ": "ʔ", "ʡ": "ʔ", "ɢ": "ɡ",
    "ʙ": "b", "ɓ": "b", "ɗ": "d", "ᶑ": "d", "ɠ": "ɡ", "ʛ": "ɡ", "ʄ": "ɟ", "ʐ": "ʒ", "ʑ": "ʒ", "ɺ": "ɾ", "ɧ": "ʃ",
    "ʱ": "ʰ", "ʷ": "w", "ⱱ": "v", "˞": "ɹ", "ˑ": "", "ʼ": "", "ˠ": "", "ˤ": "", "ˀ": "", "ⁿ": "n", "ˡ": "l",
    "ᵐ": "m", "ᵑ": "ŋ", "ᶮ": "ɲ", "ᶯ": "ɳ", "F": "f", "+": "",
    "-": "", "_": "", "'": "", "`": "", "*": "", "|": "", "^": "", "\u200d": "", "\u200c": "", "\u0361": "",
    "\u035c": "", "\u0329": "", "\u030d": "", "\u032a": "", "\u032f": "", "\u0325": "", "\u030a": "", "\u032c": "",
    "\u0324": "", "\u0330": "", "\u0306": "", "\u031f": "", "\u0320": "", "\u031d": "", "\u031e": "", "\u0308": "",
    "\u031a": "", "\u033a": "", "\u033b": "", "\u0339": "", "\u031c": "", "\u0318": "", "\u0319": "", "\u0334": "",
    "\u0301": "", "\u0300": "", "\u0304": "", "\u0302": "", "\u030c": "",
    "˥": "", "˦": "", "˧": "", "˨": "", "˩": "", "0": "", "1": "", "2": "", "3": "", "4": "", "5": "", "6": "", "7": "",
    "8": "", "9": "",
}  # fmt: skip


@functools.cache
def vocabulary() -> Mapping[str, int]:
    """Symbol → id of the 114 symbols; id 0 is the padding and is not in it.

    Raises `ModelCorrupt` when the data file is not what this module was written for.
    """
    stored = json.loads(data_path("kokoro/vocab.json").read_text(encoding="utf-8"))["symbols"]
    if len(stored) != 114 or not all(len(symbol) == 1 and 0 < stored[symbol] < 178 for symbol in stored):
        raise ModelCorrupt("kokoro/vocab.json does not hold the 114 symbols of Kokoro v1.0: install voicecore again.")
    return MappingProxyType(dict(stored))


def from_espeak(ipa: str, language: str) -> str:
    """Kokoro letters of espeak's IPA, `language` being an espeak code (`en-us`, `pt-br`, …)."""
    table = AMERICAN if language == "en-us" else BRITISH if language == "en-gb" else COMMON
    letters = _longest(tuple(table)).sub(lambda found: table[found[0]], ipa)
    # A syllabic consonant is a short schwa and the consonant in Kokoro's alphabet.
    return re.sub(rf"(\S){_SYLLABIC}", r"ᵊ\1", letters)


def known(letters: str) -> tuple[str, Counter[str]]:
    """`letters` in the 114 symbols only, and a count of those that had neither a symbol nor a nearest one."""
    symbols = vocabulary()
    kept: list[str] = []
    unknown: Counter[str] = Counter()
    for letter in letters:
        for part in _in_parts(letter, symbols):
            nearest = part if part in symbols else NEAREST.get(part)
            if nearest is None:
                unknown[part] += 1
            else:
                kept.append(nearest)
    return "".join(kept), unknown


def _in_parts(letter: str, symbols: Mapping[str, int]) -> str:
    """A composed letter such as õ as letter and tilde, unless it is a symbol itself (ç)."""
    return letter if letter in symbols else unicodedata.normalize("NFD", letter)


@functools.cache
def _longest(keys: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(key) for key in sorted(keys, key=lambda key: (-len(key), key))))
