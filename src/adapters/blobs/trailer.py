"""The 56 bytes behind a blob's own bytes: what it should be.

    8 bytes "VCBLOB1" and a line feed · sha256 · uint64 size · uint64 microseconds since 1970 of the put (little endian)

Size and digest must become true in the same instant as the bytes, which is one `rename` of one file: so they are in that
file. A file beside it needs two renames, with a torn state between them; extended attributes are missing from some
file systems, and are lost by copies. They stand behind the bytes, not before them, since the digest is known only at the
end, ranges then need no offset, and an audio file stays playable where it lies.
"""

from __future__ import annotations

import os
import struct
from datetime import UTC, datetime, timedelta

from voicecore.errors import BlobCorrupt
from voicecore.ports import BlobStat

_MAGIC = b"VCBLOB1\n"
_FORMAT = struct.Struct("<8s32sQQ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRAILER_SIZE = _FORMAT.size


def trailer(stat: BlobStat) -> bytes:
    """The trailer of the blob that `stat` describes."""
    put_us = (stat.modified_at - _EPOCH) // timedelta(microseconds=1)
    return _FORMAT.pack(_MAGIC, bytes.fromhex(stat.sha256), stat.size, put_us)


def read_stat(key: str, descriptor: int) -> BlobStat:
    """What the open file says it holds.

    Raises:
        BlobCorrupt: if it has no trailer, or one of another size.
        OSError: if it cannot be read.
    """
    size = os.fstat(descriptor).st_size - TRAILER_SIZE
    data = os.pread(descriptor, TRAILER_SIZE, size) if size >= 0 else b""
    if len(data) == TRAILER_SIZE:
        magic, digest, stored_size, put_us = _FORMAT.unpack(data)
        if magic == _MAGIC and stored_size == size:
            return BlobStat(key, size, digest.hex(), _EPOCH + timedelta(microseconds=put_us))
    raise BlobCorrupt(f"The file of the blob {key} was cut or changed: delete it and make it again.")


def unreadable_stat(key: str, descriptor: int) -> BlobStat:
    """What can be said of a file without a valid trailer: bytes on the disk, time of the file, and no digest."""
    status = os.fstat(descriptor)
    return BlobStat(key, status.st_size, "", datetime.fromtimestamp(status.st_mtime, UTC))
