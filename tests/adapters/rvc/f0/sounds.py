"""Sounds whose pitch is known to the sample."""

from __future__ import annotations

import numpy as np

RATE_HZ = 16_000


def voice_like(f0_hz: np.ndarray, loudness: float = 0.2) -> np.ndarray:
    """Ten harmonics that fall off as a voice's do, over a pitch given for each sample."""
    phase = np.cumsum(2 * np.pi * f0_hz / RATE_HZ)
    return (loudness * sum(np.sin(k * phase) / k for k in range(1, 11))).astype(np.float32)


def glide(low_hz: float, high_hz: float, seconds: float) -> np.ndarray:
    """A pitch that rises evenly in semitones, for each sample."""
    return np.geomspace(low_hz, high_hz, round(seconds * RATE_HZ))


def vibrato(middle_hz: float, seconds: float, *, semitones: float = 0.5, rate_hz: float = 5.5) -> np.ndarray:
    """A singer's pitch, for each sample."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return middle_hz * 2 ** (semitones / 12 * np.sin(2 * np.pi * rate_hz * time))


def steady(hz: float, seconds: float) -> np.ndarray:
    return np.full(round(seconds * RATE_HZ), hz)


def noise(seconds: float, loudness: float, seed: int = 0) -> np.ndarray:
    dice = np.random.default_rng(seed)
    return np.clip(dice.standard_normal(round(seconds * RATE_HZ)) * loudness, -1, 1).astype(np.float32)


def cents(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far apart two pitches are."""
    return np.abs(1200 * np.log2(one / other))
