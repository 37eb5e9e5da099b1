"""Blobs as objects: whole or absent, since an object appears with its last byte or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from adapters.blobs.keys import checked_key
from adapters.blobs.objectstore.blocks import FIRST_BLOCK, Blocks
from adapters.blobs.objectstore.listing import folder_of, in_key_order
from adapters.blobs.objectstore.record import read_record
from adapters.blobs.reader import BlobReader, window
from voicecore.errors import DiskFull, MissingDependency, NotFound, StorageUnavailable
from voicecore.ports import BlobStat, Clock
from voicecore.system import SystemClock


class ObjectStoreBlobStore:
    """Objects below a prefix of a bucket, for as many processes and machines as like.

    A put takes its source to the end first, in memory up to 5 MiB and in a temporary file beyond, and only then talks to the
    server: so the digest can go along with the bytes, and a source that fails or dawdles leaves nothing on the server. An
    error of `put` or `delete` says that the server's consent did not arrive; it may have obeyed nevertheless.

    Readers beyond the first mebibyte ask again, for the same version of the object: one that was replaced or deleted
    meanwhile ends the read with `StorageUnavailable`, never with bytes of two versions.

    Of two deletions of one key at the same time, both may be told that it was there.
    """

    def __init__(
        self, url: str, *, clock: Clock | None = None, patience_s: float = 8.0, spool: Path | None = None
    ) -> None:
        """Prepare the connection; nothing is sent yet, `problems` tries it.

        Args:
            url: `s3://bucket/prefix` (or gs://, az://); the prefix belongs to this deployment alone.
            clock: says when a blob was put.
            patience_s: a failed request is tried again for so long; a call ends within about 12 s more.
            spool: folder for blobs of more than 5 MiB on their way; default: the system's for temporary files.

        Raises:
            MissingDependency: obstore is not installed.
            InvalidInput: the URL or a variable of the environment is wrong.
        """
        try:
            from adapters.blobs.objectstore.bucket import PART, Bucket  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise MissingDependency("Object stores need obstore: pip install 'voicecore[objectstore]'.") from error
        self._bucket = Bucket(url, patience_s)
        self._in_memory = PART
        self._clock = clock or SystemClock()
        self._spool = spool

    def __repr__(self) -> str:
        return f"ObjectStoreBlobStore({self._bucket.url!r})"

    def put(self, key: str, data: Iterable[bytes]) -> BlobStat:
        checked_key(key)
        digest = hashlib.sha256()
        size = 0
        with tempfile.SpooledTemporaryFile(
            max_size=self._in_memory, dir=None if self._spool is None else str(self._spool)
        ) as file:
            for chunk in data:
                digest.update(chunk)
                size += len(chunk)
                with _spooling(key):
                    file.write(chunk)
            with _spooling(key):
                file.seek(0)
                small = file.read() if size <= self._in_memory else None
            stat = BlobStat(key, size, digest.hexdigest(), self._clock.now())
            self._bucket.put(stat, file if small is None else small)
        return stat

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        checked_key(key)
        stop = start + FIRST_BLOCK if end is None else min(end, start + FIRST_BLOCK)
        answer = self._bucket.get(key, start, stop) if 0 <= start < stop else None
        if answer is None:
            # Nothing to fetch: the blob is empty, or the range is, or it is none.
            stat = self.stat(key)
            if stat is None:
                raise NotFound(f"There is no blob {key}.")
            return _reader(stat, window(stat.size, start, end), Blocks(lambda _start, _end: b"", 0, 0, b""))
        meta = answer.meta
        stat = read_record(key, answer.attributes, meta["size"])
        wanted = window(stat.size, start, end)
        first = self._bucket.bytes_of(answer)
        return _reader(
            stat,
            wanted,
            Blocks(lambda begin, until: self._bucket.more(key, meta["e_tag"], begin, until), wanted.stop, start, first),
        )

    def stat(self, key: str) -> BlobStat | None:
        answer = self._bucket.look(checked_key(key))
        return None if answer is None else read_record(key, answer.attributes, answer.meta["size"])

    def delete(self, key: str) -> bool:
        return self._bucket.look(checked_key(key)) is not None and self._bucket.delete(key)

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        """As the port says; a stat has no digest here, and the server's time of the put."""
        folder = folder_of(prefix)
        if folder is None:
            return
        for stat in in_key_order(self._bucket.listed(folder), folder):
            if stat.key.startswith(prefix):
                yield stat

    def problems(self) -> Sequence[str]:
        """What keeps the store from working, found by writing, reading, listing and deleting a small object there."""
        try:
            return self._bucket.probe()
        except StorageUnavailable as error:
            return [error.message]


def _reader(stat: BlobStat, wanted: range, blocks: Blocks) -> BinaryIO:
    # No connection is held between requests, so there is nothing to close.
    return io.BufferedReader(BlobReader(stat, wanted, blocks.read_at, lambda: None), buffer_size=1 << 16)


@contextmanager
def _spooling(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            message = f"The disk for temporary files is full and {key} was not stored: free some space, or set TMPDIR."
            raise DiskFull(message) from error
        raise StorageUnavailable(f"{key} cannot be written to a temporary file ({error}): see to TMPDIR.") from error
