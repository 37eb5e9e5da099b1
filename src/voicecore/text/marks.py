# ruff: noqa: RUF001, RUF003 - punctuation and letters of many scripts are the subject here
"""Punctuation by what it does, over all scripts that the engines speak."""

from __future__ import annotations

#: End a sentence where a blank follows; the full stop only if it closes no abbreviation.
STOPS = ".!?…‼⁇⁈⁉"
#: End a sentence wherever they stand: Han, Devanagari, Arabic, Urdu, Armenian, Ethiopic, Khmer, Burmese, Tibetan.
FULL_STOPS = "。｡！？؟۔।॥։።፧፨។៕။།"
#: Han and Arabic semicolons join whole statements, so they end a segment too, with the shorter pause.
HALF_STOPS = "；؛"
TERMINATORS = STOPS + FULL_STOPS + HALF_STOPS + "．"

#: Inside a sentence, followed by a blank.
CLAUSES = ";:—–―"
COMMAS = ","
#: The same with no blank needed.
FULL_CLAUSES = "：；؛፤፥—―"
FULL_COMMAS = "、，،､፣"

DASHES = "-‐‑–—―"
CLOSERS = "\"'”’»›)]}*_」』】〉》〕〗）］｝＂＇﹂﹄"
OPENERS = "\"'“‘„‚«‹([{*_¿¡「『【〈《〔〖（［｛﹁﹃"
#: Languages that close quotes with “ ‘ and « ‹, which open them elsewhere.
REVERSED_QUOTES = frozenset({"de", "da", "cs", "sk", "sl", "hr", "sr", "bg", "lt", "lv", "et", "is", "hu", "mk"})
REVERSED_CLOSERS = "“‘«‹"
