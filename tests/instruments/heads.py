"""Sound without what stands before it in a file, which names its job and is as long as that makes it."""

from __future__ import annotations

import struct


def head_bytes(data: bytes) -> int:
    """How many bytes stand before the samples."""
    at = 12
    while data[at : at + 4] != b"data":
        at += 8 + int(struct.unpack_from("<I", data, at + 4)[0])
    return at + 8


def pcm_of(data: bytes) -> bytes:
    """The samples, of files and of streams."""
    return data[head_bytes(data) :]


def frames_of(data: bytes) -> bytes:
    """An MP3 without its ID3 tag."""
    if not data.startswith(b"ID3"):
        return data
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte
    return data[10 + size :]
