# ruff: noqa: RUF001 - punctuation and letters of many scripts are the subject here
"""Sentences: where a reader of the language would stop.

A terminator ends a sentence if a blank follows, or if its script uses none. The rest of this file is the exceptions:
abbreviations and initials (`abbreviations`), ordinals and numbered lists, ellipses that only hesitate, speech that
goes on after a closing quote or a dialogue dash. Numbers, addresses and versions have no blank after their full
stop, so they need no rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicecore.language import Language
from voicecore.text.abbreviations import Next, ends_sentence, lexicon
from voicecore.text.lexicons import Lexicon
from voicecore.text.marks import (
    CLOSERS,
    DASHES,
    FULL_STOPS,
    HALF_STOPS,
    OPENERS,
    REVERSED_CLOSERS,
    REVERSED_QUOTES,
    TERMINATORS,
)
from voicecore.text.segment import Break
from voicecore.text.spoken import unspaced

_LOOK_BACK = 40  # characters: longer tokens are no abbreviations
_TOKEN = re.compile(rf"[^\s/,;:’{re.escape(OPENERS + DASHES)}]*$")
_WORD = re.compile(r"[^\W_](?:[^\W_]|['’\u0300-\u036f\u0900-\u0903\u093a-\u094f]){0,23}")
_ENUMERATOR = re.compile(r"[\s\"'“‘(\[*_#•‣·–—-]*(\d{1,3}|[IVXLC]{1,5}|[A-Za-z])")
#: What goes on after quoted speech in Japanese: particles and quotation words.
_PARTICLES = "とっはがのをにもやで、，"


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` with the blanks after it, and why it ends."""

    start: int
    end: int
    closing: Break


def sentences(text: str, start: int, end: int, closing: Break, language: Language) -> list[Sentence]:
    """The sentences of the block `text[start:end]`, which partition it; the last one ends with `closing`."""
    scan = _Scan(text, start, end, language)
    found: list[Sentence] = []
    head = start
    for match in scan.run.finditer(text, start, end):
        stop = scan.stop(match, head)
        if stop is not None and head < stop < end:
            half = match["marks"][0] in HALF_STOPS
            found.append(Sentence(head, stop, Break.CLAUSE if half else Break.SENTENCE))
            head = stop
    ended = text[head:end].rstrip().rstrip(CLOSERS + REVERSED_CLOSERS)[-1:] in TERMINATORS
    # A line that ends in a full stop is a sentence like any other and may be joined to the next.
    found.append(Sentence(head, end, Break.SENTENCE if closing is Break.LINE and ended else closing))
    return found


class _Scan:
    """One block under the eyes of one language."""

    def __init__(self, text: str, start: int, end: int, language: Language) -> None:
        self.text, self.start, self.end = text, start, end
        self.words: Lexicon = lexicon(language)
        reversed_quotes = language.language in REVERSED_QUOTES
        closers = re.escape(CLOSERS + (REVERSED_CLOSERS if reversed_quotes else ""))
        stops = re.escape(TERMINATORS)
        french = "" if reversed_quotes else r"(?:[ \u00a0\u202f][»›])?"
        self.run = re.compile(
            rf"(?P<marks>[{stops}]+(?:\s+[{stops}]+(?=[\s{closers}]|$))*)(?P<closers>[{closers}]*{french}[{closers}]*"
            r"(?:\[\d{1,3}\]|[¹²³])*)"
        )

    def stop(self, match: re.Match[str], head: int) -> int | None:  # noqa: PLR0911 - one exception a line
        """Offset at which the next sentence begins, or None if `match` ends none."""
        marks, after = match["marks"], match.end()
        resume = self._past_blanks(after)
        if resume == self.end:
            return None
        spaced = resume > after
        if any(mark in FULL_STOPS + HALF_STOPS for mark in marks):
            spoken_on = match["closers"] and self.text[after] in _PARTICLES
            return None if spoken_on else resume
        if not spaced and not self._ends_without_blank(match):
            return None
        following, aside = self._following(resume)
        if following.lower and (match["closers"] or aside):
            return None
        if any(mark in "!?‼⁇⁈⁉" for mark in marks):
            return resume
        if marks != "." and marks != "．":  # noqa: PLR1714 - an ellipsis
            return None if following.lower else resume
        closed = match["closers"] not in ("", ")")  # "1.) Foo" is a list item, "1." in quotes is not
        return self._full_stop(match.start(), resume, following, head, closed)

    def _full_stop(self, at: int, resume: int, following: Next, head: int, closed: bool) -> int | None:
        token = self._token_before(at)
        enumerator = _ENUMERATOR.match(self.text, head, at)
        if enumerator is not None and not closed:
            if enumerator.end() == at:
                return None  # "1. Foo" begins a list item
            if enumerator[1].isdecimal() and token == str(int(enumerator[1]) + 1):
                return at - len(token)  # "1. Foo 2. Bar": the next item
        lower_style = self.text[self._past_blanks(head)].islower()
        before = self._token_before(at - len(token) - 1).rstrip(".").casefold() if token.isdecimal() else ""
        counted = before in self.words.numbering
        ends = ends_sentence(token, following, self.words, lower_style=lower_style, counted=counted)
        return resume if ends else None

    def _ends_without_blank(self, match: re.Match[str]) -> bool:
        """Whether a terminator ends a sentence although the next character follows at once."""
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end()]
        if after in "¿¡" or (unspaced(after) and match["closers"]):
            return True
        if match["marks"] == "．":
            return not (before.isdecimal() and after.isdecimal())
        if match["marks"].strip("….") == "":
            hesitates = len(match["marks"]) > 1 or "…" in match["marks"]
            if not hesitates:  # "你好.我是" ends one, "example.com" does not
                return before.isalpha() and unspaced(before) and unspaced(after)
            return after.isupper() and not self._address(match.start())
        return unspaced(before) or unspaced(after) or (after.isupper() and not self._address(match.start()))

    def _address(self, at: int) -> bool:
        token = self.text[max(self.start, at - _LOOK_BACK) : at].rsplit(None, 1)[-1:]
        return any(sign in token[0] for sign in "/@=\\") if token else True

    def _following(self, at: int) -> tuple[Next, bool]:
        """The next word, and whether a dash stands before it."""
        begin = at
        while begin < self.end and (self.text[begin] in OPENERS + DASHES or self.text[begin].isspace()):
            begin += 1
        skipped = self.text[at:begin]
        word = _WORD.match(self.text, begin, self.end)
        quoted = any(mark in OPENERS + DASHES for mark in skipped)
        initial = word is not None and len(word[0]) == 1 and self.text.startswith(".", word.end(), self.end)
        return Next(word[0] if word else "", quoted, initial), any(mark in DASHES for mark in skipped)

    def _token_before(self, at: int) -> str:
        token = _TOKEN.search(self.text[max(self.start, at - _LOOK_BACK) : at])
        return token[0] if token else ""

    def _past_blanks(self, at: int) -> int:
        while at < self.end and self.text[at].isspace():
            at += 1
        return at
