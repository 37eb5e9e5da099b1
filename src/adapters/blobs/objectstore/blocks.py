"""Bytes of one object at any offset, fetched in blocks."""

from __future__ import annotations

from collections.abc import Callable

#: Bytes of the first block, which comes with the opening, and of each further one.
FIRST_BLOCK = 1 << 20
NEXT_BLOCK = 4 << 20

Fetch = Callable[[int, int], bytes]


class Blocks:
    """A reader's place in an object; one block is in memory at a time."""

    def __init__(self, fetch: Fetch, stop: int, start: int, first: bytes) -> None:
        """Begin with what is there already.

        Args:
            fetch: gets the bytes from an offset to another one, the latter not included.
            stop: nothing is fetched at or behind this offset.
            start: offset of `first`.
            first: bytes that came with the opening.
        """
        self._fetch = fetch
        self._stop = stop
        self._start = start
        self._block = first

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes at `offset`, fewer only at `stop`."""
        pieces = []
        while length:
            place = offset - self._start
            if not 0 <= place < len(self._block):
                end = min(offset + NEXT_BLOCK, self._stop)
                if offset >= end:
                    break
                self._start, self._block, place = offset, self._fetch(offset, end), 0
                if not self._block:
                    break
            piece = self._block[place : place + length]
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)
