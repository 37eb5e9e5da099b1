"""A watermarker for tests: fast, keyed, and nothing that one would want to hear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Audio

_PAIRS = 64
_LOWEST_HZ, _HIGHEST_HZ = 400.0, 3_400.0
#: Between the two frequencies of a pair, of which one is sounded.
_APART_HZ = 20.0
#: Of each tone, against the loudness of its 50 ms.
_LEVEL_DB = -36.0
_FRAME_S = 0.05
_WINDOW_S = 1.0


class ToneWatermarker:
    """Sounds one of each of 64 pairs of tones, chosen by the key, 18 dB below the speech.

    It survives what leaves frequencies alone: loudness, cuts, other rates, lossy formats; 3 s of speech tell.
    """

    name = "tones"
    keyed = True

    def __init__(self, key: int = 0) -> None:
        rng = np.random.default_rng(key)
        lower = np.linspace(_LOWEST_HZ, _HIGHEST_HZ, _PAIRS) + rng.uniform(-8, 8, _PAIRS)
        upper = lower + _APART_HZ
        chosen = rng.integers(0, 2, _PAIRS).astype(bool)
        self._sounded, self._silent = np.where(chosen, upper, lower), np.where(chosen, lower, upper)
        self._phases = rng.uniform(0, 2 * np.pi, _PAIRS)

    def check(self) -> None:
        """It always works."""

    def mark(self, audio: Audio) -> Audio:
        """The sound with the tones, as loud as the sound is."""
        samples, rate = audio.samples.astype(np.float64), audio.sample_rate_hz
        if not samples.size:
            return audio
        frame = max(1, round(_FRAME_S * rate))
        squares = np.convolve(samples**2, np.ones(frame) / frame, mode="same")[: len(samples)]
        time_s = np.arange(len(samples)) / rate
        tones = sum(
            np.sin(2 * np.pi * hz * time_s + phase) for hz, phase in zip(self._sounded, self._phases, strict=True)
        )
        marked = samples + np.sqrt(2 * squares) * 10 ** (_LEVEL_DB / 20) * tones
        return Audio(np.clip(marked, -1, 1).astype(np.float32), rate)

    def detect(self, audio: Audio) -> float:
        """From how many pairs the sounded tone is the louder one: half of them, by chance, is 0."""
        samples, rate = audio.samples.astype(np.float64), audio.sample_rate_hz
        size = min(len(samples), round(_WINDOW_S * rate))
        if size < rate // 10:
            return 0.0
        starts = range(0, len(samples) - size + 1, max(1, size // 2))
        windows = np.stack([samples[start : start + size] for start in starts]) * np.hanning(size)
        won = self._power(windows, self._sounded, rate) > self._power(windows, self._silent, rate)
        return float(np.clip(2 * np.mean(won) - 1, 0.0, 1.0))

    def close(self) -> None:
        """Nothing to give back."""

    def _power(self, windows: NDArray[np.float64], frequencies: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
        turns = np.exp(-2j * np.pi * np.outer(np.arange(windows.shape[1]) / rate, frequencies))
        power: NDArray[np.float64] = (np.abs(windows @ turns) ** 2).sum(axis=0)
        return power
