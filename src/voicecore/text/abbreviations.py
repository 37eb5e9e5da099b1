"""Whether a full stop ends a sentence or an abbreviation, an initial, an ordinal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicecore.language import Language
from voicecore.text.lexicons import LEXICONS, SHARED, Lexicon

#: Letters with full stops between them: `U.S`, `a.m`, `J.R.R`.
_DOTTED = re.compile(r"(?:[^\W\d_]\.[\s\u00a0]?)+[^\W\d_]")
_ROMAN = re.compile(r"[IVXLC]+")
#: A word this long is hardly ever an abbreviation.
_LONG_WORD = 6


def lexicon(language: Language) -> Lexicon:
    """The lexicon of `language`, or the shared one."""
    return LEXICONS.get(language.language, SHARED)


@dataclass(frozen=True, slots=True)
class Next:
    """What follows a full stop and a blank.

    Attributes:
        word: the next word, without opening quotes; "" at the end of the block.
        quoted: whether an opening mark stands before it.
        initial: whether it is one letter and a full stop, as in `J. A. Silva`.
    """

    word: str
    quoted: bool = False
    initial: bool = False

    @property
    def lower(self) -> bool:
        return self.word[:1].islower()

    @property
    def number(self) -> bool:
        return self.word[:1].isdecimal() or _ROMAN.fullmatch(self.word) is not None

    def opens(self, words: Lexicon) -> bool:
        """Whether a new sentence is likely to begin with it."""
        if self.lower or self.initial:
            return False
        return self.quoted or not self.word or self.word.casefold() in words.openers


def ends_sentence(token: str, following: Next, words: Lexicon, *, lower_style: bool, counted: bool = False) -> bool:  # noqa: PLR0911
    """Whether the full stop after `token` ends a sentence.

    Args:
        token: the run of letters, digits and full stops before it.
        following: what comes after it.
        words: lexicon of the language.
        lower_style: whether the sentence itself began in lower case, as in chat messages: then the next may, too.
        counted: whether the word before `token` counts things (`Nr.`, `Abs.`), so that a number is no ordinal.
    """
    key = token.casefold()
    if key in words.leading or (key in words.numbering and following.number):
        return False
    if key in words.listing:
        return not following.lower
    if key in words.final:
        return following.opens(words)
    if token.isdecimal():
        ordinal = words.ordinals and len(token) <= 2 and not counted
        return following.opens(words) if ordinal else not following.lower or lower_style
    if len(token) == 1 and token.isalpha() and token.lower() != token.upper():
        if token.isupper():
            return following.opens(words)
        return not (following.lower or following.number or following.initial)
    if _DOTTED.fullmatch(token):
        return following.opens(words)
    if following.lower:
        return lower_style or len(token) >= _LONG_WORD
    return True
