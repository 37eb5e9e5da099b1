"""FLAC, MP3 and Ogg Vorbis by libsndfile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from adapters.audio.libraries import load
from adapters.audio.outbox import CarefulFile, Outbox
from adapters.audio.storage_errors import temporary_space
from voicecore.audio import Samples, pcm16_bytes
from voicecore.errors import StorageUnavailable

#: libsndfile's compression level is 1 - quality.
_VORBIS_LEVEL = 0.5
_VORBIS_FRAMES = 8_192
#: From MPEG 1 (32 kHz up) LAME has 32..320 kbit/s, below 8..160; libsndfile's level 0..1 runs down that range linearly.
_MP3_HIGH_KBPS, _MP3_HIGH_RANGE = 128, (32, 320)
_MP3_LOW_KBPS, _MP3_LOW_RANGE = 64, (8, 160)
_MPEG1_LOWEST_RATE_HZ = 32_000


def write_vorbis(target: Outbox, sound: Iterable[Samples], rate_hz: int, comment: str = "") -> Iterator[None]:
    """Write into `target`, and pause after each block so that its bytes can leave."""
    with _sound_file(target, rate_hz, format="OGG", subtype="VORBIS", compression_level=_VORBIS_LEVEL) as out:
        if comment:
            out.comment = comment
        for block in sound:
            out.write(block)
            yield


class VorbisWriter:
    """The same, block by block as they come. One block is never long enough to hurt libsndfile (its issue 1095)."""

    def __init__(self, target: Outbox, rate_hz: int, comment: str = "") -> None:
        self._out = _sound_file(target, rate_hz, format="OGG", subtype="VORBIS", compression_level=_VORBIS_LEVEL)
        if comment:
            self._out.comment = comment

    def write(self, samples: Samples) -> None:
        """Put sound in."""
        for start in range(0, len(samples), _VORBIS_FRAMES):
            self._out.write(samples[start : start + _VORBIS_FRAMES])

    def close(self) -> None:
        """Write what is left."""
        self._out.close()


def write_flac(target: IO[bytes], sound: Iterable[Samples], rate_hz: int) -> None:
    """16-bit FLAC, of the very samples that a WAV of the sound has: libsndfile would scale floats in another way."""
    _write(target, (_pcm16(block) for block in sound), rate_hz, format="FLAC", subtype="PCM_16")


def _pcm16(block: Samples) -> NDArray[np.int16]:
    return np.frombuffer(pcm16_bytes(block), "<i2")


def write_mp3(target: IO[bytes], sound: Iterable[Samples], rate_hz: int) -> None:
    """CBR MP3 with a LAME tag, which tells players what to cut off at both ends."""
    high = rate_hz >= _MPEG1_LOWEST_RATE_HZ
    kbps, (least, most) = (_MP3_HIGH_KBPS, _MP3_HIGH_RANGE) if high else (_MP3_LOW_KBPS, _MP3_LOW_RANGE)
    level = (most - kbps) / (most - least)
    _write(
        target,
        sound,
        rate_hz,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=level,
    )


def _write(target: IO[bytes], sound: Iterable[NDArray[Any]], rate_hz: int, **kind: Any) -> None:
    careful = CarefulFile(target)
    with _sound_file(careful, rate_hz, **kind) as out:
        for block in sound:
            try:
                out.write(block)
            except (RuntimeError, AssertionError) as error:  # soundfile asserts that all frames were written
                with temporary_space():
                    careful.check()
                raise StorageUnavailable("The temporary file of the encoder cannot be written; try again.") from error
    with temporary_space():
        careful.check()


def _sound_file(target: object, rate_hz: int, **kind: Any) -> Any:
    return load("soundfile").SoundFile(target, "w", samplerate=rate_hz, channels=1, **kind)
