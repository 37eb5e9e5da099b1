"""Dates written in figures or with a month's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.engines.kokoro.spoken.scanner import Rule

_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How one language says dates.

    Attributes:
        say: a date in words, from a day (None: only the month), a month 1..12 and a year (None: none was written).
        month_first: whether 11/22 is November 22.
        short_months: abbreviations, lower case without the dot, with their months 1..12.
        of: the pattern of the word that may stand between day and month, and between month and year.
        before_day_month: words after which even 7/9 is a date, as a pattern.
        at: joins an ISO date and its time.
    """

    say: Callable[[int | None, int, int | None], str]
    month_first: bool
    short_months: Mapping[str, int]
    of: str
    before_day_month: str
    at: str


def date_rules(calendar: Calendar) -> list[Rule]:
    """`2026-11-22`, `22/11/2026`, `22.11.26`, `22/11`, `11/2026`, `22 nov. 2026`."""

    def iso(match: re.Match[str]) -> str | None:
        said = _say(calendar, int(match["day"]), int(match["month"]), match["year"])
        # Only the letter T goes: the time after it is read by the rules for times.
        return f"{said} {calendar.at} " if said and match["t"] else said

    def full(match: re.Match[str]) -> str | None:
        return _in_figures(calendar, int(match["first"]), int(match["second"]), match["year"])

    def day_month(match: re.Match[str]) -> str | None:
        if match[0] in ("24/7", "9/11") or not _reads_as_date(calendar, match):
            return None
        return _in_figures(calendar, int(match["first"]), int(match["second"]), None)

    def month_year(match: re.Match[str]) -> str | None:
        month = int(match["month"])
        return calendar.say(None, month, int(match["year"])) if 1 <= month <= 12 else None

    def short(match: re.Match[str]) -> str | None:
        month = calendar.short_months[match["name"].lower()]
        return _say(calendar, int(match["day"]), month, match["year"])

    names = "|".join(sorted(calendar.short_months, key=len, reverse=True))
    gap = rf"(?: (?:{calendar.of} )?|[/-]|\. ?)"
    rules = [
        Rule(r"(?<![\d-])(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d|-\d)(?:(?P<t>T)(?=\d))?", iso),
        Rule(r"(?<![\d/.-])(?P<first>\d{1,2})[º°]?[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4}|\d{2})(?![\d/]|[.,-]\d)",
             full),
        Rule(r"(?<![\d/.,])(?<!\$ )(?<!\$)(?P<first>\d{1,2})/(?P<second>\d{1,2})(?![\d/%]|[.,]\d)", day_month),
        Rule(r"(?<![\d/.,])(?P<month>\d{2})/(?P<year>(?:19|20)\d{2})(?![\d/])", month_year),
    ]  # fmt: skip
    if names:
        rules.append(Rule(rf"(?<![\d/.,])(?P<day>\d{{1,2}}){gap}(?P<name>(?i:{names}))(?!\w)"
                          rf"(?:\.(?= ?(?:{calendar.of} )?\d|[/ ][^\W\dA-Z]|,)|(?=\W|$))"
                          rf"(?:(?:[ /-]|,? (?:{calendar.of} )?)(?P<year>\d{{4}})(?!\d))?", short))  # fmt: skip
    return rules


def _reads_as_date(calendar: Calendar, match: re.Match[str]) -> bool:
    """Whether `5/8` is a date: by the words before it, or because it is no usual fraction."""
    first, second = match["first"], match["second"]
    before = match.string[max(0, match.start() - 24) : match.start()]
    if re.search(rf"(?i:(?:^|\W)(?:{calendar.before_day_month}) )$", before):
        return True
    if first[0] == "0" or second[0] == "0":
        return True
    if calendar.month_first:
        return len(first) == len(second) == 2 or (int(second) > 12 and int(second) not in (16, 32, 64, 100))
    return len(first) == len(second) == 2 or int(first) > 12


def _in_figures(calendar: Calendar, first: int, second: int, year: str | None) -> str | None:
    day, month = (second, first) if calendar.month_first else (first, second)
    return _say(calendar, day, month, year) or _say(calendar, month, day, year)


def _say(calendar: Calendar, day: int, month: int, year: str | None) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= _DAYS_IN_MONTH[month - 1]):
        return None
    if year is None:
        return calendar.say(day, month, None)
    if len(year) == 2:  # POSIX: 69-99 are of the 1900s.
        return calendar.say(day, month, int(year) + (1900 if int(year) >= 69 else 2000))
    return calendar.say(day, month, int(year))
