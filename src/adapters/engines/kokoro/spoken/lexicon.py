"""The words that one language has for what is written as a sign: units, currencies, symbols, addresses."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from adapters.engines.kokoro.spoken.numerals import Amount, Gender, Numerals

#: A space that a person may have typed between a number and its sign: plain, no-break, thin.
SPACE = "[ \u00a0\u2009\u202f]"
#: A letter; Python counts superscript figures among word characters, but they are said.
LETTER = "[^\\W\\d_⁰¹²³⁴-⁹]"
#: Superscript figures, to plain ones.
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
#: What stands between the ends of a range.
DASH = "[-–]"


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that is counted, such as `quilômetro`."""

    one: str
    many: str
    gender: Gender = "m"


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency and its hundredth; `None` where it has none."""

    noun: Noun
    cent: Noun | None = None


def plain(noun: str) -> str:
    """A noun as it follows a million in a language that puts nothing between."""
    return noun


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Signs and their words.

    Attributes:
        numerals: how numbers are said.
        units: signs of units, case sensitive.
        currencies: signs and codes of currencies.
        scales: words and letters that multiply an amount of money, with their singular and plural.
        per_words: what a sign after a slash is called when alone ("por quilo").
        fraction: says numerator over denominator, or None when it is not read as a fraction.
        singular_below_two: "1,5 quilo" (pt, fr) against "1.5 kilos" (en, es, it).
        of_noun: what a noun looks like after a bare "million": "de reais".
        half_scale: what follows "2 milhões" for 2,5 milhões, where people say so.
        after_whole: a fraction as it follows a whole: "one and a half".
        cents_joiner: between the currency and its hundredths.
        signs: other signs, each with its word when it stands alone or between words.
        letters: signs inside an address.
        repetition: how often: "10x" is "dez vezes".
        read_ends: two-letter ends of an address that are read, not spelled.
    """

    numerals: Numerals
    percent: str
    to: str
    per: str
    times: str
    repetition: Noun
    by: str
    cents_joiner: str
    units: Mapping[str, Noun]
    currencies: Mapping[str, Currency]
    signs: Mapping[str, str]
    letters: Mapping[str, str]
    number_sign: str
    hashtag: str
    degree: Noun
    squared: tuple[str, str]
    fraction: Callable[[int, int], str | None]
    scales: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    per_words: Mapping[str, str] = field(default_factory=dict)
    singular_below_two: bool = False
    of_noun: Callable[[str], str] = plain
    half_scale: str = ""
    after_whole: Callable[[str], str] = plain
    read_ends: frozenset[str] = frozenset()

    def noun(self, amount: Amount, noun: Noun) -> str:
        """The singular or the plural that the amount asks for."""
        single = amount.is_one or (self.singular_below_two and amount.below_two)
        return noun.one if single else noun.many

    def counted(self, amount: Amount, noun: Noun) -> str:
        """The amount and the noun, agreeing: `duas libras`, `um milhão de reais`."""
        words = self.numerals.say(amount, noun.gender)
        return f"{words} {self.after(words, self.noun(amount, noun))}"

    def after(self, words: str, noun: str) -> str:
        """The noun as it follows these number words."""
        return self.of_noun(noun) if _MILLION.search(words) else noun


_MILLION = re.compile(r"(?:lhão|lhões|ll[óo]n|llones|ions?|iards?|lion[ei]|liard[oi])(?: e meio| y medio)?$")


def one_of(signs: Iterable[str]) -> str:
    """A pattern for any of these signs, longest first."""
    return "(?:" + "|".join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True)) + ")"


def preceded_by(words: Iterable[str]) -> str:
    """A pattern that looks back at one of these words and a space, first letter in either case."""
    either = (f"[{word[0].lower()}{word[0].upper()}]{re.escape(word[1:])}" for word in words)
    return "(?:" + "|".join(f"(?<={word} )" for word in either) + ")"


def word_set(words: str) -> frozenset[str]:
    """The words of a list written with spaces, as grammars print them."""
    return frozenset(words.split())
