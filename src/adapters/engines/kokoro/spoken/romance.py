"""What Spanish, French and Italian share: the order of the rules, and signs that have the same shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.engines.kokoro.spoken.abbreviations import abbreviation_rules
from adapters.engines.kokoro.spoken.addresses import address_rules
from adapters.engines.kokoro.spoken.calendar import Calendar, date_rules
from adapters.engines.kokoro.spoken.figures import Reader, figure_rules, superscript_rule
from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun
from adapters.engines.kokoro.spoken.quantities import measure_rules, money_rules
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule
from adapters.engines.kokoro.spoken.symbols import symbol_rules

#: Says a time from its hour and minute.
Clock = Callable[[int, int], str]

CLOCK = r"(?<![\d:.,/])(?P<h>[01]?\d|2[0-4])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """The parts of one language's grammar.

    Attributes:
        lexicon: words for signs.
        calendar: how dates are said.
        clock: how times are said.
        hours: pattern of what stands between hour and minute, a colon or the letter h.
        reader: says a plain number in its place.
        and_word: joins a whole and its fraction.
        own: rules of this language alone; they come before measures and abbreviations.
        titles, dotless, numbered, others: see `abbreviation_rules`.
    """

    lexicon: Lexicon
    calendar: Calendar
    clock: Clock
    hours: str
    reader: Reader
    and_word: str
    own: tuple[Rule, ...]
    titles: Mapping[str, str]
    dotless: Mapping[str, str]
    numbered: Mapping[str, str]
    others: Mapping[str, str]


def grammar(tongue: Tongue) -> Grammar:
    """The rules of a language, highest priority first."""

    def time(match: re.Match[str]) -> str:
        return tongue.clock(int(match["h"]), int(match["m"] or 0))

    numerals = tongue.lexicon.numerals
    return Grammar(
        [
            *address_rules(tongue.lexicon),
            Rule(r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,5}(?!\d)",
                 lambda match: f"{tongue.lexicon.signs['+']} {numerals.digits(match[0])}"),
            *date_rules(tongue.calendar),
            Rule(rf"{CLOCK}(?:{tongue.hours})(?P<m>[0-5]\d)(?![\d:]|\w)(?: ?h(?!\w))?", time),
            *money_rules(tongue.lexicon),
            *tongue.own,
            *measure_rules(tongue.lexicon),
            *abbreviation_rules(tongue.titles, tongue.dotless, tongue.numbered, tongue.others),
            *figure_rules(tongue.lexicon, tongue.reader, tongue.and_word),
            superscript_rule(tongue.lexicon),
            *symbol_rules(tongue.lexicon),
        ]
    )  # fmt: skip


#: Units by the name their signs have in every table below.
UNIT_SIGNS = {
    "km": "kilometre", "m": "metre", "cm": "centimetre", "mm": "millimetre", "km²": "square kilometre",
    "m²": "square metre", "m2": "square metre", "m³": "cubic metre", "ha": "hectare", "kg": "kilo", "g": "gram",
    "mg": "milligram", "t": "tonne", "l": "litre", "L": "litre", "ml": "millilitre", "mL": "millilitre",
    "km/h": "kilometre per hour", "m/s": "metre per second", "°C": "celsius", "ºC": "celsius", "° C": "celsius",
    "°F": "fahrenheit", "h": "hour", "min": "minute", "s": "second", "GB": "gigabyte", "MB": "megabyte",
    "W": "watt", "kW": "kilowatt", "kWh": "kilowatt hour", "V": "volt", "Hz": "hertz", "GHz": "gigahertz",
}  # fmt: skip

_CURRENCY_SIGNS = {"€": "euro", "EUR": "euro", "$": "dollar", "US$": "dollar", "USD": "dollar", "£": "pound",
                   "GBP": "pound", "R$": "real", "BRL": "real", "¥": "yen"}  # fmt: skip


def units(names: Mapping[str, Noun]) -> dict[str, Noun]:
    """The units of a language by their signs."""
    return {sign: names[name] for sign, name in UNIT_SIGNS.items()}


def currencies(names: Mapping[str, Currency]) -> dict[str, Currency]:
    """The currencies of a language by their signs."""
    return {sign: names[name] for sign, name in _CURRENCY_SIGNS.items()}


def next_word(text: str, position: int) -> str:
    """The lower-case word after a number, or nothing."""
    match = re.compile(r" ([a-zà-öø-ÿœ]{2,30})(?!\w)").match(text, position)
    return match[1] if match else ""
