"""Amounts with what they count: money, percentages, units, products."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.lexicon import DASH, LETTER, SPACE, Currency, Lexicon, Noun, one_of
from adapters.engines.kokoro.spoken.numerals import Amount, Gender
from adapters.engines.kokoro.spoken.scanner import Rule


def money_rules(lexicon: Lexicon) -> list[Rule]:
    """`R$ 1.234,56`, `US$ 5-10`, `£3bn`, `10 €`, `R$ 20/kg`."""
    numerals, sign = lexicon.numerals, one_of(lexicon.currencies)
    scale = rf"(?:{SPACE}?(?P<scale>{one_of(lexicon.scales)})(?!\w))?" if lexicon.scales else "(?P<scale>(?!))?"
    per = rf"(?:/(?P<per>m²|{LETTER}{{1,12}})(?![\w/]))?"
    until = rf"(?:{DASH}{numerals.pattern('b')})?"
    minus = r"(?P<minus>(?<![\w)])[-−])?"

    def say(match: re.Match[str]) -> str:
        amount = numerals.read(match["a"])
        if match.groupdict().get("minus"):
            amount = Amount(amount.whole, amount.fraction, True, amount.grouped)
        upper = numerals.read(match["b"]) if match["b"] else None
        words = _money(lexicon, amount, upper, lexicon.currencies[match["sign"]], match["scale"])
        rate = match["per"]
        return f"{words} {lexicon.per} {lexicon.per_words.get(rate, rate)}" if rate else words

    before = rf"{minus}(?<!\w)(?P<sign>{sign}){SPACE}?{numerals.pattern('a')}{until}{scale}{per}"
    after = rf"{numerals.pattern('a')}{until}{scale}{SPACE}?(?P<sign>{sign})(?![\w$]){per}"
    return [Rule(before, say), Rule(after, say)]


def _money(lexicon: Lexicon, amount: Amount, upper: Amount | None, currency: Currency, scale: str | None) -> str:
    if upper is not None:
        low = lexicon.numerals.say(amount, currency.noun.gender)
        return f"{low} {lexicon.to} {_money(lexicon, upper, None, currency, scale)}"
    if scale:
        return _scaled(lexicon, amount, currency, scale)
    if currency.cent is None or not 1 <= len(amount.fraction) <= 2:
        return lexicon.counted(amount, currency.noun)
    return _with_cents(lexicon, amount, currency.noun, currency.cent)


def _with_cents(lexicon: Lexicon, amount: Amount, unit: Noun, cent: Noun) -> str:
    """`um real e dez centavos`; without the part that is zero."""
    cents = Amount(str(int(amount.fraction.ljust(2, "0"))))
    whole = Amount(amount.whole, "", amount.negative, amount.grouped)
    if cents.whole == "0":
        return lexicon.counted(whole, unit)
    if amount.whole.strip("0"):
        return f"{lexicon.counted(whole, unit)} {lexicon.cents_joiner} {lexicon.counted(cents, cent)}"
    words = lexicon.counted(cents, cent)
    return f"{lexicon.numerals.minus} {words}" if amount.negative else words


def _scaled(lexicon: Lexicon, amount: Amount, currency: Currency, scale: str) -> str:
    one, many = lexicon.scales[scale]
    gender = currency.noun.gender if one in ("mil", "mille", "mila") else "m"
    name = one if amount.is_one or (lexicon.singular_below_two and amount.below_two) else many
    words = scaled_words(lexicon, amount, name, gender)
    return f"{words} {lexicon.after(words, currency.noun.many)}"


def scaled_words(lexicon: Lexicon, amount: Amount, name: str, gender: Gender) -> str:
    """An amount of thousands or millions: `dois milhões e meio`, `cem mil`."""
    if lexicon.half_scale and amount.fraction == "5" and "lh" in name:
        whole = Amount(amount.whole, "", amount.negative, amount.grouped)
        return f"{lexicon.numerals.say(whole, 'm')} {name} {lexicon.half_scale}"
    if amount.is_one and name in ("mil", "mille"):
        return name
    return f"{lexicon.numerals.say(amount, gender)} {name}"


def measure_rules(lexicon: Lexicon) -> list[Rule]:
    """`10%`, `10-15%`, `25 °C`, `5kg`, `3x4`, `10x`: a number, perhaps a range, and a sign."""
    numerals = lexicon.numerals
    until = rf"(?:{DASH}{numerals.pattern('b')})?"
    span = f"{numerals.pattern('a')}{until}"

    def low(match: re.Match[str], gender: Gender) -> str:
        return f"{numerals.say(numerals.read(match['a']), gender)} {lexicon.to} " if match["b"] else ""

    def percent(match: re.Match[str]) -> str:
        last = numerals.read(match["b"] or match["a"])
        return f"{low(match, None)}{numerals.say(last)} {lexicon.percent}"

    def unit(match: re.Match[str]) -> str:
        noun = lexicon.units[match["unit"]]
        last = numerals.read(match["b"] or match["a"])
        return low(match, noun.gender) + lexicon.counted(last, noun)

    def degree(match: re.Match[str]) -> str:
        last = numerals.read(match["b"] or match["a"])
        return low(match, None) + lexicon.counted(last, lexicon.degree)

    def product(match: re.Match[str]) -> str:
        first, second = (numerals.say(numerals.read(match[name])) for name in "ab")
        joiner = lexicon.times if match["gap"] or "×" in match[0] else lexicon.by
        return f"{first} {joiner} {second}"

    def times(match: re.Match[str]) -> str:
        return lexicon.counted(numerals.read(match["a"]), lexicon.repetition)

    return [
        Rule(rf"{span}{SPACE}?%", percent),
        Rule(rf"{span}{SPACE}?(?P<unit>{one_of(lexicon.units)})(?![\w'’²³])(?:\.(?= [a-zà-ÿ]))?", unit),
        Rule(rf"{span}{SPACE}?°(?!\w)", degree),
        Rule(
            rf"{numerals.pattern('a')}(?:(?P<gap>{SPACE})[xX×]{SPACE}|[xX×]){numerals.pattern('b')}(?!\w)",
            product,
        ),
        Rule(rf"{numerals.pattern('a')}[xX×](?!\w)", times),
    ]
