"""The words of English, American and British, for numbers, units, currencies, signs and abbreviations."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun
from adapters.engines.kokoro.spoken.numerals import Numerals

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


def _american(words: str) -> str:
    return words.replace(",", "").replace(" and ", " ")


def _british(words: str) -> str:
    return words.replace(",", "")


def numerals(british: bool) -> Numerals:
    """One hundred one in the United States, one hundred and one in Britain."""
    return Numerals(
        code="en_GB" if british else "en", decimal_mark=".", group_marks=",", point="point", minus="minus",
        pairs=False, tidy=_british if british else _american,
    )  # fmt: skip


def _regular(one: str) -> Noun:
    head, *rest = one.split(" per ", 1)
    return Noun(one, " per ".join([head + "s", *rest]))


_UNITS = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "km²": "square kilometer",
    "m²": "square meter", "cm²": "square centimeter", "m³": "cubic meter", "m2": "square meter", "m3": "cubic meter",
    "ha": "hectare", "kg": "kilogram", "g": "gram", "mg": "milligram", "t": "ton", "L": "liter", "l": "liter",
    "ml": "milliliter", "mL": "milliliter", "km/h": "kilometer per hour", "kph": "kilometer per hour",
    "kmh": "kilometer per hour", "m/s": "meter per second", "mph": "mile per hour", "mi": "mile", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "yd": "yard", "GB": "gigabyte", "MB": "megabyte", "KB": "kilobyte",
    "TB": "terabyte", "Mbps": "megabit per second", "Gbps": "gigabit per second", "W": "watt", "kW": "kilowatt",
    "kWh": "kilowatt-hour", "MW": "megawatt", "V": "volt", "kcal": "kilocalorie", "cal": "calorie", "hr": "hour",
    "hrs": "hour", "h": "hour", "min": "minute", "mins": "minute", "sec": "second", "secs": "second", "s": "second",
    "ms": "millisecond", "dB": "decibel", "gal": "gallon", "rpm": "revolution per minute",
}  # fmt: skip
_IRREGULAR = {
    "ft": Noun("foot", "feet"), "sq ft": Noun("square foot", "square feet"), "ft²": Noun("square foot", "square feet"),
    "Hz": Noun("hertz", "hertz"), "kHz": Noun("kilohertz", "kilohertz"), "MHz": Noun("megahertz", "megahertz"),
    "GHz": Noun("gigahertz", "gigahertz"), "°C": Noun("degree Celsius", "degrees Celsius"),
    "° C": Noun("degree Celsius", "degrees Celsius"), "°F": Noun("degree Fahrenheit", "degrees Fahrenheit"),
    "° F": Noun("degree Fahrenheit", "degrees Fahrenheit"), "ºC": Noun("degree Celsius", "degrees Celsius"),
    "ºF": Noun("degree Fahrenheit", "degrees Fahrenheit"), "pp": Noun("percentage point", "percentage points"),
}  # fmt: skip


def _units(british: bool) -> dict[str, Noun]:
    regular = {sign: word.replace("meter", "metre").replace("liter", "litre").replace("ton", "tonne") if british
               else word for sign, word in _UNITS.items()}  # fmt: skip
    return {**{sign: _regular(word) for sign, word in regular.items()}, **_IRREGULAR}


_CENT = Noun("cent", "cents")
_DOLLAR = Currency(Noun("dollar", "dollars"), _CENT)
_POUND = Currency(Noun("pound", "pounds"), Noun("penny", "pence"))
_EURO = Currency(Noun("euro", "euros"), _CENT)
_REAL = Currency(Noun("real", "reais"), Noun("centavo", "centavos"))
_CURRENCIES = {
    "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND, "GBP": _POUND, "€": _EURO, "EUR": _EURO,
    "R$": _REAL, "BRL": _REAL, "¥": Currency(Noun("yen", "yen")), "JPY": Currency(Noun("yen", "yen")),
    "C$": Currency(Noun("Canadian dollar", "Canadian dollars"), _CENT), "¢": Currency(_CENT),
    "CA$": Currency(Noun("Canadian dollar", "Canadian dollars"), _CENT), "₹": Currency(Noun("rupee", "rupees")),
    "A$": Currency(Noun("Australian dollar", "Australian dollars"), _CENT),
    "AU$": Currency(Noun("Australian dollar", "Australian dollars"), _CENT),
}  # fmt: skip

_SCALES = {
    "thousand": "thousand", "K": "thousand", "k": "thousand", "million": "million", "M": "million", "m": "million",
    "mn": "million", "billion": "billion", "B": "billion", "b": "billion", "bn": "billion", "trillion": "trillion",
    "T": "trillion", "tn": "trillion",
}  # fmt: skip

#: Denominators above ten that are read as a fraction.
_DENOMINATORS = frozenset(range(2, 11)) | {12, 16, 20, 32, 64, 100}


def lexicon(british: bool) -> Lexicon:
    """The words and signs of one side of the Atlantic."""
    number = numerals(british)

    def fraction(top: int, bottom: int) -> str | None:
        if bottom not in _DENOMINATORS:
            return None
        part = {2: "half", 4: "quarter"}.get(bottom) or number.ordinal(bottom)
        plural = "halves" if bottom == 2 else f"{part}s"
        return f"{number.cardinal(top)} {part if top == 1 else plural}"

    return Lexicon(
        numerals=number,
        percent="per cent" if british else "percent",
        to="to",
        per="per",
        times="times",
        by="by",
        repetition=Noun("time", "times"),
        cents_joiner="and",
        units=_units(british),
        currencies=_CURRENCIES,
        scales={sign: (word, word) for sign, word in _SCALES.items()},
        per_words={"kg": "kilo", "h": "hour", "hr": "hour", "mo": "month", "yr": "year", "lb": "pound", "oz": "ounce",
                   "gal": "gallon", "m²": "square metre" if british else "square meter", "kWh": "kilowatt-hour",
                   "l": "litre" if british else "liter", "L": "litre" if british else "liter"},
        signs={"&": "and", "%": "per cent" if british else "percent", "+": "plus", "=": "equals", "@": "at",
               "°": "degrees", "×": "times", "÷": "divided by", "<": "less than", ">": "greater than",
               "≤": "less than or equal to", "≥": "greater than or equal to", "≠": "not equal to",
               "≈": "approximately", "±": "plus or minus", "~": "about", ":": "to", "§§": "sections", "§": "section",
               "√": "square root of", "∞": "infinity"},
        letters={".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", "+": "plus",
                 "?": "question mark", "=": "equals", "&": "and", "#": "hash", "%": "percent", "~": "tilde",
                 ":": "colon"},
        number_sign="number",
        hashtag="hashtag",
        degree=Noun("degree", "degrees"),
        squared=("squared", "to the power of"),
        fraction=fraction,
        after_whole=lambda words: "a " + words[4:] if words.startswith("one ") else words,
    )  # fmt: skip


TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "Gen": "General", "Gov": "Governor",
    "Sen": "Senator", "Rep": "Representative", "Lt": "Lieutenant", "Sgt": "Sergeant", "Capt": "Captain",
    "Col": "Colonel", "Cpl": "Corporal", "Cmdr": "Commander", "Rev": "Reverend", "Hon": "Honorable", "Pres": "President",
    "Mt": "Mount", "Ft": "Fort", "Messrs": "Messieurs", "Drs": "Doctors",
}  # fmt: skip
DOTLESS = {"Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor", "St": "Saint"}
NUMBERED = {
    "No.": "Number", "no.": "number", "Nos.": "Numbers", "nos.": "numbers", "p.": "page", "pp.": "pages", "P.": "Page",
    "vol.": "volume", "Vol.": "Volume", "ch.": "chapter", "Ch.": "Chapter", "fig.": "figure", "Fig.": "Figure",
    "figs.": "figures", "Figs.": "Figures", "sec.": "section", "Sec.": "Section", "art.": "article", "Art.": "Article",
    "c.": "circa", "ca.": "circa", "nº": "number", "ext.": "extension", "Apt.": "Apartment",
}  # fmt: skip
CLOSING = {
    "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus", "Jr.": "Junior",
    "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "approx.": "approximately",
    "dept.": "department", "est.": "established", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road",
    "Hwy.": "Highway", "Ln.": "Lane", "Bros.": "Brothers", "govt.": "government", "max.": "maximum", "min.": "minimum",
    "a.k.a.": "also known as", "viz.": "namely", "cf.": "compare", "et al.": "and others", "w/": "with",
    "w/o": "without", "and/or": "and or", "ft.": "feet", "lbs.": "pounds", "oz.": "ounces", "hrs.": "hours",
    "mins.": "minutes", "km/h": "kilometers per hour", "mph": "miles per hour", "misc.": "miscellaneous",
    "tel.": "telephone", "Jan.": "January", "Feb.": "February", "Aug.": "August", "Sept.": "September",
    "Oct.": "October", "Nov.": "November", "Dec.": "December", "Assn.": "Association",
}  # fmt: skip
