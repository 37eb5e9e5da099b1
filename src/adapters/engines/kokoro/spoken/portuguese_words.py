"""The words of Brazilian Portuguese for numbers, units, currencies, signs and abbreviations."""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.lexicon import Currency, Lexicon, Noun
from adapters.engines.kokoro.spoken.numerals import Numerals
from adapters.engines.kokoro.spoken.portuguese_gender import agree

MONTHS = ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
          "novembro", "dezembro")  # fmt: skip


def _tidy(words: str) -> str:
    return words.replace(",", "")


NUMERALS = Numerals(
    code="pt_BR", decimal_mark=",", group_marks=".", point="vírgula", minus="menos", pairs=True, agree=agree, tidy=_tidy
)


def _noun(one: str, gender: str = "m") -> Noun:
    """A noun with its regular plural; in `quilômetro por hora` the first word takes it."""
    head, *rest = one.split(" ", 1)
    if rest and not rest[0].startswith("por"):
        rest = [" ".join(word if word[0].isupper() or word == "de" else word + "s" for word in rest[0].split(" "))]
    plural = " ".join([re.sub(r"([rz])$", r"\1e", head) + "s", *rest])
    return Noun(one, plural, "f" if gender == "f" else "m")


_UNITS = {
    "km": _noun("quilômetro"), "m": _noun("metro"), "cm": _noun("centímetro"), "mm": _noun("milímetro"),
    "km²": _noun("quilômetro quadrado"), "m²": _noun("metro quadrado"), "cm²": _noun("centímetro quadrado"),
    "km2": _noun("quilômetro quadrado"), "m2": _noun("metro quadrado"), "m3": _noun("metro cúbico"),
    "m³": _noun("metro cúbico"), "cm³": _noun("centímetro cúbico"), "ha": _noun("hectare"),
    "kg": _noun("quilo"), "Kg": _noun("quilo"), "KG": _noun("quilo"), "g": _noun("grama"), "mg": _noun("miligrama"),
    "t": _noun("tonelada", "f"), "L": _noun("litro"), "l": _noun("litro"), "ml": _noun("mililitro"),
    "mL": _noun("mililitro"), "km/h": _noun("quilômetro por hora"), "Km/h": _noun("quilômetro por hora"),
    "m/s": _noun("metro por segundo"), "km/l": _noun("quilômetro por litro"), "rpm": _noun("rotação por minuto", "f"),
    "°C": _noun("grau Celsius"), "ºC": _noun("grau Celsius"), "° C": _noun("grau Celsius"),
    "°F": _noun("grau Fahrenheit"), "ºF": _noun("grau Fahrenheit"),
    "GB": Noun("gigabyte", "gigabytes"), "MB": Noun("megabyte", "megabytes"), "KB": Noun("quilobyte", "quilobytes"),
    "TB": Noun("terabyte", "terabytes"), "Mbps": Noun("megabit por segundo", "megabits por segundo"),
    "Gbps": Noun("gigabit por segundo", "gigabits por segundo"), "W": Noun("watt", "watts"),
    "kW": Noun("quilowatt", "quilowatts"), "kWh": Noun("quilowatt-hora", "quilowatts-hora"),
    "MW": Noun("megawatt", "megawatts"), "V": Noun("volt", "volts"), "Hz": Noun("hertz", "hertz"),
    "kHz": Noun("quilo-hertz", "quilo-hertz"), "MHz": Noun("mega-hertz", "mega-hertz"),
    "GHz": Noun("giga-hertz", "giga-hertz"), "kcal": _noun("quilocaloria", "f"), "cal": _noun("caloria", "f"),
    "h": _noun("hora", "f"), "min": _noun("minuto"), "s": _noun("segundo"), "seg": _noun("segundo"),
    "ms": _noun("milissegundo"), "dB": Noun("decibel", "decibéis"), "pp": _noun("ponto percentual"),
    "p.p.": Noun("ponto percentual", "pontos percentuais"),
}  # fmt: skip
_UNITS["pp"] = _UNITS["p.p."]
_UNITS["rpm"] = Noun("rotação por minuto", "rotações por minuto", "f")

_CENTAVO = Noun("centavo", "centavos")
_CENT = Noun("cêntimo", "cêntimos")
_DOLLAR = Currency(Noun("dólar", "dólares"), Noun("centavo", "centavos"))
_EURO = Currency(Noun("euro", "euros"), Noun("centavo", "centavos"))
_POUND = Currency(Noun("libra", "libras", "f"), Noun("pêni", "pence"))
_REAL = Currency(Noun("real", "reais"), _CENTAVO)
_CURRENCIES = {
    "R$": _REAL, "BRL": _REAL, "US$": _DOLLAR, "U$": _DOLLAR, "USD": _DOLLAR, "$": _DOLLAR, "€": _EURO, "EUR": _EURO,
    "£": _POUND, "GBP": _POUND, "¥": Currency(Noun("iene", "ienes")), "₿": Currency(Noun("bitcoin", "bitcoins")),
}  # fmt: skip

_SCALES = {
    "mil": ("mil", "mil"), "milhão": ("milhão", "milhões"), "milhões": ("milhão", "milhões"),
    "bilhão": ("bilhão", "bilhões"), "bilhões": ("bilhão", "bilhões"), "trilhão": ("trilhão", "trilhões"),
    "trilhões": ("trilhão", "trilhões"), "mi": ("milhão", "milhões"), "bi": ("bilhão", "bilhões"),
    "tri": ("trilhão", "trilhões"), "M": ("milhão", "milhões"), "K": ("mil", "mil"), "k": ("mil", "mil"),
}  # fmt: skip

