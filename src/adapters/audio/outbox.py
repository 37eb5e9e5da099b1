"""Files that encoders write into."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO

_PIECE_BYTES = 65_536


class Outbox:
    """A file that only grows; what was written can be taken away at once.

    It answers `tell` and a `seek` to its end, as libsndfile asks both of a stream that it writes from front to back.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._written = 0

    def write(self, data: bytes | memoryview) -> int:
        """Append."""
        self._held += data
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._written

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Stay where we are.

        Raises:
            io.UnsupportedOperation: for any other place.
        """
        target = offset if whence == os.SEEK_SET else self._written + offset
        if target != self._written:
            raise io.UnsupportedOperation("this file can only be written from front to back")
        return target

    def take(self) -> Iterator[bytes]:
        """What was written since the last time, if anything."""
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            yield held


class Drain:
    """What can only be written to, with nothing to seek or tell, as a socket."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes | memoryview) -> int:
        """Append."""
        self._held += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held


class CarefulFile:
    """Hands a file to libsndfile and keeps the first error of its `write`, which cffi would print and forget."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._error: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Write, or say that nothing was written."""
        try:
            return self._target.write(data)
        except OSError as error:
            self._error = self._error or error
            return 0

    def read(self, size: int) -> bytes:
        """Read back, as libsndfile does with what it wrote when it mends a header."""
        return self._target.read(size)

    def tell(self) -> int:
        """Position in bytes."""
        return self._target.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; the new position in bytes."""
        return self._target.seek(offset, whence)

    def check(self) -> None:
        """Raise the `OSError` that was kept, if there is one."""
        if self._error is not None:
            raise self._error


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """The rest of a file, 64 KiB at a time."""
    while piece := source.read(_PIECE_BYTES):
        yield piece
