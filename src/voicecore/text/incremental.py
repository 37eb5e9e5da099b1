"""A text that comes bit by bit, cut into pieces that can be spoken before the rest is known.

What is cut depends on the text alone, never on the portions that it came in: at places that only the text decides, all that
`split` would cut off is given, but for the last piece, which may go on. So a piece comes when the first word of the next one
is complete (in scripts without blanks, with its first character), and at the end of a paragraph at once.
"""

from __future__ import annotations

from dataclasses import replace

from voicecore.errors import require
from voicecore.language import Language
from voicecore.text.marks import CLOSERS, FULL_STOPS, HALF_STOPS, TERMINATORS
from voicecore.text.packing import split
from voicecore.text.segment import PAUSE_S, Break, Segment

#: After a mark that may end a sentence, so many words are looked at: the one that it ends, and the next, which tells.
_WORDS = 2
_UNSPACED = frozenset(FULL_STOPS + HALF_STOPS)
_ENDS = frozenset(TERMINATORS + "\n")
#: Stands for the rest of a sentence whose beginning is there.
_GOES_ON = "o" * 60


class IncrementalText:
    """Takes a text in portions and gives pieces, which partition it.

    Every piece fits the limit. Its `start` and `end` are places in the whole text, and its pause is what belongs after it if
    something follows.
    """

    def __init__(self, language: Language, limit: int = 400) -> None:
        """`limit` is the most characters of a piece."""
        require(limit >= 1, f"limit is {limit}; give 1 or more.", field="limit")
        self._language, self._limit = language, limit
        self._held = ""
        self._start = self._index = 0
        self._forget()

    @property
    def held(self) -> int:
        """Characters that were taken and not given yet."""
        return len(self._held)

    def feed(self, text: str) -> list[Segment]:
        """Take a portion, of any length; the pieces that are complete now.

        Raises:
            InvalidText: if a single character (grapheme cluster) is over the limit.
        """
        given: list[Segment] = []
        for character in text:
            look = self._tells(character)
            self._held += character
            if look:
                given += self._look()
        return given

    def flush(self) -> list[Segment]:
        """All that is held, as if the text ended here. Raises as `feed`."""
        rest, self._held = self._held, ""
        self._forget()
        return self._numbered(rest, PAUSE_S[Break.SENTENCE])

    def _forget(self) -> None:
        self._words = 0
        self._stopped = False
        self._full_at = 2 * self._limit

    def _tells(self, character: str) -> bool:
        """Whether something may be cut with this character behind what is held."""
        blank_before = not self._held or self._held[-1].isspace()
        look = len(self._held) + 1 >= self._full_at
        if character.isspace():
            look = look or (self._words > 0 and not blank_before) or (character == "\n" and "\n" in self._last_blanks())
            self._words -= not blank_before
        elif self._stopped and character not in CLOSERS and character not in _ENDS:
            look = True
        if character in _ENDS:
            self._words = _WORDS
        self._stopped = character in _UNSPACED or (self._stopped and character in CLOSERS)
        return look

    def _last_blanks(self) -> str:
        return self._held[len(self._held.rstrip()) :]

    def _look(self) -> list[Segment]:
        cut, pause_s = self._complete()
        if not cut:
            # Not with every character from here on: what is too long stays one piece as long as it is nothing to speak.
            self._full_at = max(self._full_at, 2 * len(self._held))
            return []
        complete, self._held = self._held[:cut], self._held[cut:]
        words = self._words
        self._forget()
        self._words = words
        return self._numbered(complete, pause_s)

    def _complete(self) -> tuple[int, float]:
        """How much of what is held is complete, and the seconds of silence after it."""
        if self._last_blanks().count("\n") > 1:
            return len(self._held), PAUSE_S[Break.PARAGRAPH]
        # What goes on is taken for long: nobody knows yet that it is short, and belongs to the piece before.
        pieces = self._split(self._held + _GOES_ON, self._limit + len(_GOES_ON))[:-1]
        # Of the next piece something must be there: only that tells that this one is complete.
        if not pieces or pieces[-1].end >= len(self._held.rstrip()):
            return 0, 0.0
        return pieces[-1].end, pieces[-1].pause_after_s

    def _split(self, text: str, limit: int) -> tuple[Segment, ...]:
        return split(text, self._language, limit=limit, measure=len)

    def _numbered(self, text: str, pause_s: float) -> list[Segment]:
        """The pieces of a text that is complete, with their places in the whole one."""
        pieces = self._split(text, self._limit)
        given = [
            replace(
                piece, index=self._index + number, start=self._start + piece.start, end=self._start + piece.end,
                pause_after_s=pause_s if number == len(pieces) - 1 else piece.pause_after_s,
            )
            for number, piece in enumerate(pieces)
        ]  # fmt: skip
        self._index += len(pieces)
        self._start += len(text)
        return given
