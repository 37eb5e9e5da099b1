"""Long speech in pieces: which frames are computed together, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Frames `first` to `last` go through the network, `start` to `stop` of them are kept (ends are excluded)."""

    first: int
    start: int
    stop: int
    last: int


def windows(frames: int, kept: int, context: int) -> Iterator[Window]:
    """Windows whose kept parts partition 0..frames, in order, `kept` frames each but for the last.

    With `context` of the network's receptive field on both sides, what is kept does not depend on where the cuts are: so
    the pieces are laid end to end, and there is nothing to fade.
    """
    for start in range(0, frames, kept):
        stop = min(start + kept, frames)
        yield Window(max(0, start - context), start, stop, min(frames, stop + context))
