"""What a text is split into, and the silence that belongs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Break(IntEnum):
    """Why a span ends where it ends, from the weakest reason to the strongest."""

    FORCED = 0  # inside a clause, because the engine's limit asks for it
    COMMA = 1
    CLAUSE = 2
    SENTENCE = 3
    LINE = 4  # a title or list item, which need not end in punctuation
    PARAGRAPH = 5


#: Seconds of silence after a segment. A forced cut gets none: the reader would not pause there.
PAUSE_S = {
    Break.FORCED: 0.0,
    Break.COMMA: 0.12,
    Break.CLAUSE: 0.18,
    Break.SENTENCE: 0.28,
    Break.LINE: 0.28,
    Break.PARAGRAPH: 0.55,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the text that is spoken in one go.

    The spans of all segments, in order, are the whole text: nothing is lost, doubled or moved.

    Attributes:
        index: 0, 1, 2 … in the order of the text.
        start: offset of its first character (code point) in the original text.
        end: offset after its last character.
        text: what is spoken: `text[start:end]` with runs of blanks made one space. Ornaments that nobody speaks (a
            line of asterisks; a run of marks longer than the limit) stay in the span and not here. Empty only if
            the whole text has nothing to speak.
        pause_after_s: seconds of silence to put after it; 0 for the last one.
    """

    index: int
    start: int
    end: int
    text: str
    pause_after_s: float
