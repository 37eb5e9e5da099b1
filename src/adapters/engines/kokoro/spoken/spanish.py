"""Spanish: words, agreement, dates and times."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.calendar import Calendar
from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun, preceded_by, word_set
from adapters.engines.kokoro.spoken.numerals import Amount, Gender, Numerals
from adapters.engines.kokoro.spoken.roman import ROMAN, roman_value
from adapters.engines.kokoro.spoken.romance import Tongue, currencies, grammar, next_word, units
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule

MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
          "noviembre", "diciembre")  # fmt: skip

_NOT_NOUNS = word_set("de del en al el la los las un una que por para con se es son fue era sin no si su lo le ya o "
                       "más menos hasta desde sobre entre ni como cuando donde pero sino está están hay millones "
                       "mil a contra hora día apenas mientras tras ellas estas esas")  # fmt: skip
_MASCULINE_A = word_set("días mapas problemas sistemas programas temas planetas idiomas gramas kilogramas poemas "
                         "climas dramas artistas turistas atletas mapa problema sistema programa tema planeta")  # fmt: skip
_FEMININE_ENDINGS = ("a", "as", "ción", "ciones", "sión", "siones", "dad", "dades", "tud", "tudes")
_FEMININE = word_set("veces vez mujeres mujer noches noche tardes tarde partes parte clases clase calles calle "
                      "llaves llave flores flor manos mano fotos foto motos moto leyes ley")  # fmt: skip


def _tidy(words: str) -> str:
    return re.sub(r"(veinti)?uno (?=mil)", lambda match: "veintiún " if match[1] else "un ", words)


def _agree(words: str, gender: Gender) -> str:
    if gender is None:
        return words
    if gender == "m":
        return re.sub(r"veintiuno$", "veintiún", re.sub(r"\buno$", "un", words))
    big = re.match(r"^.*(?:llón|llones)\b", words)
    kept = big[0] if big else ""
    rest = re.sub(r"(veinti|\b)uno$", r"\1una", words[len(kept) :])
    return kept + re.sub(r"(cient|quinient)os\b", r"\1as", rest)


_ORDINALS = ((1, "primero"), (3, "tercero"), (11, "undécimo"), (12, "duodécimo"), (13, "decimotercero"),
             (14, "decimocuarto"), (15, "decimoquinto"), (16, "decimosexto"), (17, "decimoséptimo"),
             (18, "decimoctavo"), (19, "decimonoveno"))  # fmt: skip

_UNIT_NAMES = {
    "kilometre": Noun("kilómetro", "kilómetros"), "metre": Noun("metro", "metros"),
    "centimetre": Noun("centímetro", "centímetros"), "millimetre": Noun("milímetro", "milímetros"),
    "square kilometre": Noun("kilómetro cuadrado", "kilómetros cuadrados"),
    "square metre": Noun("metro cuadrado", "metros cuadrados"), "cubic metre": Noun("metro cúbico", "metros cúbicos"),
    "hectare": Noun("hectárea", "hectáreas", "f"), "kilo": Noun("kilo", "kilos"), "gram": Noun("gramo", "gramos"),
    "milligram": Noun("miligramo", "miligramos"), "tonne": Noun("tonelada", "toneladas", "f"),
    "litre": Noun("litro", "litros"), "millilitre": Noun("mililitro", "mililitros"),
    "kilometre per hour": Noun("kilómetro por hora", "kilómetros por hora"),
    "metre per second": Noun("metro por segundo", "metros por segundo"),
    "celsius": Noun("grado Celsius", "grados Celsius"), "fahrenheit": Noun("grado Fahrenheit", "grados Fahrenheit"),
    "hour": Noun("hora", "horas", "f"), "minute": Noun("minuto", "minutos"), "second": Noun("segundo", "segundos"),
    "gigabyte": Noun("gigabyte", "gigabytes"), "megabyte": Noun("megabyte", "megabytes"),
    "watt": Noun("vatio", "vatios"), "kilowatt": Noun("kilovatio", "kilovatios"),
    "kilowatt hour": Noun("kilovatio hora", "kilovatios hora"), "volt": Noun("voltio", "voltios"),
    "hertz": Noun("hercio", "hercios"), "gigahertz": Noun("gigahercio", "gigahercios"),
}  # fmt: skip
_CENT = Noun("centavo", "centavos")
_MONEY = {
    "euro": Currency(Noun("euro", "euros"), Noun("céntimo", "céntimos")),
    "dollar": Currency(Noun("dólar", "dólares"), _CENT),
    "pound": Currency(Noun("libra", "libras", "f"), Noun("penique", "peniques")),
    "real": Currency(Noun("real", "reales"), _CENT), "yen": Currency(Noun("yen", "yenes")),
}  # fmt: skip
_PESO = Currency(Noun("peso", "pesos"), _CENT)
_PARTS = {2: "medio", 3: "tercio", 4: "cuarto", 5: "quinto", 6: "sexto", 7: "séptimo", 8: "octavo", 9: "noveno",
          10: "décimo"}  # fmt: skip
_RULERS = ("Felipe|Alfonso|Carlos|Juan Carlos|Isabel|Fernando|Juan Pablo|Luis|Pío|Benedicto|Enrique|Jorge|"
           "Napoleón|Francisco|Pedro|Catalina|María|Jaime|Sancho|Juan|León|Pablo|Guillermo")  # fmt: skip


def spanish(*, decimal_point: bool, peso: bool) -> Grammar:
    """The rules of Spanish.

    Args:
        decimal_point: whether 1,234.56 is written, as in Mexico, or 1.234,56.
        peso: whether $ is the peso.
    """
    numerals = Numerals(
        code="es", decimal_mark="." if decimal_point else ",", group_marks="," if decimal_point else ".\u00a0\u202f",
        point="punto" if decimal_point else "coma", minus="menos", pairs=True, agree=_agree, tidy=_tidy,
        ordinal_repairs=_ORDINALS,
    )  # fmt: skip

    def read(amount: Amount, text: str, _: int, end: int) -> str:
        return numerals.say(amount, _gender(next_word(text, end)))

    def date(day: int | None, month: int, year: int | None) -> str:
        parts = [] if day is None else ["primero" if day == 1 else numerals.cardinal(day)]
        parts += [MONTHS[month - 1], *([] if year is None else [numerals.cardinal(year)])]
        return " de ".join(parts)

    def clock(hour: int, minute: int) -> str:
        words = numerals.cardinal(hour, "f")
        return f"{words} y {numerals.cardinal(minute)}" if minute else f"{words} en punto"

    calendar = Calendar(
        say=date, month_first=False, short_months={**{month[:3]: number for number, month in enumerate(MONTHS, 1)},
                                                   "sept": 9},
        of="de", before_day_month="el|día|hasta|desde|del", at="a las",
    )  # fmt: skip
    return grammar(Tongue(
        lexicon=_lexicon(numerals, peso=peso), calendar=calendar, clock=clock, hours=":", reader=read, and_word="y",
        own=_own_rules(numerals),
        titles={"Sr": "Señor", "Sra": "Señora", "Srta": "Señorita", "Sres": "Señores", "Dr": "Doctor", "Dra": "Doctora",
                "D": "Don", "Dña": "Doña", "Prof": "Profesor", "Profa": "Profesora", "Avda": "Avenida", "Av": "Avenida",
                "Ing": "Ingeniero", "Lic": "Licenciado", "Gral": "General", "Sta": "Santa", "Sto": "Santo"},
        dotless={"Sr": "Señor", "Sra": "Señora", "Dr": "Doctor", "Dra": "Doctora"},
        numbered={"p.": "página", "pág.": "página", "págs.": "páginas", "n.º": "número", "nº": "número",
                  "n°": "número", "N.º": "Número", "núm.": "número", "cap.": "capítulo", "art.": "artículo",
                  "vol.": "volumen", "fig.": "figura"},
        others={"etc.": "etcétera", "p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "EE. UU.": "Estados Unidos",
                "EE.UU.": "Estados Unidos", "a. C.": "antes de Cristo", "d. C.": "después de Cristo",
                "a.C.": "antes de Cristo", "d.C.": "después de Cristo", "tel.": "teléfono", "vs.": "versus",
                "Ud.": "usted", "Uds.": "ustedes", "aprox.": "aproximadamente", "máx.": "máximo", "mín.": "mínimo",
                "y/o": "y o", "km/h": "kilómetros por hora"},
    ))  # fmt: skip


def _gender(word: str) -> Gender:
    if not word or word in _NOT_NOUNS or word in MONTHS:
        return None
    if word in _FEMININE or (word.endswith(_FEMININE_ENDINGS) and word not in _MASCULINE_A and len(word) > 3):
        return "f"
    return "m" if len(word) > 2 else None


def _lexicon(numerals: Numerals, *, peso: bool) -> Lexicon:
    def fraction(top: int, bottom: int) -> str | None:
        part = _PARTS.get(bottom)
        if part is None:
            return None
        return "medio" if bottom == 2 else f"{numerals.cardinal(top, 'm')} {part}{'s' if top > 1 else ''}"

    return Lexicon(
        numerals=numerals, percent="por ciento", to="a", per="por", times="por", by="por",
        repetition=Noun("vez", "veces", "f"), cents_joiner="con", units=units(_UNIT_NAMES),
        currencies={**currencies(_MONEY), **({"$": _PESO} if peso else {})},
        scales={"mil": ("mil", "mil"), "millón": ("millón", "millones"), "millones": ("millón", "millones"),
                "M": ("millón", "millones"), "billones": ("billón", "billones")},
        per_words={"kg": "kilo", "h": "hora", "m²": "metro cuadrado", "l": "litro"},
        signs={"&": "y", "%": "por ciento", "+": "más", "=": "igual a", "@": "arroba", "°": "grados", "×": "por",
               "÷": "entre", "<": "menor que", ">": "mayor que", "±": "más o menos", "~": "unos", ":": "a",
               "§": "sección"},
        letters={".": "punto", "@": "arroba", "/": "barra", "-": "guion", "_": "guion bajo", "+": "más",
                 "?": "interrogación", "=": "igual", "&": "y", "#": "almohadilla", "%": "por ciento",
                 "~": "tilde", ":": "dos puntos"},
        number_sign="número", hashtag="hashtag", degree=Noun("grado", "grados"),
        squared=("al cuadrado", "elevado a"), fraction=fraction, of_noun=lambda noun: f"de {noun}",
        read_ends=frozenset({"es"}),
    )  # fmt: skip


def _own_rules(numerals: Numerals) -> tuple[Rule, ...]:
    def ordinal(match: re.Match[str]) -> str:
        words = numerals.ordinal(int(match["n"]))
        if match["mark"] == "ª":
            return re.sub(r"o\b", "a", words)
        short = match["mark"] == "er" or False
        return words[:-1] if short and words.endswith(("primero", "tercero")) else words

    def century(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        return numerals.ordinal(value) if value <= 10 else numerals.cardinal(value)

    def ruler(match: re.Match[str]) -> str | None:
        words = century(match)
        feminine = match["name"] in ("Isabel", "Catalina", "María")
        return words and f"{match['name']} {re.sub(r'o$', 'a', words) if feminine else words}"

    def digits(match: re.Match[str]) -> str:
        return numerals.digits(match[0])

    return (
        Rule(r"(?<![\d.,])(?P<n>[1-9]\d{0,2})\.?(?P<mark>[ºª]|er)(?!\w)", ordinal),
        Rule(rf"(?<![\d.,])1(?= de (?:{'|'.join(MONTHS)})\b)", lambda _: "primero"),
        Rule(r"(?<![\d.,])[6-9]\d{2} (?:\d{3} \d{3}|\d{2} \d{2} \d{2})(?! ?\d)", digits),
        Rule(rf"{preceded_by(['siglo', 'siglos'])}(?P<roman>{ROMAN})", century),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}) (?P<roman>{ROMAN})", ruler),
    )
