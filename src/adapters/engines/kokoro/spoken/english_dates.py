"""Years, decades, dates and times as English says them."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.abbreviations import ends_sentence
from adapters.engines.kokoro.spoken.calendar import Calendar
from adapters.engines.kokoro.spoken.english_words import MONTHS
from adapters.engines.kokoro.spoken.lexicon import word_set
from adapters.engines.kokoro.spoken.numerals import Amount, Numerals
from adapters.engines.kokoro.spoken.scanner import Rule

_YEAR_AFTER = re.compile(
    r"(?i:(?:^|[\s(])(?:in|since|by|from|until|till|of|year|circa|before|after|during|early|late|mid|between|summer|"
    rf"winter|spring|autumn|fall|class of|{'|'.join(MONTHS)}),? )$"
)
_COUNTED = re.compile(
    r" (?:[a-z]{2,30}[^s\W\d_]s|people|children|men|women|more|other|different|words|of (?:the|them))\b"
)
_NOT_COUNTED = word_set("was is has its this does as plus thus versus always perhaps")


def year(number: int, numerals: Numerals) -> str:
    """A year 1000..2099: `nineteen ninety-nine`, `nineteen oh five`, `two thousand nine`."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return numerals.cardinal(number)
    if rest == 0:
        return f"{numerals.cardinal(century)} hundred"
    tail = f"oh {numerals.cardinal(rest)}" if rest < 10 else numerals.cardinal(rest)
    return f"{numerals.cardinal(century)} {tail}"


def is_year(amount: Amount, text: str, start: int, end: int) -> bool:
    """Whether four solid digits are read as a year: always from 1700, before that only where words say so."""
    if len(amount.whole) != 4 or amount.fraction or amount.grouped or amount.negative or amount.is_code:
        return False
    if not 1000 <= amount.value <= 2099:
        return False
    counted = _COUNTED.match(text, end)
    if counted is not None and counted[0].strip() not in _NOT_COUNTED:
        return False
    return amount.value >= 1700 or _YEAR_AFTER.search(text[max(0, start - 24) : start]) is not None


def decade_rule(numerals: Numerals) -> Rule:
    """`1990s`, `'90s`, `1800s`."""

    def say(match: re.Match[str]) -> str:
        number = int(match["n"])
        words = year(number, numerals) if number >= 1000 else numerals.cardinal(number)
        return words[:-1] + "ies" if words.endswith("y") else words + "s"

    return Rule(r"(?:(?<!\w)['’])?(?<![\d.,$£€])(?P<n>(?:1\d|20)\d0|[1-9]0)['’]?s(?!\w)", say)


def calendar(numerals: Numerals, british: bool) -> Calendar:
    """Dates in figures, month first in the United States."""

    def say(day: int | None, month: int, written: int | None) -> str:
        name = MONTHS[month - 1]
        if day is not None:
            ordinal = numerals.ordinal(day)
            name = f"the {ordinal} of {name}" if british else f"{name} {ordinal}"
        if written is None:
            return name
        joiner = " " if day is None else ", "
        spoken = year(written, numerals) if 1000 <= written <= 2099 else numerals.cardinal(written)
        return f"{name}{joiner}{spoken}"

    return Calendar(
        say=say, month_first=not british, short_months={}, of="of", before_day_month="on|by|until|since|dated", at="at"
    )


_NAMES = {**{name: index for index, name in enumerate(MONTHS, 1)},
          **{name[:3] + ".": index for index, name in enumerate(MONTHS, 1)},
          **{name[:3]: index for index, name in enumerate(MONTHS, 1)}, "Sept.": 9, "Sept": 9}  # fmt: skip


