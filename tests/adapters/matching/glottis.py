"""A voice made of pulses: a harmonic tone with formants, so that pitch and spectrum are known exactly."""

from __future__ import annotations

import numpy as np

from voicecore.audio import Audio


def voiced(seconds: float, f0_hz: float, *, rate_hz: int = 24_000, level: float = 0.1, seed: int = 0) -> Audio:
    """Harmonics of a slowly swinging F0, falling 6 dB an octave from 500 Hz, with a little breath and one pause a second."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    f0 = f0_hz * np.exp(0.05 * np.sin(2 * np.pi * 0.7 * time_s))
    phase = 2 * np.pi * np.cumsum(f0) / rate_hz
    tone = np.zeros(len(time_s))
    for harmonic in range(1, int(0.45 * rate_hz / f0_hz)):
        tone += np.sin(harmonic * phase) * min(1.0, 500.0 / (harmonic * f0_hz))
    tone += 0.01 * random.standard_normal(len(time_s))
    speaking = np.clip(20 * (0.9 - (time_s % 1.0)), 0, 1) * np.clip(20 * (time_s % 1.0), 0, 1)
    samples = tone * speaking
    peak = float(np.abs(samples).max()) if len(samples) else 1.0
    return Audio((samples * level / peak).astype(np.float32), rate_hz)
