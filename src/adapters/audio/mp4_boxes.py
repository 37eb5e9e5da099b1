"""Whether an MP4 file is whole, by its outermost boxes (ISO/IEC 14496-12 §4.2)."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from voicecore.errors import InvalidAudio

_MOST_BOXES = 100_000


def check_whole(source: BinaryIO) -> None:
    """Walk the outermost boxes.

    Raises:
        InvalidAudio: if a box is longer than the rest of the file, or the index (`moov`) or the sound (`mdat`) is missing.
    """
    there = source.seek(0, os.SEEK_END)
    seen: set[bytes] = set()
    at = 0
    for _ in range(_MOST_BOXES):
        if there - at < 8:
            break
        source.seek(at)
        size, name = struct.unpack(">I4s", source.read(8))
        seen.add(name)
        if size == 1:
            # Then a 64-bit length follows; too short a file fails the comparison below.
            size = int.from_bytes(source.read(8).ljust(8, b"\xff"), "big")
        elif size == 0:
            size = there - at
        if size < 8:
            raise InvalidAudio("The m4a file is damaged: one of its boxes has no length; export it again.")
        if size > there - at:
            raise InvalidAudio(
                f"The m4a file is truncated: a part of it promises {size} bytes and {there - at} are there; "
                "send the whole file."
            )
        at += size
    missing = {b"moov", b"mdat"} - seen
    if missing:
        names = " and ".join(sorted(each.decode() for each in missing))
        raise InvalidAudio(f"The m4a file is truncated: its {names} part is missing; send the whole file.")
