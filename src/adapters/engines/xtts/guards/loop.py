"""Finds a decoder that is caught in a loop."""

from __future__ import annotations

from collections import deque

#: The longest phrase looked for: 16 tokens are three quarters of a second, about a word or two.
_LONGEST = 16
#: A loop repeats itself for at least 1.5 s (32 tokens). A held vowel is shorter, and so is a pause within a sentence.
_LEAST_TOKENS = 32
#: A loop comes back at least so many times after the first.
_LEAST_TIMES = 5


class LoopWatch:
    """Watches the tokens of one row. A token costs 16 comparisons, however long the row is.

    Attributes:
        caught: whether the row is in a loop: the last 32 tokens or more, and five rounds or more, repeat what stands before.
        sane: tokens from the start up to the end of the first round of the loop, once caught; else all of them.
    """

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=_LONGEST)
        self._repeats = [0] * (_LONGEST + 1)
        self._seen = 0
        self.caught = False
        self.sane = 0

    def push(self, token: int) -> bool:
        """Take in the next token; True once the row is in a loop."""
        self._seen += 1
        for period in range(1, len(self._last) + 1):
            same = self._last[-period] == token
            self._repeats[period] = self._repeats[period] + 1 if same else 0
            if not self.caught and self._repeats[period] >= max(_LEAST_TOKENS, _LEAST_TIMES * period):
                self.caught = True
                self.sane = self._seen - self._repeats[period]
        self._last.append(token)
        if not self.caught:
            self.sane = self._seen
        return self.caught
