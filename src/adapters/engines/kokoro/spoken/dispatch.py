"""The one question this package answers: how is this text said?"""

from __future__ import annotations

from functools import cache

from adapters.engines.kokoro.spoken.clean import with_plain_digits, without_emoji
from adapters.engines.kokoro.spoken.english import english
from adapters.engines.kokoro.spoken.french import french
from adapters.engines.kokoro.spoken.italian import italian
from adapters.engines.kokoro.spoken.portuguese import portuguese
from adapters.engines.kokoro.spoken.scanner import Grammar
from adapters.engines.kokoro.spoken.spanish import spanish
from voicecore.language import Language

_BRITISH = ("GB", "IE", "AU", "NZ", "ZA", "IN")
_DECIMAL_POINT = ("MX", "US", "PR", "GT", "HN", "NI", "PA", "SV", "DO", "PE", "419")

#: Regions that write otherwise than the language's default: day before month and "one hundred and one" in British
#: English; 1,234.56 in American Spanish (CLDR, number symbols of es_MX and es_419).
_VARIANTS = frozenset({("en", region) for region in _BRITISH} | {("es", region) for region in _DECIMAL_POINT})


def spoken(text: str, language: str) -> str:
    """`text` as a person would say it: no figures, abbreviations or signs where the language has rules for them.

    Everything the rules do not match stays letter for letter. Emoji are not spoken, so a text of emoji alone
    becomes empty. A language without rules keeps its text but for the emoji.

    Args:
        text: written text, of any length; time is linear in it.
        language: a BCP 47 tag such as `pt-BR`.

    Raises:
        UnsupportedLanguage: if `language` is not a language tag.
        MissingDependency: if num2words is not installed.

    >>> spoken("São 2 casas por R$ 1.200,50.", "pt-BR")
    'São duas casas por mil e duzentos reais e cinquenta centavos.'
    """
    tag = Language.parse(language)
    grammar = _grammar(tag.language, (tag.language, tag.region) in _VARIANTS)
    shown = without_emoji(text)
    return shown if grammar is None else grammar.read(with_plain_digits(shown))


@cache
def _grammar(language: str, variant: bool) -> Grammar | None:
    if language == "pt":
        return portuguese()
    if language == "en":
        return english(variant)
    if language == "es":
        return spanish(variant)
    if language == "fr":
        return french()
    return italian() if language == "it" else None
