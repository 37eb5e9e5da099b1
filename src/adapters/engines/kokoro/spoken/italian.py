"""Italian: words, dates, times and ordinals."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.calendar import Calendar
from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun, preceded_by, word_set
from adapters.engines.kokoro.spoken.numerals import Amount, Gender, Numerals
from adapters.engines.kokoro.spoken.roman import ROMAN, roman_value
from adapters.engines.kokoro.spoken.romance import CLOCK, Tongue, currencies, grammar, next_word, units
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule

MONTHS = ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
          "novembre", "dicembre")  # fmt: skip

_NOT_NOUNS = word_set("di da in con su per tra fra il lo la gli le un una che al del nel sul alla dalla della nella "
                       "ed ma se si non sono era dopo prima ora più meno mentre senza sopra sotto contra")  # fmt: skip


def _agree(words: str, gender: Gender) -> str:
    if gender is None or words != "uno":
        return words
    return "una" if gender == "f" else "un"


NUMERALS = Numerals(
    code="it", decimal_mark=",", group_marks=".\u00a0\u202f", point="virgola", minus="meno", pairs=True, agree=_agree
)

_UNIT_NAMES = {
    "kilometre": Noun("chilometro", "chilometri"), "metre": Noun("metro", "metri"),
    "centimetre": Noun("centimetro", "centimetri"), "millimetre": Noun("millimetro", "millimetri"),
    "square kilometre": Noun("chilometro quadrato", "chilometri quadrati"),
    "square metre": Noun("metro quadrato", "metri quadrati"), "cubic metre": Noun("metro cubo", "metri cubi"),
    "hectare": Noun("ettaro", "ettari"), "kilo": Noun("chilo", "chili"), "gram": Noun("grammo", "grammi"),
    "milligram": Noun("milligrammo", "milligrammi"), "tonne": Noun("tonnellata", "tonnellate", "f"),
    "litre": Noun("litro", "litri"), "millilitre": Noun("millilitro", "millilitri"),
    "kilometre per hour": Noun("chilometro orario", "chilometri orari"),
    "metre per second": Noun("metro al secondo", "metri al secondo"),
    "celsius": Noun("grado Celsius", "gradi Celsius"), "fahrenheit": Noun("grado Fahrenheit", "gradi Fahrenheit"),
    "hour": Noun("ora", "ore", "f"), "minute": Noun("minuto", "minuti"), "second": Noun("secondo", "secondi"),
    "gigabyte": Noun("gigabyte", "gigabyte"), "megabyte": Noun("megabyte", "megabyte"), "watt": Noun("watt", "watt"),
    "kilowatt": Noun("chilowatt", "chilowatt"), "kilowatt hour": Noun("chilowattora", "chilowattora"),
    "volt": Noun("volt", "volt"), "hertz": Noun("hertz", "hertz"), "gigahertz": Noun("gigahertz", "gigahertz"),
}  # fmt: skip
_CENT = Noun("centesimo", "centesimi")
_MONEY = {
    "euro": Currency(Noun("euro", "euro"), _CENT), "dollar": Currency(Noun("dollaro", "dollari"), _CENT),
    "pound": Currency(Noun("sterlina", "sterline", "f"), Noun("penny", "pence")),
    "real": Currency(Noun("real", "real"), Noun("centavo", "centavos")), "yen": Currency(Noun("yen", "yen")),
}  # fmt: skip
_RULERS = ("Vittorio Emanuele|Umberto|Giovanni Paolo|Benedetto|Pio|Luigi|Carlo|Elisabetta|Enrico|Federico|Filippo|"
           "Francesco|Napoleone|Giovanni|Paolo|Leone|Caterina|Giorgio|Alessandro|Innocenzo|Bonifacio")  # fmt: skip


def _date(day: int | None, month: int, year: int | None) -> str:
    parts = [] if day is None else ["primo" if day == 1 else NUMERALS.cardinal(day)]
    return " ".join([*parts, MONTHS[month - 1], *([] if year is None else [NUMERALS.cardinal(year)])])


def _clock(hour: int, minute: int) -> str:
    words = "una" if hour == 1 else NUMERALS.cardinal(hour)
    return f"{words} e {NUMERALS.cardinal(minute)}" if minute else words


def _read(amount: Amount, text: str, _: int, end: int) -> str:
    word = next_word(text, end)
    if len(word) < 3 or word in _NOT_NOUNS:
        return NUMERALS.say(amount)
    return NUMERALS.say(amount, "f" if word.endswith(("a", "zione", "sione", "tà")) else "m")


def _fraction(top: int, bottom: int) -> str | None:
    if bottom > 10:
        return None
    part = {2: "mezzo"}.get(bottom) or NUMERALS.ordinal(bottom)
    return f"{NUMERALS.cardinal(top, 'm')} {part if top == 1 else part[:-1] + 'i'}"


_LEXICON = Lexicon(
    numerals=NUMERALS, percent="per cento", to="a", per="al", times="per", by="per",
    repetition=Noun("volta", "volte", "f"), cents_joiner="e", units=units(_UNIT_NAMES), currencies=currencies(_MONEY),
    scales={"mila": ("mila", "mila"), "milione": ("milione", "milioni"), "milioni": ("milione", "milioni"),
            "miliardo": ("miliardo", "miliardi"), "miliardi": ("miliardo", "miliardi"), "mln": ("milione", "milioni"),
            "mld": ("miliardo", "miliardi")},
    per_words={"kg": "chilo", "m²": "metro quadrato", "l": "litro"},
    signs={"&": "e", "%": "per cento", "+": "più", "=": "uguale", "@": "chiocciola", "°": "gradi", "×": "per",
           "÷": "diviso", "<": "minore di", ">": "maggiore di", "±": "più o meno", "~": "circa", ":": "a",
           "§": "paragrafo"},
    letters={".": "punto", "@": "chiocciola", "/": "barra", "-": "trattino", "_": "trattino basso", "+": "più",
             "?": "punto interrogativo", "=": "uguale", "&": "e", "#": "cancelletto", "%": "per cento",
             "~": "tilde", ":": "due punti"},
    number_sign="numero", hashtag="hashtag", degree=Noun("grado", "gradi"), squared=("al quadrato", "elevato a"),
    fraction=_fraction, of_noun=lambda noun: f"di {noun}", read_ends=frozenset({"it"}),
    after_whole=lambda words: words.removeprefix("un ") if words == "un mezzo" else words,
)  # fmt: skip


def _own_rules() -> tuple[Rule, ...]:
    def feminine(words: str, wanted: bool) -> str:
        return words[:-1] + "a" if wanted else words

    def ordinal(match: re.Match[str]) -> str:
        return feminine(NUMERALS.ordinal(int(match["n"])), match["mark"] == "ª")

    def century(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else NUMERALS.ordinal(value)

    def ruler(match: re.Match[str]) -> str | None:
        words = century(match)
        return words and f"{match['name']} {feminine(words, match['name'] in ('Elisabetta', 'Caterina'))}"

    def part(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else NUMERALS.cardinal(value)

    def digits(match: re.Match[str]) -> str:
        return NUMERALS.digits(match[0])

    clock = r"(?:(?<=ore )|(?<=alle )|(?<=dalle ))(?P<h>[01]?\d|2[0-4])\.(?P<m>[0-5]\d)(?![\d.,])"
    return (
        Rule(clock, lambda match: _clock(int(match["h"]), int(match["m"]))),
        Rule(rf"{CLOCK} ?h ?(?P<m>[0-5]\d)(?!\w|:\d)", lambda match: _clock(int(match["h"]), int(match["m"]))),
        Rule(r"(?<![\d.,])(?:3\d{2} \d{3} ?\d{3,4}|0\d{1,3}[ /-]\d{4} ?\d{2,4})(?! ?\d)", digits),
        Rule(r"(?<![\d.,])(?P<n>[1-9]\d{0,2})(?P<mark>[ºª]|°(?= [a-z]))(?!\w)", ordinal),
        Rule(rf"(?<![\d.,])1(?= (?:{'|'.join(MONTHS)})\b)", lambda _: "primo"),
        Rule(rf"{preceded_by(['secolo'])}(?P<roman>{ROMAN})", century),
        Rule(rf"(?<!\w)(?P<roman>{ROMAN})(?= secolo)", century),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}) (?P<roman>{ROMAN})", ruler),
        Rule(rf"{preceded_by(['capitolo', 'volume', 'atto', 'libro', 'parte', 'titolo'])}(?P<roman>{ROMAN})", part),
    )


def italian() -> Grammar:
    """The rules of Italian."""
    calendar = Calendar(
        say=_date, month_first=False, at="alle", of="di", before_day_month="il|del|al|dal|entro il",
        short_months={month[:3]: number for number, month in enumerate(MONTHS, 1)},
    )  # fmt: skip
    return grammar(Tongue(
        lexicon=_LEXICON, calendar=calendar, clock=_clock, hours=":", reader=_read, and_word="e", own=_own_rules(),
        titles={"Sig": "Signor", "Sig.ra": "Signora", "sig": "signor", "Dott": "Dottor", "Dott.ssa": "Dottoressa",
                "Dr": "Dottor", "Prof": "Professor", "Ing": "Ingegner", "Avv": "Avvocato", "Geom": "Geometra",
                "On": "Onorevole", "Sigg": "Signori", "Prof.ssa": "Professoressa", "S": "San"},
        dotless={"Sig.ra": "Signora", "sig.ra": "signora", "Dott.ssa": "Dottoressa", "Prof.ssa": "Professoressa",
                 "Sig.na": "Signorina", "Dr": "Dottor"},
        numbered={"p.": "pagina", "pag.": "pagina", "pagg.": "pagine", "n.": "numero", "nº": "numero", "n°": "numero",
                  "cap.": "capitolo", "art.": "articolo", "vol.": "volume", "fig.": "figura"},
        others={"ecc.": "eccetera", "etc.": "eccetera", "p. es.": "per esempio", "p.es.": "per esempio",
                "ad es.": "ad esempio", "a.C.": "avanti Cristo", "d.C.": "dopo Cristo", "tel.": "telefono",
                "vs.": "contro", "ca.": "circa", "max.": "massimo", "min.": "minimo", "e/o": "e o",
                "km/h": "chilometri orari", "S.p.A.": "società per azioni"},
    ))  # fmt: skip
