"""Texts and sounds for the crash tests: sentences of one segment each, tones instead of speakers."""

from __future__ import annotations

import io
import wave

import numpy as np


def sentences(count: int, seed: str = "") -> str:
    """So many sentences; each is one segment under the clusters' limit of 60 characters."""
    return " ".join(f"Esta é a frase {number} {seed} de um texto comprido." for number in range(1, count + 1))


def recording(hz: float, seconds: float = 6.0, rate: int = 16_000) -> bytes:
    """A WAV file with a tone: what the tone engine takes for a speaker."""
    samples = 0.4 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def samples_of(wav: bytes) -> np.ndarray:
    """float32 samples of a 16-bit mono WAV."""
    with wave.open(io.BytesIO(wav)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2").astype(np.float32) / 32768
