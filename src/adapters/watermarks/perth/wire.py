"""What goes through the pipes of the watermark's process: a letter, a rate, a length, and floats or a sentence."""

from __future__ import annotations

import struct
from collections.abc import Callable

HEADER = struct.Struct("<cII")
MARK, DETECT = b"M", b"D"
READY, SOUND, SCORE, ERROR = b"R", b"S", b"P", b"E"
#: Samples up to here are silence, which has no mark.
SILENT = 1e-4
#: Ten minutes at 192 kHz, and then some.
LARGEST_BYTES = 1 << 30


class Closed(Exception):
    """The other end is gone."""


def frame(kind: bytes, rate_hz: int, payload: bytes) -> bytes:
    """One message."""
    return HEADER.pack(kind, rate_hz, len(payload)) + payload


def read_frame(read: Callable[[int], bytes]) -> tuple[bytes, int, bytes]:
    """The next message: its letter, its rate and what it holds. Raises `Closed`."""
    kind, rate, size = HEADER.unpack(_exactly(read, HEADER.size))
    if size > LARGEST_BYTES:
        raise Closed(f"a message of {size} bytes")
    return kind, rate, _exactly(read, size)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        piece = read(size - len(parts))
        if not piece:
            raise Closed("the pipe ended")
        parts += piece
    return bytes(parts)
