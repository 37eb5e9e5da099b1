"""Abbreviations, and the full stop that may also end the sentence."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.engines.kokoro.spoken.lexicon import one_of
from adapters.engines.kokoro.spoken.scanner import Rule

_ENDS_SENTENCE = re.compile(r"[\"'”’)\]]?(?:\s*$|\n|\s+[A-ZÀ-ÖØ-Þ¿¡\"“«])")
_ENDS_TEXT = re.compile(r"[\"'”’)\]]?\s*$")


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the text ends after the match, or a new sentence seems to begin."""
    return _ENDS_SENTENCE.match(match.string, match.end()) is not None


def abbreviation_rules(
    titles: Mapping[str, str], dotless: Mapping[str, str], numbered: Mapping[str, str], others: Mapping[str, str]
) -> list[Rule]:
    """The rules for four kinds of abbreviation.

    Args:
        titles: stand before a name, so that a capital after them does not begin a sentence: `Sr.`
        dotless: titles that are also written without a dot, when a capital follows: `Dr Silva`.
        numbered: only before a number: `p. 10`, `nº 5`; keys are written as in the text, dot included.
        others: anywhere; their dot stays where it also ends the sentence: `etc.`; dot included.
    """
    capitalised = {**others, **{key[0].upper() + key[1:]: value[0].upper() + value[1:]
                                for key, value in others.items()}}  # fmt: skip

    def title(match: re.Match[str]) -> str:
        stop = "." if _ENDS_TEXT.match(match.string, match.end()) else ""
        return titles[match[0][:-1]] + stop

    def other(match: re.Match[str]) -> str:
        ends = match[0].endswith(".") and ends_sentence(match)
        return capitalised[match[0]] + ("." if ends else "")

    rules = []
    if numbered:
        rules.append(Rule(rf"(?<![\w.]){one_of(numbered)}(?= ?\d)", lambda match: f"{numbered[match[0]]} "
                          if match.string[match.end()] != " " else numbered[match[0]]))  # fmt: skip
    if dotless:
        rules.append(Rule(rf"(?<![\w.]){one_of(dotless)}(?= [A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ])", lambda match: dotless[match[0]]))
    rules.append(Rule(rf"(?<![\w.@]){one_of(titles)}\.(?!\w)", title))
    rules.append(Rule(rf"(?<![\w.@/]){one_of(capitalised)}(?!\w)", other))
    return rules
