"""Text as words only, so that `R$ 3,50`, `três reais e cinquenta centavos` and their case and dots can be compared."""

from __future__ import annotations

import re
import unicodedata

from num2words import num2words

#: Which sign marks decimals; the other one groups thousands.
_DECIMAL_COMMA = {"pt", "es", "fr", "it", "de"}
_SPEAKERS_CODE = {"pt": "pt_BR"}
_CURRENCY = {
    "pt": {"R$": ("real", "reais", "centavo", "centavos", " e "), "US$": ("dólar", "dólares", "centavo", "centavos", " e ")},
    "en": {"US$": ("dollar", "dollars", "cent", "cents", " and "), "$": ("dollar", "dollars", "cent", "cents", " and ")},
}  # fmt: skip
_PERCENT = {"pt": "por cento", "en": "percent", "es": "por ciento", "fr": "pour cent", "it": "per cento"}
_POINT = {"pt": "vírgula", "es": "coma", "fr": "virgule", "it": "virgola", "de": "Komma", "en": "point"}
_ABBREVIATIONS = {
    "pt": {"sr": "senhor", "sra": "senhora", "dr": "doutor", "dra": "doutora", "av": "avenida", "km": "quilômetros",
           "kg": "quilos"},
    "en": {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "street", "okay": "ok", "km": "kilometers", "kg": "kilograms"},
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CLOCK = {"pt": re.compile(r"\b(\d{1,2})(?:h|:)(\d{2})\b"), "en": re.compile(r"\b(\d{1,2}):(\d{2})\b")}
_NOT_WORD = re.compile(r"[^\w\s]|_")


def spoken_form(text: str, language: str) -> str:
    """`text` in lower case, numbers, money, percents, ordinals and times as words, without punctuation.

    >>> spoken_form("O trem das 7h30 custa R$ 3,50!", "pt-BR")
    'o trem das sete e trinta custa três reais e cinquenta centavos'
    """
    code = language.split("-", 1)[0].lower()
    text = unicodedata.normalize("NFKC", text.replace("’", "'"))
    text = _money(text, code)
    if code in _CLOCK:
        text = _CLOCK[code].sub(lambda match: _clock(int(match[1]), int(match[2]), code), text)
    text = re.sub(r"(?<=\d)\s?%", f" {_PERCENT.get(code, '%')}", text)
    text = _ordinals(text, code)
    text = _NUMBER.sub(lambda match: f" {_number(match[0], code)} ", text)
    text = text.lower().replace("'", "" if code == "en" else " ")
    words = _NOT_WORD.sub(" ", text).split()
    table = _ABBREVIATIONS.get(code, {})
    return " ".join(table.get(word, word) for word in words)


def _words(value: float, code: str, *, to: str = "cardinal") -> str:
    return str(num2words(value, lang=_SPEAKERS_CODE.get(code, code), to=to))


def _number(written: str, code: str) -> str:
    """`1.234,5` or `1,234.5` in words, by the language's decimal sign."""
    decimal, group = (",", ".") if code in _DECIMAL_COMMA else (".", ",")
    whole, _, fraction = written.partition(decimal)
    whole = whole.replace(group, "")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        return " ".join(_words(int(part), code) for part in re.findall(r"\d+", written))
    said = _words(int(whole), code)
    return f"{said} {_POINT.get(code, '')} {' '.join(_words(int(d), code) for d in fraction)}" if fraction else said


def _money(text: str, code: str) -> str:
    for sign, (one, many, cent, cents, and_) in _CURRENCY.get(code, {}).items():
        pattern = re.compile(re.escape(sign) + r"\s?(\d+(?:[.,]\d{3})*)(?:[.,](\d{2}))?(?!\d)")

        def said(match: re.Match[str], names: tuple[str, ...] = (one, many, cent, cents, and_)) -> str:
            whole, part = int(re.sub(r"\D", "", match[1])), int(match[2] or 0)
            amount = f"{_words(whole, code)} {names[0] if whole == 1 else names[1]}"
            small = f"{_words(part, code)} {names[2] if part == 1 else names[3]}"
            return f"{amount}{names[4]}{small}" if part else amount

        text = pattern.sub(said, text)
    return text


def _clock(hours: int, minutes: int, code: str) -> str:
    joint = " e " if code == "pt" else " "
    return _words(hours, code) + (f"{joint}{_words(minutes, code)}" if minutes else "")


def _ordinals(text: str, code: str) -> str:
    if code == "en":
        return re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: _words(int(m[1]), code, to="ordinal"), text)
    if code == "pt":
        # NFKC has turned the ordinal signs into plain letters: 1º -> 1o, 2ª -> 2a.
        text = re.sub(r"\b(\d+)o\b", lambda m: _words(int(m[1]), code, to="ordinal"), text)
        return re.sub(r"\b(\d+)a\b", lambda m: re.sub(r"o\b", "a", _words(int(m[1]), code, to="ordinal")), text)
    return text