_PARTS = {2: "meio", 3: "terço", 4: "quarto", 5: "quinto", 6: "sexto", 7: "sétimo", 8: "oitavo", 9: "nono",
          10: "décimo", 100: "centésimo"}  # fmt: skip


def _fraction(top: int, bottom: int) -> str | None:
    part = _PARTS.get(bottom)
    if (top, bottom) == (1, 2):
        return "meio"
    if part is None:
        return f"{NUMERALS.cardinal(top)} {NUMERALS.cardinal(bottom)} avos" if bottom <= 32 else None
    return f"{NUMERALS.cardinal(top)} {part}{'s' if top > 1 else ''}"


LEXICON = Lexicon(
    numerals=NUMERALS,
    percent="por cento",
    to="a",
    per="por",
    times="vezes",
    by="por",
    repetition=Noun("vez", "vezes", "f"),
    cents_joiner="e",
    units=_UNITS,
    currencies=_CURRENCIES,
    scales=_SCALES,
    per_words={"kg": "quilo", "h": "hora", "m²": "metro quadrado", "l": "litro", "L": "litro", "km": "quilômetro",
               "g": "grama", "t": "tonelada", "kWh": "quilowatt-hora"},
    signs={"&": "e", "%": "por cento", "+": "mais", "=": "igual a", "@": "arroba", "°": "graus", "×": "vezes",
           "÷": "dividido por", "<": "menor que", ">": "maior que", "≤": "menor ou igual a", "≥": "maior ou igual a",
           "≠": "diferente de", "≈": "aproximadamente", "±": "mais ou menos", "~": "cerca de", ":": "para",
           "√": "raiz quadrada de", "∞": "infinito"},
    letters={".": "ponto", "@": "arroba", "/": "barra", "-": "hífen", "_": "underline", "+": "mais",
             "?": "interrogação", "=": "igual", "&": "e", "#": "hashtag", "%": "por cento", "~": "til",
             ":": "dois pontos"},
    number_sign="número",
    hashtag="hashtag",
    degree=Noun("grau", "graus"),
    squared=("ao quadrado", "elevado a"),
    fraction=_fraction,
    singular_below_two=True,
    of_noun=lambda noun: f"de {noun}",
    half_scale="e meio",
)  # fmt: skip

TITLES = {
    "Sr": "Senhor", "Sra": "Senhora", "Srs": "Senhores", "Sras": "Senhoras", "Srta": "Senhorita", "sr": "senhor",
    "sra": "senhora", "Dr": "Doutor", "Dra": "Doutora", "Drs": "Doutores", "dr": "doutor", "dra": "doutora",
    "Prof": "Professor", "Profa": "Professora", "Profª": "Professora", "prof": "professor", "Eng": "Engenheiro",
    "Av": "Avenida", "av": "avenida", "Pça": "Praça", "Rod": "Rodovia", "Sto": "Santo", "Sta": "Santa",
    "Gov": "Governador", "Pres": "Presidente", "Dep": "Deputado", "Sen": "Senador", "Gen": "General",
    "Cel": "Coronel", "Pe": "Padre", "Exmo": "Excelentíssimo", "Exma": "Excelentíssima", "Ilmo": "Ilustríssimo",
    "Ilma": "Ilustríssima", "Tel": "Telefone", "tel": "telefone", "Al": "Alameda", "Trav": "Travessa", "séc": "século",
    "Séc": "Século", "sécs": "séculos",
}  # fmt: skip
DOTLESS = {"Sr": "Senhor", "Sra": "Senhora", "Srta": "Senhorita", "Dr": "Doutor", "Dra": "Doutora",
           "Prof": "Professor", "Profa": "Professora", "Profª": "Professora"}  # fmt: skip
NUMBERED = {
    "p.": "página", "pp.": "páginas", "pág.": "página", "págs.": "páginas", "Pág.": "Página", "nº": "número",
    "n.º": "número", "n°": "número", "Nº": "Número", "N.º": "Número", "N°": "Número", "n.": "número", "nos.": "números",
    "cap.": "capítulo", "Cap.": "Capítulo", "art.": "artigo", "Art.": "Artigo", "arts.": "artigos",
    "Arts.": "Artigos", "fig.": "figura", "Fig.": "Figura", "vol.": "volume", "Vol.": "Volume", "ap.": "apartamento",
    "c.": "cerca de", "ed.": "edição", "tab.": "tabela", "Tab.": "Tabela", "km": "quilômetro", "Km": "quilômetro",
}  # fmt: skip
CLOSING = {
    "etc.": "et cetera", "p. ex.": "por exemplo", "p.ex.": "por exemplo", "ex.": "exemplo", "a.C.": "antes de Cristo",
    "d.C.": "depois de Cristo", "obs.": "observação", "a.a.": "ao ano", "Ltda.": "Limitada", "Cia.": "Companhia", "Jr.": "Júnior",
    "apto.": "apartamento", "máx.": "máximo", "mín.": "mínimo", "aprox.": "aproximadamente",
    "pág.": "página", "págs.": "páginas", "núm.": "número", "vs.": "versus", "vs": "versus", "i.e.": "isto é",
    "e.g.": "por exemplo", "c/": "com", "s/": "sem", "p/": "para", "e/ou": "e ou", "S.A.": "S A", "S/A": "S A",
    "Exa.": "Excelência", "V. Exa.": "Vossa Excelência", "cód.": "código", "qtd.": "quantidade", "km": "quilômetro",
    "nº": "número", "ref.": "referência", "esq.": "esquina", "jan.": "janeiro", "hab.": "habitantes",
    "tb.": "também", "kg": "quilo", "km/h": "quilômetros por hora",
}  # fmt: skip
