"""How loud speech sounds: gated, K-weighted loudness of ITU-R BS.1770-4, for one channel."""

from __future__ import annotations

import numpy as np
import soxr

from voicecore.audio import Audio

RATE_HZ = 48_000
_BLOCK_S, _STEP_S = 0.4, 0.1
#: BS.1770-4 tables 1 and 2, at 48 kHz: the shelf of the head, and the high-pass.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def loudness_lufs(audio: Audio) -> float:
    """Loudness in LUFS; -70 for what the absolute gate removes whole."""
    samples = soxr.resample(np.asarray(audio.samples, np.float64), audio.sample_rate_hz, RATE_HZ)
    block, step = round(_BLOCK_S * RATE_HZ), round(_STEP_S * RATE_HZ)
    weighted = _k_weighted(np.pad(samples, (0, max(0, block - len(samples)))))
    power = np.lib.stride_tricks.sliding_window_view(weighted**2, block)[::step].mean(axis=1)
    power = power[_lufs(power) > -70.0]
    if not power.size:
        return -70.0
    power = power[_lufs(power) > _lufs(power.mean()) - 10.0]
    return float(_lufs(power.mean()))


def _lufs(power: np.ndarray) -> np.ndarray:
    return -0.691 + 10.0 * np.log10(power + 1e-15)


def _k_weighted(samples: np.ndarray) -> np.ndarray:
    """The filters' gain without their phase, which the energy of a block does not hear."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(len(samples)))
    gain = np.ones(len(z))
    for above, below in (_SHELF, _HIGH_PASS):
        gain = gain * np.abs(np.polyval(above[::-1], z) / np.polyval(below[::-1], z))
    return np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))
