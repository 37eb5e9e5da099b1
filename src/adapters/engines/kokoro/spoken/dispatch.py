"""The one question this package answers: how is this text said?"""

from __future__ import annotations

from functools import cache

from adapters.engines.kokoro.spoken.clean import traced_without_emoji, with_plain_digits, without_emoji
from adapters.engines.kokoro.spoken.english import english
from adapters.engines.kokoro.spoken.french import french
from adapters.engines.kokoro.spoken.italian import italian
from adapters.engines.kokoro.spoken.portuguese import portuguese
from adapters.engines.kokoro.spoken.scanner import Grammar
from adapters.engines.kokoro.spoken.spanish import spanish
from adapters.engines.kokoro.spoken.traced import Traced
from voicecore.language import Language

#: Regions that write day before month and say "one hundred and one".
_BRITISH = frozenset({"GB", "IE", "AU", "NZ", "ZA", "IN"})
#: Regions that write 1,234.56 (CLDR, number symbols of es_MX and es_419).
_DECIMAL_POINT = frozenset({"MX", "US", "PR", "GT", "HN", "NI", "PA", "SV", "DO", "PE", "419"})
#: Regions whose own money is the peso, written $.
_PESO = frozenset({"MX", "DO", "AR", "CL", "CO", "CU", "UY"})
_OTHER_HABITS = _BRITISH | _DECIMAL_POINT | _PESO


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
    grammar = _grammar_of(language)
    shown = without_emoji(text)
    return shown if grammar is None else grammar.read(with_plain_digits(shown))


def traced(text: str, language: str) -> Traced:
    """As `spoken`, with where each character comes from. Takes several times as long."""
    grammar = _grammar_of(language)
    shown = traced_without_emoji(Traced.written(text))
    if grammar is None:
        return shown
    # Digit by digit, so every character stays where it is.
    plain = Traced(with_plain_digits(shown.text), shown.origins)
    return plain.rewritten(grammar.pieces(plain.text))


def _grammar_of(language: str) -> Grammar | None:
    tag = Language.parse(language)
    return _grammar(tag.language, tag.region if tag.region in _OTHER_HABITS else None)


@cache
def _grammar(language: str, region: str | None) -> Grammar | None:
    if language == "pt":
        return portuguese()
    if language == "en":
        return english(british=region in _BRITISH)
    if language == "es":
        return spanish(decimal_point=region in _DECIMAL_POINT, peso=region in _PESO)
    if language == "fr":
        return french()
    return italian() if language == "it" else None
