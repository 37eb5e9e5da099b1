"""One pass over a text: the first rule that matches, leftmost, says its stretch.

A chain of substitutions lets a late rule rewrite what an early one said. Here every character is read once:
a rule either says what it matched, or declines and the next rule at the same place is asked.

Time is linear in the text as long as each rule's pattern is bounded or possessive, which the rules keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
        said = _Sentence()
        position = 0
        while (found := self._start.search(text, position)) is not None:
            said.keep(text[position : found.start()])
            position = self._say_one(text, found, said)
        said.keep(text[position:])
        return str(said)

    def _say_one(self, text: str, found: re.Match[str], said: _Sentence) -> int:
        """Say what starts where `found` starts; return where reading goes on."""
        start = found.start()
        first = int((found.lastgroup or "r0")[1:])
        for pattern, say in self._rules[first:]:
            match = pattern.match(text, start)
            words = say(match) if match is not None else None
            if match is not None and words is not None:
                said.say(words)
                return match.end()
        said.keep(text[start : start + 1])
        return start + 1


class _Sentence:
    """What was said so far; keeps words apart that the writing ran together, as in `A4`."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""
        self._after_words = False

    def keep(self, written: str) -> None:
        self._add(written, self._after_words)
        if written:
            self._after_words = False

    def say(self, words: str) -> None:
        self._add(words, True)
        if words:
            self._after_words = True

    def _add(self, piece: str, at_words: bool) -> None:
        if not piece:
            return
        if at_words and self._last.isalnum() and piece[0].isalnum():
            self._parts.append(" ")
        self._parts.append(piece)
        self._last = piece[-1]

    def __str__(self) -> str:
        return "".join(self._parts)
