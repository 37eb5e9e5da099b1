"""A binary file read field by field: nothing is read, and nothing allocated, before it is known to be there."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from voicecore.errors import ModelCorrupt


class Fields:
    """The rest of a file, little-endian, from its beginning on.

    Args:
        file: read from where it stands.
        size: bytes from there to its end.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return self._left

    def name(self) -> bytes:
        """Four letters that say what follows."""
        return self._take(4)

    def byte(self) -> int:
        """0 to 255."""
        return self._take(1)[0]

    def int32(self) -> int:
        """With a sign."""
        return int(struct.unpack("<i", self._take(4))[0])

    def int64(self) -> int:
        """With a sign."""
        return int(struct.unpack("<q", self._take(8))[0])

    def count(self, bytes_each: int) -> int:
        """A number of things, each of which takes at least `bytes_each` bytes in what follows.

        Raises:
            ModelCorrupt: it is negative, or the file is too short for so many.
        """
        value = self.int64()
        self.require(value, bytes_each)
        return value

    def require(self, count: int, bytes_each: int) -> None:
        """Raise `ModelCorrupt` unless so many things can follow."""
        if not 0 <= count * bytes_each <= self._left:
            raise ModelCorrupt(
                f"The index speaks of {count} entries of {bytes_each} bytes where {self._left} bytes are left of it; "
                "it is damaged or cut short."
            )

    def array(self, count: int, dtype: str) -> NDArray[Any]:
        """`count` numbers, shape (count,)."""
        kind = np.dtype(dtype)
        self.require(count, kind.itemsize)
        return np.frombuffer(self._take(count * kind.itemsize), kind)

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self.require(size, 1)
        self._file.seek(size, 1)
        self._left -= size

    def _take(self, size: int) -> bytes:
        data = self._file.read(size) if size <= self._left else b""
        if len(data) != size:
            raise ModelCorrupt(
                f"The index ends where {size} bytes more should be, {self._left} are there; it is cut short."
            )
        self._left -= size
        return data
