"""Files that a caller sent with a request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO

from voicecore.errors import DiskFull, StorageUnavailable, VoiceCoreError
from voicecore.ports import BlobStore

_BYTES_PER_BLOCK = 1 << 20


def sha256_of(file: BinaryIO) -> str:
    """Of the whole file, which is at its begin before and after."""
    digest = hashlib.sha256()
    while block := file.read(_BYTES_PER_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def may_be_stored(error: VoiceCoreError) -> bool:
    """Whether the job may be in the store although adding it failed so.

    A store that cannot be reached may have the job all the same, and the caller's next try is answered with it: then it needs
    its uploads. Every other error is a refusal.
    """
    return isinstance(error, StorageUnavailable) and not isinstance(error, DiskFull)


def forget(blobs: BlobStore, keys: Iterable[str]) -> None:
    """Remove what nobody owns. What cannot be deleted now goes with the orphans."""
    for key in keys:
        with suppress(VoiceCoreError):
            blobs.delete(key)
