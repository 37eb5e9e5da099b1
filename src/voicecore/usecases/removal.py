"""Delete blobs and count what went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voicecore.ports import BlobStat, BlobStore


@dataclass(frozen=True, slots=True)
class Removed:
    """How many files were deleted, and how many bytes they had."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(self.files + other.files, self.bytes + other.bytes)


def remove(blobs: BlobStore, stats: Iterable[BlobStat | None]) -> Removed:
    """Delete these blobs; those that are None, or gone already, do not count."""
    gone = [stat.size for stat in list(stats) if stat is not None and blobs.delete(stat.key)]
    return Removed(len(gone), sum(gone))


def remove_all(blobs: BlobStore, prefix: str) -> Removed:
    """Delete every blob whose key begins with `prefix`."""
    return remove(blobs, blobs.list(prefix))
