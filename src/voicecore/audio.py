"""Sound in memory: mono, float32, in [-1, 1]."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicecore.errors import InvalidAudio
from voicecore.timing import WordTimes

Samples = NDArray[np.float32]

#: Sample rates that any part of voicecore accepts. 8 kHz is telephone, 192 kHz the highest in studio use.
MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 192_000


def _checked(samples: Samples, sample_rate_hz: int) -> Samples:
    if not MIN_SAMPLE_RATE_HZ <= sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
        raise InvalidAudio(
            f"The sample rate is {sample_rate_hz} Hz; give audio between {MIN_SAMPLE_RATE_HZ} and "
            f"{MAX_SAMPLE_RATE_HZ} Hz."
        )
    array = np.asarray(samples)
    if array.ndim != 1:
        raise InvalidAudio(f"Audio must be mono, of shape (n,); this has shape {array.shape}.")
    array = array.astype(np.float32, copy=False)
    peak = _peak(array)
    if not math.isfinite(peak):
        raise InvalidAudio("The audio holds values that are not finite numbers (NaN or infinity).")
    if peak > 1.0:
        if peak > 1.0 + 1e-3:
            raise InvalidAudio(f"The audio peaks at {peak:.3f}; scale it into [-1, 1].")
        array = np.clip(array, -1.0, 1.0)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def _peak(array: Samples) -> float:
    """Largest absolute sample; NaN or infinity if there is one. Without a second array, since ten minutes are 115 MB."""
    return max(abs(float(array.min())), abs(float(array.max()))) if array.size else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A stretch of mono sound.

    Attributes:
        samples: float32, shape (n,), in [-1, 1]; read-only.
        sample_rate_hz: samples a second, 8 000 to 192 000.

    Raises:
        InvalidAudio: on another shape, values that are not finite or beyond [-1, 1], or a rate out of range.
    """

    samples: Samples
    sample_rate_hz: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _checked(self.samples, self.sample_rate_hz))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz

    @property
    def peak(self) -> float:
        """Largest absolute sample, 0..1; 0 for no samples."""
        return _peak(self.samples)

    def wav_bytes(self) -> bytes:
        """The sound as a WAV file, 16-bit PCM, mono."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.sample_rate_hz)
            out.writeframes(pcm16_bytes(self.samples))
        return buffer.getvalue()

    @classmethod
    def from_wav_bytes(cls, data: bytes) -> Audio:
        """The sound of a mono 16-bit PCM WAV file, as `wav_bytes` makes it. Strangers' files go through an `AudioCodec`.

        Raises:
            InvalidAudio: if it is anything else.
        """
        try:
            with wave.open(io.BytesIO(data), "rb") as source:
                shape = (source.getnchannels(), source.getsampwidth())
                rate = source.getframerate()
                frames = source.readframes(source.getnframes())
        except (wave.Error, EOFError) as error:
            raise InvalidAudio(f"This is not a WAV file of 16-bit PCM ({error}).") from error
        if shape != (1, 2):
            raise InvalidAudio(f"This WAV file has {shape[0]} channels of {8 * shape[1]} bits; give mono, 16 bits.")
        return cls(np.frombuffer(frames, dtype="<i2").astype(np.float32) / np.float32(32767.0), rate)

    def write_wav(self, path: str | PathLike[str]) -> None:
        """Write a 16-bit PCM WAV file.

        Raises:
            OSError: if the file cannot be written.
        """
        Path(path).write_bytes(self.wav_bytes())


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A piece of an utterance's sound, as an engine made it.

    Attributes:
        utterance_id: whose sound this is.
        samples: float32, shape (n,), in [-1, 1]; may be empty on the last chunk.
        sample_rate_hz: samples a second.
        last: True on the chunk that ends the utterance.
        times: when the words of the whole utterance are heard (characters of its text, seconds from its first sample), on its
            last chunk; None on the others, and where the engine does not know.
    """

    utterance_id: str
    samples: Samples
    sample_rate_hz: int
    last: bool
    times: WordTimes | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _checked(self.samples, self.sample_rate_hz))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


def pcm16_bytes(samples: Samples) -> bytes:
    """Little-endian 16-bit PCM of float samples in [-1, 1]; full scale is 32767, so that +1 and -1 are symmetric."""
    return np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def silence(duration_s: float, sample_rate_hz: int) -> Samples:
    """Zeros that last `duration_s` seconds."""
    return np.zeros(max(0, round(duration_s * sample_rate_hz)), dtype=np.float32)


def join(parts: Iterable[Samples], sample_rate_hz: int) -> Audio:
    """One `Audio` of all parts, in order."""
    arrays: Sequence[Samples] = list(parts)
    samples = np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.float32)
    return Audio(samples, sample_rate_hz)
