"""Recordings that tests make: tones, which the tone engine takes for speakers."""

from __future__ import annotations

import io
import wave

import numpy as np


def recording(seconds: float = 6.0, hz: float = 180.0, rate: int = 16_000) -> bytes:
    """A WAV file with a tone: 16-bit, mono."""
    samples = 0.4 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()
