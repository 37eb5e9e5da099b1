"""French: words, dates, times and ordinals."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.calendar import Calendar
from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun, preceded_by, word_set
from adapters.engines.kokoro.spoken.numerals import Amount, Gender, Numerals
from adapters.engines.kokoro.spoken.roman import ROMAN, roman_value
from adapters.engines.kokoro.spoken.romance import CLOCK, Tongue, currencies, grammar, next_word, units
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre")  # fmt: skip

#: Feminine nouns that are often counted; only a final "un" depends on them.
_FEMININE = word_set(
    "heure heures minute minutes seconde secondes personne personnes fois page pages semaine semaines année années "
    "journée journées femme femmes fille filles maison maisons voiture voitures tonne tonnes ville villes école écoles "
    "chambre chambres table tables chaise chaises pomme pommes bouteille bouteilles tasse tasses cuillère cuillères "
    "pièce pièces place places question questions réponse réponses lettre lettres image images photo photos chose choses "
    "idée idées famille familles rue rues porte portes fenêtre fenêtres victime victimes étoile étoiles"
)


def _agree(words: str, gender: Gender) -> str:
    return re.sub(r"\bun$", "une", words) if gender == "f" else words


NUMERALS = Numerals(
    code="fr", decimal_mark=",", group_marks=" .\u00a0\u2009\u202f", point="virgule", minus="moins", pairs=True,
    agree=_agree,
)  # fmt: skip


def _noun(one: str, gender: Gender = "m") -> Noun:
    if " par " in one or one.endswith(("Celsius", "Fahrenheit")):
        head, rest = one.split(" ", 1)
        return Noun(one, f"{head}s {rest}", gender)
    return Noun(one, " ".join(word + "s" for word in one.split(" ")), gender)


_UNIT_NAMES = {
    "kilometre": _noun("kilomètre"), "metre": _noun("mètre"), "centimetre": _noun("centimètre"),
    "millimetre": _noun("millimètre"), "square kilometre": _noun("kilomètre carré"),
    "square metre": _noun("mètre carré"), "cubic metre": _noun("mètre cube"), "hectare": _noun("hectare"),
    "kilo": _noun("kilo"), "gram": _noun("gramme"), "milligram": _noun("milligramme"), "tonne": _noun("tonne", "f"),
    "litre": _noun("litre"), "millilitre": _noun("millilitre"), "kilometre per hour": _noun("kilomètre par heure"),
    "metre per second": _noun("mètre par seconde"), "celsius": _noun("degré Celsius"),
    "fahrenheit": _noun("degré Fahrenheit"), "hour": _noun("heure", "f"), "minute": _noun("minute", "f"),
    "second": _noun("seconde", "f"), "gigabyte": _noun("gigaoctet"), "megabyte": _noun("mégaoctet"),
    "watt": _noun("watt"), "kilowatt": _noun("kilowatt"), "kilowatt hour": Noun("kilowattheure", "kilowattheures"),
    "volt": _noun("volt"), "hertz": Noun("hertz", "hertz"), "gigahertz": Noun("gigahertz", "gigahertz"),
}  # fmt: skip
_CENT = Noun("cent", "cents")
_MONEY = {
    "euro": Currency(Noun("euro", "euros"), Noun("centime", "centimes")),
    "dollar": Currency(Noun("dollar", "dollars"), _CENT),
    "pound": Currency(Noun("livre", "livres", "f"), Noun("penny", "pence")),
    "real": Currency(Noun("réal", "réaux"), Noun("centavo", "centavos")), "yen": Currency(Noun("yen", "yens")),
}  # fmt: skip
_PARTS = {2: "demi", 3: "tiers", 4: "quart"}
_RULERS = ("Louis|François|Napoléon|Henri|Charles|Philippe|Élisabeth|Elisabeth|Elizabeth|Jean-Paul|Benoît|Pie|"
           "Guillaume|Frédéric|Nicolas|Catherine|Édouard|Georges|Jean|Paul|Léon|Albert|Léopold")  # fmt: skip


def _date(day: int | None, month: int, year: int | None) -> str:
    parts = [] if day is None else ["premier" if day == 1 else NUMERALS.cardinal(day)]
    return " ".join([*parts, MONTHS[month - 1], *([] if year is None else [NUMERALS.cardinal(year)])])


def _clock(hour: int, minute: int) -> str:
    words = f"{NUMERALS.cardinal(hour, 'f')} {'heure' if hour < 2 else 'heures'}"
    return f"{words} {NUMERALS.cardinal(minute, 'f')}" if minute else words


def _read(amount: Amount, text: str, _: int, end: int) -> str:
    return NUMERALS.say(amount, "f" if next_word(text, end) in _FEMININE else None)


def _fraction(top: int, bottom: int) -> str | None:
    if bottom > 10:
        return None
    part = _PARTS.get(bottom) or NUMERALS.ordinal(bottom)
    return f"{NUMERALS.cardinal(top)} {part}{'s' if top > 1 and not part.endswith('s') else ''}"


_LEXICON = Lexicon(
    numerals=NUMERALS, percent="pour cent", to="à", per="par", times="fois", by="sur",
    repetition=Noun("fois", "fois", "f"), cents_joiner="et", units=units(_UNIT_NAMES), currencies=currencies(_MONEY),
    scales={"mille": ("mille", "mille"), "million": ("million", "millions"), "millions": ("million", "millions"),
            "milliard": ("milliard", "milliards"), "milliards": ("milliard", "milliards"),
            "M": ("million", "millions"), "Md": ("milliard", "milliards"), "k": ("mille", "mille")},
    per_words={"kg": "kilo", "h": "heure", "m²": "mètre carré", "l": "litre"},
    signs={"&": "et", "%": "pour cent", "+": "plus", "=": "égale", "@": "arobase", "°": "degrés", "×": "fois",
           "÷": "divisé par", "<": "inférieur à", ">": "supérieur à", "±": "plus ou moins", "~": "environ",
           ":": "à", "§": "paragraphe"},
    letters={".": "point", "@": "arobase", "/": "slash", "-": "tiret", "_": "tiret bas", "+": "plus",
             "?": "point d'interrogation", "=": "égale", "&": "et", "#": "dièse", "%": "pour cent", "~": "tilde",
             ":": "deux-points"},
    number_sign="numéro", hashtag="hashtag", degree=Noun("degré", "degrés"), squared=("au carré", "puissance"),
    fraction=_fraction, singular_below_two=True,
    of_noun=lambda noun: f"d'{noun}" if noun[0] in "aeiouhyéè" and noun != "yens" else f"de {noun}",
    after_whole=lambda words: words.removeprefix("un ") if words == "un demi" else words,
)  # fmt: skip


def _own_rules() -> tuple[Rule, ...]:
    def ordinal(match: re.Match[str]) -> str | None:
        mark, number = match["mark"], int(match["n"])
        if number == 1:
            words = "première" if mark in ("re", "ère") else "premier"
        elif mark in ("nd", "nde"):
            words = {"nd": "second", "nde": "seconde"}[mark]
        else:
            words = NUMERALS.ordinal(number)
        return words + ("s" if match["plural"] else "")

    def century(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else ("premier" if value == 1 else NUMERALS.ordinal(value))

    def ruler(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        return f"{match['name']} {'premier' if value == 1 else NUMERALS.cardinal(value)}"

    def part(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else NUMERALS.cardinal(value)

    def phone(match: re.Match[str]) -> str:
        return ", ".join(NUMERALS.say(Amount(pair)) for pair in re.findall(r"\d\d", match[0]))

    parts = ["chapitre", "tome", "volume", "acte", "scène", "livre", "partie", "titre"]
    return (
        Rule(r"(?<![\d.,])0\d(?:[ .-]\d{2}){4}(?!\d)", phone),
        Rule(rf"{CLOCK} ?h ?(?P<m>[0-5]\d)(?!\w|:\d)", lambda match: _clock(int(match["h"]), int(match["m"]))),
        Rule(r"(?<![\d.,])(?P<n>[1-9]\d{0,2})(?P<mark>er|re|ère|ème|eme|nde|nd|e|ᵉ|º|°(?= [a-z]))(?P<plural>s)?(?!\w)",
             ordinal),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}) (?P<roman>I(?=er)|{ROMAN})(?:er)?", ruler),
        Rule(r"(?<!\w)(?P<roman>[IVXLC]{1,7})(?:ers|er|ère|ème|es|e|ᵉ)(?!\w)", century),
        Rule(rf"{preceded_by(parts)}(?P<roman>{ROMAN})", part),
    )  # fmt: skip


def french() -> Grammar:
    """The rules of French."""
    calendar = Calendar(
        say=_date, month_first=False, at="à", of="de", before_day_month="le|du|au|depuis le|jusqu'au",
        short_months={"janv": 1, "févr": 2, "fév": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "déc": 12},
    )  # fmt: skip
    return grammar(Tongue(
        lexicon=_LEXICON, calendar=calendar, clock=_clock, hours=":", reader=_read, and_word="et", own=_own_rules(),
        titles={"M": "Monsieur", "MM": "Messieurs", "Mme": "Madame", "Mlle": "Mademoiselle", "Dr": "Docteur",
                "Pr": "Professeur", "Me": "Maître", "St": "Saint", "Ste": "Sainte", "av": "avenue", "bd": "boulevard"},
        dotless={"Mme": "Madame", "Mmes": "Mesdames", "Mlle": "Mademoiselle", "Dr": "Docteur", "Pr": "Professeur",
                 "Mgr": "Monseigneur", "MM": "Messieurs", "Me": "Maître"},
        numbered={"p.": "page", "pp.": "pages", "n°": "numéro", "nº": "numéro", "N°": "Numéro", "no": "numéro",
                  "chap.": "chapitre", "art.": "article", "vol.": "volume", "fig.": "figure"},
        others={"etc.": "et cetera", "p. ex.": "par exemple", "p.ex.": "par exemple", "c.-à-d.": "c'est-à-dire",
                "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ", "env.": "environ",
                "tél.": "téléphone", "vs": "versus", "vs.": "versus", "max.": "maximum", "min.": "minimum",
                "et/ou": "et ou", "km/h": "kilomètres par heure"},
    ))  # fmt: skip
