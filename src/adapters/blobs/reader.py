"""A reader that will not hand out the end of a damaged blob."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from voicecore.errors import BlobCorrupt, require
from voicecore.ports import BlobStat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Bytes at a time when the reader has to catch up with a caller who skipped.
_BLOCK = 1 << 20

#: Reads at most so many bytes at an offset, as `os.pread`; fewer only at the end of the file.
ReadAt = Callable[[int, int], bytes]


def window(size: int, start: int, end: int | None) -> range:
    """The bytes start..end of a blob of `size` bytes; an end beyond it means the end.

    Raises:
        InvalidInput: if `start` is negative or lies behind the end.
    """
    stop = size if end is None else min(end, size)
    require(
        0 <= start <= stop, f"Bytes {start}..{end} are not a range of a blob of {size} bytes; give 0 <= start <= end."
    )
    return range(start, stop)


class BlobReader(io.RawIOBase):
    """The bytes of `window`, seekable. Over a whole blob it also checks the digest.

    Checking: every byte up to the furthest one read has gone through the digest, in order, even if the caller
    skipped it. So the read that would return the last byte knows the digest of all, and raises `BlobCorrupt` instead of
    returning if it is not the one the blob was stored with. Parts of a blob are not checked: their cost shall not grow
    with the blob.
    """

    def __init__(self, stat: BlobStat, bytes_of: range, read_at: ReadAt, close: Callable[[], None]) -> None:
        super().__init__()
        self._stat = stat
        self._window = bytes_of
        self._read_at = read_at
        self._close = close
        self._position = 0
        self._digest = hashlib.sha256() if len(bytes_of) == stat.size else None
        self._digested = 0
        self._compare()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._window)}[whence]
        if origin + offset < 0:
            raise ValueError(f"cannot seek to {origin + offset}")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        wanted = max(0, min(len(room), len(self._window) - self._position))
        data = self._read(self._position, wanted)
        self._check(data)
        room[:wanted] = data
        self._position += wanted
        return wanted

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()

    def _read(self, position: int, wanted: int) -> bytes:
        data = self._read_at(self._window.start + position, wanted)
        if len(data) != wanted:
            raise BlobCorrupt(f"The blob {self._stat.key} ends before its {self._stat.size} bytes; make it again.")
        return data

    def _check(self, data: bytes) -> None:
        """Bring the digest up to the end of `data`, which begins at the present position."""
        end = self._position + len(data)
        if self._digest is None or end <= self._digested:
            return
        while self._digested < self._position:
            skipped = self._read(self._digested, min(_BLOCK, self._position - self._digested))
            self._digest.update(skipped)
            self._digested += len(skipped)
        self._digest.update(memoryview(data)[self._digested - self._position :])
        self._digested = end
        self._compare()

    def _compare(self) -> None:
        if self._digest is None or self._digested < self._stat.size:
            return
        if self._digest.hexdigest() != self._stat.sha256:
            raise BlobCorrupt(
                f"The blob {self._stat.key} does not have the digest it was stored with: delete it and make it again."
            )
