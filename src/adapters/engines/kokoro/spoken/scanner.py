"""One pass over a text: the first rule that matches, leftmost, says its stretch.

A chain of substitutions lets a late rule rewrite what an early one said. Here every character is read once:
a rule either says what it matched, or declines and the next rule at the same place is asked.

Time is linear in the text as long as each rule's pattern is bounded or possessive, which the rules keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.engines.kokoro.spoken.traced import Piece

#: What a rule says for its match, or None when the match is not what the rule is about after all.
Say = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, with named groups for `say` to read, and what a person says for it."""

    pattern: str
    say: Say


class Grammar:
    """The rules of one language, highest priority first."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [(re.compile(rule.pattern), rule.say) for rule in rules]
        # Names may repeat between rules, so the joined pattern keeps only the number of the rule.
        anonymous = (re.sub(r"\(\?P<\w+>", "(?:", rule.pattern) for rule in rules)
        self._start = re.compile("|".join(f"(?P<r{index}>{pattern})" for index, pattern in enumerate(anonymous)))

    def read(self, text: str) -> str:
        """`text` with every match said, and everything else as it was."""
        return "".join(piece.text for piece in self.pieces(text))

    def pieces(self, text: str) -> list[Piece]:
        """What `read` gives, piece by piece: what was kept, and what was said for which stretch."""
        said = _Sentence(text)
        position = 0
        while (found := self._start.search(text, position)) is not None:
            said.keep(position, found.start())
            position = self._say_one(text, found, said)
        said.keep(position, len(text))
        return said.pieces

    def _say_one(self, text: str, found: re.Match[str], said: _Sentence) -> int:
        """Say what starts where `found` starts; return where reading goes on."""
        start = found.start()
        first = int((found.lastgroup or "r0")[1:])
        for pattern, say in self._rules[first:]:
            match = pattern.match(text, start)
            words = say(match) if match is not None else None
            if match is not None and words is not None:
                said.say(words, start, match.end())
                return match.end()
        said.keep(start, min(start + 1, len(text)))
        return start + 1


class _Sentence:
    """What was said so far; keeps words apart that the writing ran together, as in `A4`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.pieces: list[Piece] = []
        self._last = ""
        self._after_words = False

    def keep(self, start: int, end: int) -> None:
        written = self._text[start:end]
        self._add(Piece(written, start, end, kept=True), self._after_words)
        if written:
            self._after_words = False

    def say(self, words: str, start: int, end: int) -> None:
        self._add(Piece(words, start, end, kept=False), True)
        if words:
            self._after_words = True

    def _add(self, piece: Piece, at_words: bool) -> None:
        if not piece.text:
            return
        if at_words and self._last.isalnum() and piece.text[0].isalnum():
            self.pieces.append(Piece(" ", piece.start, piece.start, kept=False))
        self.pieces.append(piece)
        self._last = piece.text[-1]
