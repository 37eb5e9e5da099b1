"""Signs that are left when numbers, money and addresses were read."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.lexicon import SPACE, Lexicon, one_of
from adapters.engines.kokoro.spoken.scanner import Rule


def symbol_rules(lexicon: Lexicon) -> list[Rule]:
    """`&`, `%`, `+`, `=`, `#5`, `€` and the rest, each with a space on the sides where a word or number stands."""
    signs = {sign: word for sign, word in lexicon.signs.items() if sign != ":"}
    names = {**{sign: currency.noun.many for sign, currency in lexicon.currencies.items()
                if not sign.isalpha()}, **signs}  # fmt: skip

    def say(match: re.Match[str]) -> str:
        return _spaced(match, names[match[0]])

    return [
        Rule(rf"#{SPACE}?(?=\d)", lambda _: f"{lexicon.number_sign} "),
        Rule(rf"~{SPACE}?(?=\d)", lambda _: f"{names['~']} "),
        Rule(one_of(sign for sign in names if sign != "~"), say),
    ]


def _spaced(match: re.Match[str], word: str) -> str:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    left = "" if not before or before.isspace() or before in "([{\"'“‘" else " "
    right = "" if not after or not (after.isalnum() or after in "-−+=<>&%@°") else " "
    return f"{left}{word}{right}"
