"""Blobs in this process's memory: for tests, and for library use that keeps nothing."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from adapters.blobs.keys import checked_key
from adapters.blobs.reader import BlobReader, window
from voicecore.errors import DiskFull, NotFound
from voicecore.ports import BlobStat, Clock
from voicecore.system import SystemClock


class MemoryBlobStore:
    """Bytes in a dict, behind one lock.

    Attributes:
        capacity: bytes that fit, or None for no bound; beyond it `put` raises `DiskFull`, as a disk would.
    """

    def __init__(self, *, clock: Clock | None = None, capacity: int | None = None) -> None:
        self._clock = clock or SystemClock()
        self.capacity = capacity
        self._lock = threading.Lock()
        self._blobs: dict[str, tuple[BlobStat, bytes]] = {}

    def put(self, key: str, data: Iterable[bytes]) -> BlobStat:
        checked_key(key)
        content = bytearray()
        for chunk in data:
            content += chunk
            self._check_room(len(content))
        stat = BlobStat(key, len(content), hashlib.sha256(content).hexdigest(), self._clock.now())
        with self._lock:
            self._blobs[key] = (stat, bytes(content))
        return stat

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        with self._lock:
            found = self._blobs.get(checked_key(key))
        if found is None:
            raise NotFound(f"There is no blob {key}.")
        stat, content = found
        view = memoryview(content)
        reader = BlobReader(
            stat,
            window(stat.size, start, end),
            lambda offset, length: bytes(view[offset : offset + length]),
            close=lambda: None,
        )
        return io.BufferedReader(reader)

    def stat(self, key: str) -> BlobStat | None:
        with self._lock:
            found = self._blobs.get(checked_key(key))
        return None if found is None else found[0]

    def delete(self, key: str) -> bool:
        with self._lock:
            return self._blobs.pop(checked_key(key), None) is not None

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        with self._lock:
            stats = [stat for stat, _ in self._blobs.values() if stat.key.startswith(prefix)]
        yield from sorted(stats, key=lambda stat: stat.key)

    def _check_room(self, more: int) -> None:
        with self._lock:
            used = sum(stat.size for stat, _ in self._blobs.values())
        if self.capacity is not None and used + more > self.capacity:
            raise DiskFull
