"""A WAV file that is whole or absent, as the service writes it; for what is measured beside the service."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np


def write_wav(path: Path, samples: np.ndarray, sample_rate_hz: int) -> None:
    """16 bit, mono. Temporary file, synced, renamed."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(sample_rate_hz)
            writer.writeframes((samples * 32_767).astype("<i2").tobytes())
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
