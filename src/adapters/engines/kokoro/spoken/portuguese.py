"""Brazilian Portuguese: how dates, times, ordinals, titles, documents and telephone numbers are said."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.abbreviations import abbreviation_rules
from adapters.engines.kokoro.spoken.addresses import address_rules
from adapters.engines.kokoro.spoken.brazilian_documents import document_rules, phone_rules
from adapters.engines.kokoro.spoken.calendar import Calendar, date_rules
from adapters.engines.kokoro.spoken.figures import figure_rules, superscript_rule
from adapters.engines.kokoro.spoken.lexicon import preceded_by
from adapters.engines.kokoro.spoken.numerals import Amount
from adapters.engines.kokoro.spoken.portuguese_gender import gender_after, needs_of
from adapters.engines.kokoro.spoken.portuguese_words import (
    CLOSING,
    DOTLESS,
    LEXICON,
    MONTHS,
    NUMBERED,
    NUMERALS,
    TITLES,
)
from adapters.engines.kokoro.spoken.quantities import measure_rules, money_rules, scaled_words
from adapters.engines.kokoro.spoken.roman import ROMAN, roman_value
from adapters.engines.kokoro.spoken.scanner import Grammar, Rule
from adapters.engines.kokoro.spoken.symbols import symbol_rules


def portuguese() -> Grammar:
    """The rules of Brazilian Portuguese, highest priority first."""
    return Grammar(
        [
            *address_rules(LEXICON),
            *document_rules(),
            *phone_rules(),
            *date_rules(_CALENDAR),
            Rule(rf"(?<![\d.,])0?1(?= de (?:{'|'.join(MONTHS)})\b)", lambda _: "primeiro"),
            *_time_rules(),
            *money_rules(LEXICON),
            *_legal_rules(),
            *_ordinal_rules(),
            Rule(r"(?<![\d.,])(?P<m>[12]),(?P<cm>\d\d) ?m(?!\w)", _height),
            Rule(r"(?<![\w.,])(?P<a>\d{1,2}) ?[xX] ?(?P<b>\d{1,2})(?!\w|[.,]\d)", _score),
            *measure_rules(LEXICON),
            *_scale_rules(),
            *_roman_rules(),
            *abbreviation_rules(TITLES, DOTLESS, NUMBERED, CLOSING),
            Rule(r"(?<!\w)D\.(?= [A-ZÀ-Ý])", _dom_or_dona),
            Rule(r"(?<![\w.])R\.(?= [A-ZÀ-Ý]\w{0,20}(?: [\w.]{1,20}){0,4}, (?:nº ?)?\d)", lambda _: "Rua"),
            Rule(r"(?<!\w)24/7(?!\w)", lambda _: "vinte e quatro por sete"),
            Rule(r"(?<![\d/.,])1/2 (?=[a-zà-ÿ])", _half),
            *figure_rules(LEXICON, _number, "e"),
            superscript_rule(LEXICON),
            *symbol_rules(LEXICON),
        ]
    )


def _number(amount: Amount, text: str, start: int, end: int) -> str:
    dated = len(amount.whole) == 4 and text[max(0, start - 3) : start].lower() == "em "
    words = NUMERALS.say(amount, None if dated else gender_after(text, end, single=amount.is_one))
    return f"{words} de" if words.endswith(("ilhão", "ilhões")) and needs_of(text, end) else words


def _height(match: re.Match[str]) -> str:
    """`1,80 m`: one metre and eighty."""
    metres = f"{NUMERALS.cardinal(int(match['m']))} {'metro' if match['m'] == '1' else 'metros'}"
    centimetres = int(match["cm"])
    return f"{metres} e {NUMERALS.cardinal(centimetres)}" if centimetres else metres


_GAME = re.compile(r"(?i:jogo|placar|partida|venceu|ganh|perde|termin|empat|vitória|derrota|goleada)")


def _score(match: re.Match[str]) -> str | None:
    """`2x1` in a sentence about a game; otherwise it is a measure."""
    if not _GAME.search(match.string, max(0, match.start() - 60), match.start()):
        return None
    return f"{NUMERALS.cardinal(int(match['a']))} a {NUMERALS.cardinal(int(match['b']))}"


def _half(match: re.Match[str]) -> str:
    return "meia " if gender_after(match.string, match.end() - 1, single=True) == "f" else "meio "


def _say_date(day: int | None, month: int, year: int | None) -> str:
    parts = [] if day is None else ["primeiro" if day == 1 else NUMERALS.cardinal(day)]
    parts.append(MONTHS[month - 1])
    if year is not None:
        parts.append(NUMERALS.cardinal(year))
    return " de ".join(parts)


_CALENDAR = Calendar(
    say=_say_date,
    month_first=False,
    short_months={month[:3]: index for index, month in enumerate(MONTHS, 1)},
    of="de",
    before_day_month="em|dia|no dia|até|desde|a partir de|de",
    at="às",
)


def _hours(hour: int) -> str:
    return f"{NUMERALS.cardinal(hour, 'f')} {'hora' if hour < 2 else 'horas'}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{NUMERALS.cardinal(number)} {one if number < 2 else many}"


def _time_rules() -> list[Rule]:
    """`14h30` in full, `14:30` short, and `2:30 pm` with its part of the day."""
    clock = r"(?<![\d:.,/])(?P<h>[01]?\d|2[0-4])"

    def written(match: re.Match[str]) -> str:
        words = _hours(int(match["h"]))
        if match["m"] and int(match["m"]):
            words += f" e {_counted(int(match['m']), 'minuto', 'minutos')}"
        return words

    def digital(match: re.Match[str]) -> str:
        hour, minute = int(match["h"]), int(match["m"])
        if match["s"]:
            second = _counted(int(match["s"]), "segundo", "segundos")
            return f"{_hours(hour)}, {_counted(minute, 'minuto', 'minutos')} e {second}"
        if not minute:
            words = _hours(hour)
        elif hour == 0:
            words = f"zero hora e {NUMERALS.cardinal(minute)}"
        else:
            words = f"{NUMERALS.cardinal(hour, 'f')} e {NUMERALS.cardinal(minute)}"
        return words + _part_of_day(match["half"], hour)

    def half_day(match: re.Match[str]) -> str:
        return _hours(int(match["h"])) + _part_of_day(match["half"], int(match["h"]))

    def until(_: re.Match[str]) -> str:
        return " às "

    half = r"(?P<half>[AaPp]\.?[Mm]\b\.?)"
    return [
        Rule(r"(?:(?<=\d[hH])|(?<=\d[:hH]\d\d)) ?[-–] ?(?=\d{1,2}[:hH])", until),
        Rule(rf"{clock} ?h(?:oras|s|rs)?(?!\w)(?: ?(?P<m>(?!)))?", written),
        Rule(rf"{clock} ?[hH:](?P<m>[0-5]\d) ?(?:min|h|hs)(?!\w)", written),
        Rule(rf"{clock}[hH](?P<m>[0-5]\d)(?!\w)", written),
        Rule(rf"{clock}:(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)Z?)?(?![\d:]|\w)(?: ?{half})?", digital),
        Rule(rf"{clock} ?{half}(?!\w)", half_day),
    ]


def _part_of_day(half: str | None, hour: int) -> str:
    if not half:
        return ""
    if half[0] in "aA":
        return " da manhã"
    return " da noite" if 6 < hour < 12 else " da tarde"


def _ordinal(number: int, feminine: bool, plural: bool = False) -> str:
    words = NUMERALS.ordinal(number)
    if feminine:
        words = re.sub(r"o\b", "a", words)
    return re.sub(r"\b(\w+)\b", r"\1s", words) if plural else words


def _ordinal_rules() -> list[Rule]:
    """`1º`, `2ª`, `10.º`, `1ºs`; `1°` with a degree sign only before what is usually put in order."""

    def marked(match: re.Match[str]) -> str:
        return _ordinal(int(match["n"]), match["mark"] == "ª", bool(match["s"]))

    ranked = (
        "lugar|andar|grau|dia|ano|semestre|trimestre|bimestre|turno|tempo|round|mandato|de [a-z]|colocado|passo|ato"
    )
    return [
        Rule(r"(?<![\d.,])(?P<n>[1-9]\d{0,2})\.?(?P<mark>[ºª])(?P<s>s)?(?!\w)", marked),
        Rule(rf"(?<![\d.,])(?P<n>[1-9]\d?)(?P<mark>°)(?P<s>(?!))?(?= (?:{ranked}))", marked),
        Rule(r"(?<!\w)(?P<n>[1-9]\d?)(?P<mark>[oaªº])(?P<s>s)?(?= [a-zà-ÿ])", _typed_ordinal),
    ]


def _typed_ordinal(match: re.Match[str]) -> str:
    return _ordinal(int(match["n"]), match["mark"] == "a", bool(match["s"]))


def _legal_rules() -> list[Rule]:
    """`art. 5º`, `§ 3º`, `Lei 8.666/93`: the first nine in order, then by number."""

    def law(match: re.Match[str]) -> str:
        year = int(match["year"])
        return f" de {NUMERALS.cardinal(year)}"

    return [
        Rule(r"(?<!\w)§§ ?", lambda _: "parágrafos "),
        Rule(r"(?<!\w)§ ?", lambda _: "parágrafo "),
        Rule(
            r"(?:(?<=[Ll]ei \d\.\d{3})|(?<=[Ll]ei \d\d\.\d{3})|(?<=nº \d\.\d{3})|(?<=nº \d\d\.\d{3}))"
            r"/(?P<year>\d{4}|\d{2})(?!\d)",
            law,
        ),
    ]


def _scale_rules() -> list[Rule]:
    """`2,5 milhões`: two and a half; `2 mil pessoas` agrees through the number rule."""

    def half(match: re.Match[str]) -> str:
        return scaled_words(LEXICON, NUMERALS.read(match["a"]), match["scale"], None)

    return [Rule(rf"{NUMERALS.pattern('a')} (?P<scale>(?:m|b|tr)ilh(?:ão|ões))(?!\w)", half)]


_FEMININE_RULERS = ("a", "Elizabeth", "Isabel", "Beatriz")
_RULERS = (
    "Pedro|João|Luís|Luis|Carlos|Henrique|Filipe|Felipe|Manuel|Afonso|Bento|Pio|Paulo|Leão|Napoleão|Elizabeth|Isabel|"
    "Elisabete|Maria|Catarina|Dinis|Sancho|Fernando|Sebastião|Gregório|Francisco|Ricardo|Eduardo|Jorge|Guilherme|"
    "Frederico|Nicolau|Alexandre|Ramsés|Xerxes|Dario|Inocêncio|Clemente|Urbano|Vítor|Vitório|Juan|Charles|Otto"
)
_PARTS = ("capítulo", "volume", "tomo", "título", "livro", "parte", "fase", "artigo", "inciso", "anexo", "seção",
          "cap.", "vol.", "tipo", "nível", "classe", "ato")  # fmt: skip


def _roman_rules() -> list[Rule]:
    def century(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        return NUMERALS.ordinal(value) if value <= 10 else NUMERALS.cardinal(value)

    def ruler(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        name = match["name"]
        feminine = name.endswith(_FEMININE_RULERS) or name == "Elisabete"
        return f"{name} {_ordinal(value, feminine) if value <= 10 else NUMERALS.cardinal(value)}"

    def part(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else NUMERALS.cardinal(value)

    def war(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else _ordinal(value, True)

    centuries = preceded_by(["século", "séculos", "séc.", "sécs."])[:-1] + "|(?<=[IVX] e )|(?<=[IVX] a ))"
    return [
        Rule(rf"{centuries}(?P<roman>{ROMAN})", century),
        Rule(rf"(?<!\w)(?P<name>{_RULERS}) (?P<roman>{ROMAN})", ruler),
        Rule(rf"{preceded_by(_PARTS)}(?P<roman>{ROMAN})", part),
        Rule(rf"(?<!\w)(?P<roman>{ROMAN})(?=ª? Guerra)", war),
    ]


def _dom_or_dona(match: re.Match[str]) -> str:
    name = re.match(r" (\w+)", match.string[match.end() : match.end() + 40])
    feminine = name is not None and (name[1].endswith(("a", "eth", "el", "ete")) and name[1] != "Manuel")
    return "Dona" if feminine else "Dom"
