"""The head of a WAV file of 16-bit mono PCM.

Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), "WAVE" and "INFO list chunk".
"""

from __future__ import annotations

import struct

#: Length of a stream whose end is not known: what ffmpeg writes into a pipe, and players read until the end.
UNKNOWN = 0xFFFF_FFFF


def wav_header(sample_rate_hz: int, data_bytes: int | None, info: dict[str, str] | None = None) -> bytes:
    """All before the samples; 44 bytes without `info`.

    Args:
        data_bytes: of the samples; None where the length is not known yet.
        info: texts of an INFO list by their four letters, such as `ICMT`, in front of the samples; its length does not depend
            on `data_bytes`, so that a header can be put right in its place.
    """
    form = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    body = b"WAVEfmt " + form + _info_list(info or {}) + b"data"
    riff, data = (UNKNOWN, UNKNOWN) if data_bytes is None else (len(body) + 4 + data_bytes, data_bytes)
    return b"RIFF" + struct.pack("<I", riff) + body + struct.pack("<I", data)


def _info_list(texts: dict[str, str]) -> bytes:
    if not texts:
        return b""
    entries = b"INFO"
    for name, text in texts.items():
        data = text.encode() + b"\0"
        entries += name.encode("ascii") + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"LIST" + struct.pack("<I", len(entries)) + entries
