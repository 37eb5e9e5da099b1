"""The languages of XTTS v2: their tags, upstream's codes, and what each needs beside upstream."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from voicecore.language import Language

#: Code in upstream's config.json → tag, in the order of the card. One bare `pt` was trained, mostly on Brazilian speech, so
#: it stands as pt-BR; Chinese is Mandarin in simplified script.
TAGS: Mapping[str, str] = MappingProxyType({
    "pt": "pt-BR", "en": "en", "es": "es", "fr": "fr", "de": "de", "it": "it", "pl": "pl", "tr": "tr", "ru": "ru", "nl": "nl",
    "cs": "cs", "ar": "ar", "zh-cn": "zh-CN", "hu": "hu", "ko": "ko", "ja": "ja", "hi": "hi",
})  # fmt: skip
#: Code → modules that upstream imports to write it in Latin letters; of several in one place any will do.
_ROMANISERS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "zh-cn": (("pypinyin",),),
        "ja": (("cutlet",), ("unidic_lite", "unidic")),
    }
)
HOW_TO_GET = "pip install 'voicecore[xtts-cjk]'"
_NAMES = MappingProxyType({"zh-cn": "Chinese", "ja": "Japanese"})


def code(language: Language) -> str:
    """Upstream's code, as its tokenizer takes it: `pt` for pt-BR, `zh-cn` for zh."""
    return "zh-cn" if language.language == "zh" else language.language


def spoken_here(trained: Iterable[str]) -> tuple[Language, ...]:
    """Those of `trained` (codes of a config.json) that can be spoken with the packages that are installed."""
    known = set(trained)
    return tuple(Language.parse(tag) for each, tag in TAGS.items() if each in known and _readable(each))


def notes(trained: Iterable[str]) -> tuple[str, ...]:
    """One sentence for each language that lacks a package."""
    return tuple(
        f"{_NAMES[each]} is off: {HOW_TO_GET} brings what writes it in Latin letters."
        for each in trained
        if each in TAGS and not _readable(each)
    )


def _readable(each: str) -> bool:
    return all(
        any(importlib.util.find_spec(module) is not None for module in choices) for choices in _ROMANISERS.get(each, ())
    )
