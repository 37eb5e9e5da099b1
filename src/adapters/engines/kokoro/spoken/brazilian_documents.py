"""Brazilian documents, postal codes and telephone numbers."""

from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.numerals import Amount
from adapters.engines.kokoro.spoken.portuguese_words import NUMERALS
from adapters.engines.kokoro.spoken.scanner import Rule


def document_rules() -> list[Rule]:
    """CPF, CNPJ, CEP and card numbers, digit by digit with the pauses of their groups."""

    def say(match: re.Match[str]) -> str:
        return NUMERALS.digits(match[0])

    return [
        Rule(r"(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)", say),
        Rule(r"(?<![\d.])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\d)", say),
        Rule(r"(?<![\d.])\d{1,2}\.\d{3}\.\d{3}-[\dXx](?!\w)", _identity_card),
        Rule(r"(?<![\d.,-])\d{2}\.?\d{3}-\d{3}(?![\d-])", say),
        Rule(r"(?<!\d)(?<!\d )\d{4}([ -])\d{4}[ -]\d{4}[ -]\d{4}(?! ?\d)", say),
    ]


def _identity_card(match: re.Match[str]) -> str:
    digits = NUMERALS.digits(match[0])
    return f"{digits}, xis" if match[0][-1] in "xX" else digits


def phone_rules() -> list[Rule]:
    """`+55 (11) 98765-4321`, `(11) 3456-7890`, `98765-4321`, `0800 123 4567`: area code as a number, then digits."""

    def phone(match: re.Match[str]) -> str:
        parts = []
        if match["country"]:
            parts.append(f"mais {NUMERALS.cardinal(int(match['country']))}")
        if match["area"]:
            parts.append(NUMERALS.say(Amount(match["area"])))
        return ", ".join([*parts, NUMERALS.digits(match["local"])])

    def local(match: re.Match[str]) -> str | None:
        low, high = match["a"], match["b"]
        years = len(low) == 4 and "1000" <= low < high <= "2199"
        return None if years or low[0] in "01" else NUMERALS.digits(match[0])

    def toll_free(match: re.Match[str]) -> str:
        prefix = f"zero {NUMERALS.cardinal(int(match['prefix']))}"
        return f"{prefix}, {NUMERALS.digits(match['rest'])}"

    number = r"(?P<local>9?[ ]?\d{4}[ -]?\d{4})(?!\d)"
    return [
        Rule(rf"(?:\+(?P<country>[1-9]\d{{0,2}}) ?)(?:\(?(?P<area>\d{{2}})\)?[ -]?)?{number}", phone),
        Rule(rf"(?P<country>(?!))?(?<!\d)\(0?(?P<area>\d{{2}})\) ?{number}", phone),
        Rule(rf"(?P<country>(?!))?(?<![\d.,-])(?P<area>[1-9]\d) {number.replace('[ -]?', '-', 1)}", phone),
        Rule(r"(?<![\d.,/-])(?P<a>9\d{4}|[2-5]\d{3})-(?P<b>\d{4})(?![\d/-])", local),
        Rule(r"(?<!\d)0(?P<prefix>[3589]00)[ -]?(?P<rest>\d{3}[ -]?\d{3,4})(?!\d)", toll_free),
    ]
