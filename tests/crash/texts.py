"""Texts and sounds for the crash tests: sentences of one segment each, and the sound of their answers."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np


def sentences(count: int, seed: str = "") -> str:
    """So many sentences; each is one segment under the clusters' limit of 60 characters."""
    return " ".join(f"Esta é a frase {number} {seed} de um texto comprido." for number in range(1, count + 1))


def stuck_at(number: int, until: Path | None = None) -> dict[str, Any]:
    """The plan of a tone engine that hangs at this one of `sentences`, for ever or until a file is there. All before it are
    done by then, so that a test need not be quick to meet a job in the middle.
    """
    return {"hang_on": f"frase {number} ", "hang_until": str(until or "")}


def samples_of(wav: bytes) -> np.ndarray:
    """float32 samples of a 16-bit mono WAV."""
    with wave.open(io.BytesIO(wav)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2").astype(np.float32) / 32768
