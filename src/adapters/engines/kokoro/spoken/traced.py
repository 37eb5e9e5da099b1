"""A text that was rewritten, and where each of its characters comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicecore.errors import require


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of `text[start:end]` of the text before: itself if `kept`, or else another text for the whole of it."""

    text: str
    start: int
    end: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Traced:
    """A text and its origins: for each character, the first and after-last character that it stands for in the text as written."""

    text: str
    origins: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        require(len(self.text) == len(self.origins), "A traced text needs an origin for each of its characters.")

    @classmethod
    def written(cls, text: str) -> Traced:
        """A text that nobody changed yet."""
        return cls(text, tuple((at, at + 1) for at in range(len(text))))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """What `text[start:end]`, which is not empty, stands for."""
        parts = self.origins[start:end]
        return min(part[0] for part in parts), max(part[1] for part in parts)

    def rewritten(self, pieces: Iterable[Piece]) -> Traced:
        """The text of the pieces, which lie in this one in order."""
        text: list[str] = []
        origins: list[tuple[int, int]] = []
        for piece in pieces:
            text.append(piece.text)
            if piece.kept:
                origins += self.origins[piece.start : piece.end]
            elif piece.text:
                origins += [self._around(piece.start, piece.end)] * len(piece.text)
        return Traced("".join(text), tuple(origins))

    def replaced(self, pattern: re.Pattern[str], become: Callable[[re.Match[str]], str]) -> Traced:
        """As `pattern.sub(become, text)`."""
        return self.rewritten(replacements(pattern, become, self.text))

    def translated(self, table: Mapping[int, str | int | None]) -> Traced:
        """As `text.translate(table)`."""
        changed = (character.translate(table) for character in self.text)
        return self.rewritten(Piece(became, at, at + 1, kept=False) for at, became in enumerate(changed))

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """What `text[start:end]` stands for, which is nothing where a blank was put between two words."""
        if start < end:
            return self.span(start, end)
        at = self.origins[start][0] if start < len(self.origins) else (self.origins[-1][1] if self.origins else 0)
        return at, at


def replacements(pattern: re.Pattern[str], become: Callable[[re.Match[str]], str], text: str) -> Iterator[Piece]:
    """The pieces of `pattern.sub(become, text)`."""
    at = 0
    for match in pattern.finditer(text):
        yield Piece(text[at : match.start()], at, match.start(), kept=True)
        yield Piece(become(match), match.start(), match.end(), kept=False)
        at = match.end()
    yield Piece(text[at:], at, len(text), kept=True)
