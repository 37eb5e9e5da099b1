"""English, American and British: numbers in context, titles, telephone numbers, kings and chapters."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.abbreviations import abbreviation_rules, ends_sentence
from adapters.engines.kokoro.spoken.addresses import address_rules
from adapters.engines.kokoro.spoken.calendar import date_rules
from adapters.engines.kokoro.spoken.english_dates import (
    calendar,
    decade_rule,
    is_year,
    time_rules,
    written_date_rules,
    year,
)
from adapters.engines.kokoro.spoken.english_words import CLOSING, DOTLESS, NUMBERED, TITLES, lexicon
from adapters.engines.kokoro.spoken.figures import figure_rules, superscript_rule
from adapters.engines.kokoro.spoken.lexicon import preceded_by
from adapters.engines.kokoro.spoken.numerals import Amount, Numerals
from adapters.engines.kokoro.spoken.quantities import measure_rules, money_rules
from adapters.engines.kokoro.spoken.roman import ROMAN, roman_value
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule
from adapters.engines.kokoro.spoken.symbols import symbol_rules


def english(*, british: bool) -> Grammar:
    """The rules of English, highest priority first."""
    words = lexicon(british)
    numerals = words.numerals

    def number(amount: Amount, text: str, start: int, end: int) -> str:
        return year(amount.value, numerals) if is_year(amount, text, start, end) else numerals.say(amount)

    return Grammar(
        [
            *address_rules(words),
            *_phone_rules(numerals),
            *date_rules(calendar(numerals, british)),
            *written_date_rules(numerals, british),
            decade_rule(numerals),
            *time_rules(numerals),
            *money_rules(words),
            *_idiom_rules(numerals),
            _ordinal_rule(numerals),
            *measure_rules(words),
            *_roman_rules(numerals),
            *_street_or_title_rules(),
            *abbreviation_rules(TITLES, DOTLESS, NUMBERED, CLOSING),
            *figure_rules(words, number, "and"),
            superscript_rule(words),
            *symbol_rules(words),
        ]
    )


def _ordinal_rule(numerals: Numerals) -> Rule:
    def say(match: re.Match[str]) -> str:
        return numerals.ordinal(int(match["n"].replace(",", "")))

    return Rule(r"(?<![\d.,])(?P<n>\d{1,3}(?:,\d{3}){0,2}|\d{4,6})(?i:st|nd|rd|th)(?!\w)", say)


def _idiom_rules(numerals: Numerals) -> list[Rule]:
    """`24/7`, `9/11`, `50/50`: two numbers with nothing said between; and a height in feet and inches."""

    def pair(match: re.Match[str]) -> str:
        first, second = re.findall(r"\d+", match[0])
        return f"{numerals.cardinal(int(first))} {numerals.cardinal(int(second))}"

    def height(match: re.Match[str]) -> str:
        return f"{numerals.cardinal(int(match['feet']))} foot {numerals.cardinal(int(match['inches']))}"

    return [
        Rule(r"(?<![\w/.,$-])(?:24/7|9/11|50[/-]50|20/20)(?![\w/-])", pair),
        Rule(r"(?<![\w.])(?P<feet>[3-8])['’′] ?(?P<inches>1[01]|\d)(?:\"|”|″|'')", height),
    ]


def _phone_rules(numerals: Numerals) -> list[Rule]:
    """North American, British and international telephone numbers, card, social security and ZIP+4 numbers."""

    def digits(match: re.Match[str]) -> str:
        plus = "plus " if match[0][0] == "+" else ""
        return plus + numerals.digits(match[0])

    return [
        Rule(r"(?:(?<=[Cc]all )|(?<=[Dd]ial ))\d{3}(?![\d,.-]*\d)", digits),
        Rule(r"(?:\+1[ .-]?|(?<![\w.,$-])1[ .-])?(?<!\d)(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[.-]\d{4}(?![\d-])", digits),
        Rule(r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,4}(?!\d)", digits),
        Rule(r"(?<![\w.,$-])\d{3}-\d{4}(?![\d-])", digits),
        Rule(r"(?<![\w.,$-])0\d{2,4} \d{3,4} \d{3,4}(?! ?\d)", digits),
        Rule(r"(?<![\w.,$-])0\d{4} \d{6}(?! ?\d)", digits),
        Rule(r"(?<![\w.,$-])\d{3}-\d{2}-\d{4}(?![\d-])", digits),
        Rule(r"(?<![\w.,$-])\d{5}-\d{4}(?![\d-])", digits),
        Rule(r"(?<=\b[A-Z]{2} )\d{5}(?![\d.,-]*\d)", digits),
        Rule(r"(?<!\d)(?<!\d )\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?! ?\d)", digits),
    ]


def _street_or_title_rules() -> list[Rule]:
    """`St. Mary` and `Main St.`; `Dr. Smith` and `Rodeo Dr.`."""
    meanings = {"St": ("Saint", "Street"), "Dr": ("Doctor", "Drive")}

    def say(match: re.Match[str]) -> str:
        before = match.string[max(0, match.start() - 24) : match.start()]
        name_before = re.search(r"\b(?:[A-Z][a-z]+|\d+(?:st|nd|rd|th)) $", before)
        name_after = re.match(r" [A-Z]", match.string[match.end() : match.end() + 2])
        numbered = re.search(r"\d+ (?:[A-Z]\w* )+$", before)
        title, road = meanings[match["word"]]
        if name_after and not numbered:
            return title
        if not name_before:
            return title
        return road + ("." if ends_sentence(match) else "")

    return [Rule(r"(?<![\w.])(?P<word>St|Dr)\.(?!\w)", say)]


_COMMON_RULERS = ("James|John|Paul|Charles|George|Henry|William|Edward|Mary|Richard|Philip|Francis|Peter|Alexander|"
                  "Frederick|Benedict|Louis|Ferdinand|Catherine")  # fmt: skip
_RULERS = "Elizabeth|Nicholas|Pius|Leo|Napoleon|Ramesses|Ramses|Xerxes|Darius|Pedro|Juan Carlos|Margrethe|Wilhelm|Ivan"
_PARTS = ("War", "chapter", "part", "act", "volume", "phase", "title", "type", "class", "book", "section", "article",
          "Bowl", "stage", "level", "scene", "appendix", "mark", "Rocky", "episode")  # fmt: skip


def _roman_rules(numerals: Numerals) -> list[Rule]:
    def ruler(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        ordinal = numerals.ordinal(value)
        return f"{match['name']} the {ordinal[0].upper()}{ordinal[1:]}"

    def part(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else numerals.cardinal(value)

    several = rf"(?!I(?!\w)){ROMAN}"
    titled = r"(?:(?<=King )|(?<=Queen )|(?<=Pope )|(?<=Emperor )|(?<=Tsar )|(?<=Kaiser ))"
    return [
        Rule(rf"{titled}(?P<name>[A-Z][a-z]{{1,20}}(?: [A-Z][a-z]{{1,20}})?) (?P<roman>{ROMAN})", ruler),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}|(?:John )?(?:{_COMMON_RULERS})) (?P<roman>{several})", ruler),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}) (?P<roman>I(?!\w))", ruler),
        Rule(rf"{preceded_by(_PARTS)}(?P<roman>{ROMAN})", part),
    ]
