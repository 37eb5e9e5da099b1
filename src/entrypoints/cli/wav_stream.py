"""WAV and raw PCM that leave as they are made."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from entrypoints.cli.target import Target
from voicecore.audio import Samples, pcm16_bytes

#: Length of a stream whose end is not known: what ffmpeg writes into a pipe, and players read until the end.
_UNKNOWN = 0xFFFF_FFFF
_HEADER_BYTES = 44


def wav_header(sample_rate_hz: int, data_bytes: int | None) -> bytes:
    """The 44 bytes before 16-bit mono PCM; None where the length is not known yet.

    Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991), "WAVE".
    """
    riff, data = (_UNKNOWN, _UNKNOWN) if data_bytes is None else (data_bytes + _HEADER_BYTES - 8, data_bytes)
    form = struct.pack("<IHHIIHH", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + form + b"data" + struct.pack("<I", data)


def write_wav(target: Target, blocks: Iterable[Samples], sample_rate_hz: int) -> None:
    """Write each block as it comes, behind a header of unknown length, which is put right at the end of a file.

    In a pipe the header stays as it is.
    """
    size = 0
    for block in blocks:
        if size == 0:
            target.write(wav_header(sample_rate_hz, None))
        data = pcm16_bytes(block)
        target.write(data)
        size += len(data)
    target.amend(0, wav_header(sample_rate_hz, size))


def write_pcm(target: Target, blocks: Iterable[Samples]) -> None:
    """Write 16-bit little-endian samples without any header."""
    for block in blocks:
        target.write(pcm16_bytes(block))