def written_date_rules(numerals: Numerals, british: bool) -> list[Rule]:
    """`Nov 22, 2026`, `November 22nd`, `22 November 2026`, `the 22nd of Nov.`."""
    name = "(?P<month>" + "|".join(re.escape(key) for key in sorted(_NAMES, key=len, reverse=True)) + r")(?!\w)"
    year_after = r"(?:,? (?P<year>[12]\d{3})(?![\w%]|[.,:/-]\d))?"

    def ending(match: re.Match[str]) -> str:
        return f", {year(int(match['year']), numerals)}" if match["year"] else ""

    def month_day(match: re.Match[str]) -> str | None:
        day = int(match["day"])
        if not 1 <= day <= 31:
            return None
        the = "the " if british else ""
        return f"{MONTHS[_NAMES[match['month']] - 1]} {the}{numerals.ordinal(day)}{ending(match)}"

    def day_month(match: re.Match[str]) -> str | None:
        day = int(match["day"])
        if not 1 <= day <= 31:
            return None
        the = "" if re.search(r"(?i:\bthe )$", match.string[max(0, match.start() - 5) : match.start()]) else "the "
        return f"{the}{numerals.ordinal(day)} of {MONTHS[_NAMES[match['month']] - 1]}{ending(match)}"

    suffix = r"(?:st|nd|rd|th)?"
    return [
        Rule(rf"(?<!\w){name} (?P<day>\d{{1,2}}){suffix}(?![\w%°]|[.,:/-]\d| ?[ap]\.?m){year_after}", month_day),
        Rule(rf"(?<![\w.,/:$£€-])(?P<day>\d{{1,2}}){suffix}(?: of |[ -]){name}"
             r"(?:(?:,? |-)(?P<year>[12]\d{3})(?![\w%]|[.,:/-]\d))?", day_month),
    ]  # fmt: skip


def time_rules(numerals: Numerals) -> list[Rule]:
    """`14:30`, `2:30 pm`, `2pm`, `9:05`, `10:15:30`."""
    half = r"(?: ?(?P<half>[AaPp](?:[Mm]\b(?!\.\w)|\.[Mm]\.?)))"

    def clock(match: re.Match[str]) -> str:
        hour, minute = int(match["h"]), int(match["m"])
        name = numerals.cardinal(hour)
        if match["half"] or minute:
            words = name
        elif hour == 0:
            words = "midnight"
        else:
            words = f"{name} o'clock" if hour <= 12 else f"{name} hundred hours"
        if minute:
            words += f" oh {numerals.cardinal(minute)}" if minute < 10 else f" {numerals.cardinal(minute)}"
        if match["s"]:
            seconds = numerals.cardinal(int(match["s"]))
            words += f" and {seconds} {'second' if int(match['s']) == 1 else 'seconds'}"
        return words + _half(match)

    def hour_only(match: re.Match[str]) -> str:
        return numerals.cardinal(int(match["h"])) + _half(match)

    def from_hour(match: re.Match[str]) -> str:
        return f"{numerals.cardinal(int(match['h']))} to "

    later = r"(?=\d{1,2}(?::\d\d)? ?[AaPp]\.?[Mm])"
    return [
        Rule(rf"(?<![\d:.,/$£€])(?P<h>1[0-2]|0?[1-9])[-–]{later}", from_hour),
        Rule(rf"(?:(?<=[AaPp][Mm])|(?<=[AaPp]\.[Mm]\.)) ?[-–] ?{later}", lambda _: " to "),
        Rule(r"(?<=:\d\d) ?[-–] ?(?=\d{1,2}:\d\d)", lambda _: " to "),
        Rule(rf"(?<![\d:.,/$£€])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)Z?)?(?![\d:]){half}?", clock),
        Rule(rf"(?<![\d:.,/$£€])(?P<h>1[0-2]|0?[1-9]){half}", hour_only),
    ]


def _half(match: re.Match[str]) -> str:
    written = match["half"]
    if not written:
        return ""
    # Together and in capitals: espeak spells AM, and reads A M as an article and a letter.
    letters = " AM" if written[0] in "aA" else " PM"
    return letters + ("." if written.endswith(".") and ends_sentence(match) else "")
