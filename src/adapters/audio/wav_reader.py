"""WAV files: PCM of 8, 16, 24 and 32 bits and IEEE float of 32 and 64 bits, by a strict reader of our own.

Not by libsndfile: 1.2.2 can hang on a WAV of 157 bytes (issue 1118), has an overflow in ADPCM (CVE-2026-37555), and takes a
data chunk that claims 2 GB for as long as it happens to be, so the header had to be read here in any case.
Layout: Multimedia Programming Interface and Data Specifications 1.0 (1991), and for WAVE_FORMAT_EXTENSIBLE
Microsoft's "Multiple channel audio data and WAVE files".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from adapters.audio.opened import Opened
from adapters.audio.wire import BLOCK_FRAMES
from voicecore.errors import InvalidAudio

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
#: Tail of the sub-format GUID {tag-0000-0010-8000-00AA00389B71}.
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
#: What programs that write into a pipe put down for a length they do not know yet.
_UNKNOWN_LENGTH = 0xFFFF_FFFF
_MOST_CHUNKS = 1000
_WIDTHS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    tag: int
    channels: int
    sample_rate_hz: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def open_wav(source: BinaryIO) -> Opened:
    """Read the chunks up to the sound.

    A data chunk longer than the file is refused as truncated, except for the length 0xFFFFFFFF, which streaming writers
    leave behind: then the sound goes to the end of the file. A last frame that is not whole is dropped.

    Raises:
        InvalidAudio: for a header that contradicts itself or the file, and for other encodings than PCM and float.
    """
    there = source.seek(0, os.SEEK_END)
    form: _Format | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        source.seek(at)
        header = source.read(8)
        if len(header) < 8:
            break
        name, size = struct.unpack("<4sI", header)
        at += 8
        if name == b"fmt ":
            form = _format(source.read(min(size, 40)))
        elif name == b"data":
            return _opened(source, form, _data_bytes(size, there - at))
        at += size + (size & 1)
    raise InvalidAudio("The WAV file is truncated: it ends before its sound (data chunk); send the whole file.")


def _data_bytes(claimed: int, there: int) -> int:
    if claimed == _UNKNOWN_LENGTH:
        return there
    if claimed > there:
        raise InvalidAudio(
            f"The WAV file is truncated: its header promises {claimed} bytes of sound and {there} are there; "
            "send the whole file."
        )
    return claimed


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise InvalidAudio(f"The WAV file's fmt chunk has {len(body)} bytes; it needs 16: export the file again.")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and len(body) >= 40 and body[26:40] == _GUID_TAIL:
        tag = struct.unpack("<H", body[24:26])[0]
    if bits not in _WIDTHS.get(tag, ()):
        raise InvalidAudio(
            f"The WAV file's encoding (format tag {tag}, {bits} bits) is not accepted; send PCM of 8, 16, 24 or 32 bits, "
            "or float of 32 or 64 bits."
        )
    form = _Format(tag=tag, channels=channels, sample_rate_hz=rate, bits=bits)
    if channels == 0 or frame_bytes != form.frame_bytes:
        raise InvalidAudio(
            f"The WAV header contradicts itself: {channels} channels of {bits} bits do not make frames of {frame_bytes} "
            "bytes; export the file again."
        )
    return form


def _opened(source: BinaryIO, form: _Format | None, size: int) -> Opened:
    if form is None:
        raise InvalidAudio("The WAV file has sound but no fmt chunk before it; export the file again.")
    frames = size // form.frame_bytes
    return Opened(
        sample_rate_hz=form.sample_rate_hz,
        channels=form.channels,
        claimed_frames=frames,
        blocks=_blocks(source, form, frames),
    )


def _blocks(source: BinaryIO, form: _Format, frames: int) -> Iterator[NDArray[np.float32]]:
    while frames > 0:
        data = source.read(min(frames, BLOCK_FRAMES) * form.frame_bytes)
        whole = len(data) // form.frame_bytes
        if whole == 0:
            return
        yield _floats(data[: whole * form.frame_bytes], form).reshape(whole, form.channels)
        frames -= whole


def _floats(data: bytes, form: _Format) -> NDArray[np.float32]:
    """Samples in [-1, 1]; integers are divided by 2**(bits - 1), as libsndfile and FFmpeg do."""
    if form.tag == _FLOAT:
        with np.errstate(over="ignore"):  # a double that overflows becomes infinity, and is refused as such
            return np.frombuffer(data, f"<f{form.bits // 8}").astype(np.float32)
    if form.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / np.float32(128.0)
    if form.bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(2.0**31)
    scale = np.float32(2.0 ** (form.bits - 1))
    return np.frombuffer(data, f"<i{form.bits // 8}").astype(np.float32) / scale
