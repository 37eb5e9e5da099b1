"""Numbers that stand alone: ranges, fractions, versions, lists, powers, and the plain number itself."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re
from collections.abc import Callable

from adapters.engines.kokoro.spoken.lexicon import DASH, SPACE, SUPERSCRIPTS, Lexicon
from adapters.engines.kokoro.spoken.numerals import Amount, Numerals
from adapters.engines.kokoro.spoken.scanner import Rule

#: Says an amount that stands in `text` from a start to an end: agreement and years depend on what is around.
Reader = Callable[[Amount, str, int, int], str]

_VULGAR = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
           "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
           "⅞": (7, 8), "⅒": (1, 10)}  # fmt: skip


def figure_rules(lexicon: Lexicon, reader: Reader, and_word: str) -> list[Rule]:
    """The rules for bare figures; the last one says any digit, so that none is ever left."""
    numerals = lexicon.numerals
    return [
        *_fraction_rules(lexicon, and_word),
        _dotted_rule(numerals),
        _list_rule(numerals),
        _range_rule(lexicon, reader),
        *_arithmetic_rules(lexicon),
        _plain_rule(numerals, reader),
        Rule(r"\d++", lambda match: numerals.digits(match[0])),
    ]


def _fraction_rules(lexicon: Lexicon, and_word: str) -> list[Rule]:
    numerals = lexicon.numerals

    def written(match: re.Match[str]) -> str | None:
        top, bottom = int(match["top"]), int(match["bottom"])
        words = lexicon.fraction(top, bottom) if 0 < top < bottom else None
        if words is None or match["whole"] is None:
            return words
        return f"{numerals.cardinal(int(match['whole']))} {and_word} {lexicon.after_whole(words)}"

    def vulgar(match: re.Match[str]) -> str | None:
        words = lexicon.fraction(*_VULGAR[match["sign"]])
        if words is None or not match["whole"]:
            return words
        return f"{numerals.cardinal(int(match['whole']))} {and_word} {lexicon.after_whole(words)}"

    not_more = r"(?![\d/])"
    return [
        Rule(rf"(?<![\d/.,])(?:(?P<whole>\d{{1,3}}) )?(?P<top>\d{{1,2}})/(?P<bottom>\d{{1,3}}){not_more}", written),
        Rule(rf"(?:(?<!\d)(?P<whole>\d{{1,3}}){SPACE}?)?(?P<sign>[{''.join(_VULGAR)}])", vulgar),
    ]


def _dotted_rule(numerals: Numerals) -> Rule:
    """Versions and addresses: `3.11.2`, `192.168.0.1`; and `3.14` where the decimal mark is a comma."""
    grouped = re.compile(r"\d{1,3}(?:\.\d{3})+")
    fewest = 1 if numerals.decimal_mark == "," else 2
    dot = {"en": "point", "en_GB": "point", "fr": "point", "es": "punto", "it": "punto"}.get(numerals.code, "ponto")

    def say(match: re.Match[str]) -> str | None:
        if fewest == 1 and grouped.fullmatch(match[0]):
            return None
        return f" {dot} ".join(numerals.say(Amount(part)) for part in match[0].split("."))

    return Rule(rf"(?<!\d)(?<!\d[.,])\d{{1,12}}(?:\.\d{{1,12}}){{{fewest},8}}(?![\d.]*\d)(?!,\d)", say)


def _list_rule(numerals: Numerals) -> Rule:
    grouped = re.compile(r"\d{1,3}(?:,\d{3})+")

    def say(match: re.Match[str]) -> str | None:
        if numerals.decimal_mark == "." and grouped.fullmatch(match[0]):
            return None
        return ", ".join(numerals.say(Amount(part)) for part in match[0].split(","))

    return Rule(r"(?<!\d)(?<!\d[.,])\d{1,4}(?:,\d{1,4}){2,60}(?![\d.])", say)


def _range_rule(lexicon: Lexicon, reader: Reader) -> Rule:
    """`10-15`, `1990-1995`, a score `3-1`; not the subtraction in `5-3=2`, nor the serial `1-2-3`."""
    numerals = lexicon.numerals

    def say(match: re.Match[str]) -> str | None:
        low, high = numerals.read(match["a"]), numerals.read(match["b"])
        if low.is_code or high.is_code:
            return None
        text = match.string
        first = reader(low, text, match.start("a"), match.end("b") if not low.fraction else match.end("a"))
        return f"{first} {lexicon.to} {reader(high, text, match.start('b'), match.end('b'))}"

    return Rule(
        rf"(?<![\w]{DASH})(?<![^\W\d_]){numerals.pattern('a')}{DASH}{numerals.pattern('b')}(?!{SPACE}?=)(?!-\d)(?!\w)",
        say,
    )


def _arithmetic_rules(lexicon: Lexicon) -> list[Rule]:
    """Signs between two numbers; the numbers themselves are read by the rules after."""
    minus, slash = lexicon.numerals.minus, lexicon.letters["/"]
    ratio = lexicon.signs[":"]
    words = {"-": minus, "−": minus, "–": minus, "/": slash, "*": lexicon.times, ":": ratio, "^": lexicon.squared[1]}

    def between(match: re.Match[str]) -> str:
        return f" {words[match['sign']]} "

    return [
        # With spaces around: a sum. Without: "5-3=2" (the range rule declined) and "123/2026".
        Rule(rf"(?<=\d){SPACE}(?P<sign>[-−–*]){SPACE}(?=\d)", between),
        Rule(r"(?<=\d)(?P<sign>[-−–](?=\d++(?:[.,]\d++)?[  ]?=)|[/*:^](?=\d))", between),
    ]


def _plain_rule(numerals: Numerals, reader: Reader) -> Rule:
    def say(match: re.Match[str]) -> str:
        amount = numerals.read(match["a"])
        words = reader(amount, match.string, match.start("a"), match.end("a"))
        return f" {words}" if match["hyphen"] else words

    return Rule(rf"(?P<hyphen>(?<=[^\W\d_])[-–](?=\d))?{numerals.pattern('a')}", say)


def superscript_rule(lexicon: Lexicon) -> Rule:
    """`x²`: squared; any other power is said with its number."""
    square, power = lexicon.squared

    def say(match: re.Match[str]) -> str:
        digits = match[0].translate(SUPERSCRIPTS)
        if digits == "2":
            return f" {square}"
        return f" {power} {lexicon.numerals.say(Amount(digits))}"

    return Rule("[⁰¹²³⁴-⁹]++", say)
