"""Audio files that lie, made byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def wav(
    sound: bytes = b"\0" * 3200,
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = 16_000,
    bits: int = 16,
    block: int | None = None,
    data_size: int | None = None,
    riff_size: int | None = None,
    before_data: bytes = b"",
    fmt_tail: bytes = b"",
) -> bytes:
    """A WAV file; every number of its header can be set to what is not so."""
    frame = channels * bits // 8 if block is None else block
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits) + fmt_tail
    size = len(sound) if data_size is None else data_size
    body = b"WAVE" + chunk(b"fmt ", fmt) + before_data + b"data" + struct.pack("<I", size) + sound
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def extensible(sound: bytes, *, tag: int, bits: int) -> bytes:
    """A WAVE_FORMAT_EXTENSIBLE file."""
    guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    return wav(sound, tag=0xFFFE, bits=bits, fmt_tail=struct.pack("<HHI", 22, bits, 4) + guid)


def _crc(data: bytes, polynomial: int, width: int) -> int:
    value, top, mask = 0, 1 << (width - 1), (1 << width) - 1
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value


def silent_flac(frames: int, *, claimed_samples: int, channels: int = 2, rate: int = 48_000) -> Iterator[bytes]:
    """A FLAC file (RFC 9639) of `frames` blocks of 65 535 samples, each block of about 15 bytes: constant subframes of 0.

    `claimed_samples` goes into STREAMINFO; 0 stands for an unknown length.
    """
    info = struct.pack(">HH", 65_535, 65_535) + b"\0" * 6
    info += (rate << 44 | (channels - 1) << 41 | 15 << 36 | claimed_samples).to_bytes(8, "big") + b"\0" * 16
    yield b"fLaC" + struct.pack(">I", 0x80 << 24 | len(info)) + info
    for number in range(frames):
        # Fixed block size, 16-bit size at the header's end, 48 kHz or the STREAMINFO's, 16 bits a sample.
        header = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4 | 0x08]) + chr(number).encode("utf-8", "surrogatepass")
        header += struct.pack(">H", 65_534)
        header += bytes([_crc(header, 0x07, 8)])
        body = header + bytes([0, 0, 0]) * channels  # one byte says "constant", two bytes are the value
        yield body + struct.pack(">H", _crc(body, 0x8005, 16))


def box(name: bytes, body: bytes) -> bytes:
    """An MP4 box."""
    return struct.pack(">I", 8 + len(body)) + name + body
