"""Blobs as files, whole or absent, through kill -9 and power cuts."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from adapters.blobs.keys import checked_key
from adapters.blobs.layout import UNFINISHED, Layout
from adapters.blobs.reader import BlobReader, window
from adapters.blobs.trailer import read_stat, trailer, unreadable_stat
from voicecore.errors import BlobCorrupt, DiskFull, NotFound, StorageUnavailable
from voicecore.ports import BlobStat, Clock
from voicecore.system import SystemClock

Write = Callable[[int, memoryview], int]

#: The disk, a quota, or the process's limit on file sizes is exhausted.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FilesystemBlobStore:
    """Files below `root`, on one local file system.

    A put writes an unfinished file, then its trailer with size and digest, syncs it, renames it to its place and syncs the
    folder. Before the rename nothing is there under the key, and after it everything is: there is no state between.
    Several processes may use one root.
    """

    def __init__(self, root: str | Path, *, clock: Clock | None = None, write: Write = os.write) -> None:
        """Make the root if it is missing, and sweep what dead writers left unfinished.

        Args:
            root: belongs to this store alone.
            clock: says when a blob was put.
            write: what writes to a descriptor; tests give one that fails.

        Raises:
            StorageUnavailable: if the root cannot be used.
        """
        self._clock = clock or SystemClock()
        self._write = write
        with _translated(root):
            self._layout = Layout(Path(root))
            self._unfinished = self._layout.root / UNFINISHED
            self._sweep()

    def put(self, key: str, data: Iterable[bytes]) -> BlobStat:
        checked_key(key)
        with _translated(key):
            name, descriptor = self._begin()
        try:
            stat = self._fill(descriptor, key, data)
            with _translated(key):
                self._layout.publish(name, key)
        except BaseException:
            # What cannot be removed now is removed by the sweep of the next start; the first error counts.
            with suppress(OSError):
                (self._unfinished / name).unlink()
            raise
        finally:
            os.close(descriptor)
        return stat

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        descriptor = self._open(checked_key(key))
        if descriptor is None:
            raise NotFound(f"There is no blob {key}.")
        try:
            with _translated(key):
                stat = read_stat(key, descriptor)
            reader = BlobReader(
                stat, window(stat.size, start, end), partial(_read_at, key, descriptor), partial(os.close, descriptor)
            )
        except BaseException:
            os.close(descriptor)
            raise
        return io.BufferedReader(reader, buffer_size=1 << 15)

    def stat(self, key: str) -> BlobStat | None:
        return self._stat(checked_key(key), read_stat)

    def delete(self, key: str) -> bool:
        with _translated(key):
            return self._layout.remove(checked_key(key))

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        """As the port says. A file that was cut or changed is listed with an empty digest, so that it can be deleted."""
        keys = self._layout.keys(prefix)
        while True:
            with _translated(prefix):
                key = next(keys, None)
            if key is None:
                return
            # It may have been deleted since its name was read.
            if (stat := self._stat(key, _any_stat)) is not None:
                yield stat

    def _stat(self, key: str, read: Callable[[str, int], BlobStat]) -> BlobStat | None:
        descriptor = self._open(key)
        if descriptor is None:
            return None
        try:
            with _translated(key):
                return read(key, descriptor)
        finally:
            os.close(descriptor)

    def _open(self, key: str) -> int | None:
        with _translated(key):
            try:
                return self._layout.open(key)
            except FileNotFoundError:
                return None

    def _begin(self) -> tuple[str, int]:
        """A new unfinished file, locked, so that a sweeper knows that its writer lives."""
        while True:
            name = secrets.token_hex(16)
            descriptor = os.open(self._unfinished / name, _NEW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # A sweeper may have come between the two lines above.
                if os.fstat(descriptor).st_nlink:
                    return name, descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _fill(self, descriptor: int, key: str, data: Iterable[bytes]) -> BlobStat:
        digest = hashlib.sha256()
        size = 0
        for chunk in data:
            digest.update(chunk)
            size += len(chunk)
            with _translated(key):
                self._write_all(descriptor, chunk)
        stat = BlobStat(key, size, digest.hexdigest(), self._clock.now())
        with _translated(key):
            self._write_all(descriptor, trailer(stat))
            _sync(descriptor)
        return stat

    def _write_all(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[self._write(descriptor, rest) :]

    def _sweep(self) -> None:
        for path in self._unfinished.iterdir():
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                except BlockingIOError:
                    pass  # its writer lives
                finally:
                    os.close(descriptor)


@contextmanager
def _translated(place: object) -> Iterator[None]:
    """System errors as voicecore's, naming `place`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = f"The disk is full and {place} was not stored: free some space and try again."
            raise DiskFull(message) from error
        raise StorageUnavailable(f"{place} cannot be stored or read ({error}): see to the blob folder.") from error


def _read_at(key: str, descriptor: int, offset: int, length: int) -> bytes:
    """`length` bytes at `offset`, fewer only where the file ends; one `pread` may return less, on a signal or by limit."""
    pieces = []
    with _translated(key):
        while length and (piece := os.pread(descriptor, length, offset)):
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
    return b"".join(pieces)


def _any_stat(key: str, descriptor: int) -> BlobStat:
    try:
        return read_stat(key, descriptor)
    except BlobCorrupt:
        return unreadable_stat(key, descriptor)


def _sync(descriptor: int) -> None:
    """Push the file to the platter; on macOS fsync alone stops at the drive's cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, full)
