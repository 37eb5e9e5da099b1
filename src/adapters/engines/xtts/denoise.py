"""Cleans a spoken result of steady noise with the gains of Ephraim and Malah's decision-directed Wiener filter
(1984, "Speech enhancement using a minimum mean-square error short-time spectral amplitude estimator", section V).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Samples
from voicecore.errors import MissingDependency

#: Windows of 32 ms every 8 ms: short enough for consonants, long enough to part the harmonics of a low voice.
_WINDOW_S, _OVERLAP = 0.032, 4
#: The noise of a band is read off its quietest tenth of 100 ms: speech leaves every band that often.
_SMOOTHED_S, _QUIET_PERCENT = 0.1, 10
#: The mean of noise over its tenth percentile, once smoothed so: that of a gamma distribution of shape 5, near enough.
_MEAN_OVER_QUIET = 2.0
#: Share of the frame before in the estimate of the signal: what keeps lone bins of noise from ringing. Ephraim and Malah: 0.98.
_MEMORY = 0.96
#: Noise rarely towers so high over its mean (exp(-8): once in 3000 bins).
_ONSET = 8.0
#: Noise falls by no more than 20 dB: what is left hides what the gains do.
_LEAST_GAIN = 0.1


def denoised(samples: Samples, sample_rate_hz: int) -> Samples:
    """An utterance, shape (n,), without its steady noise: shape (n,), float32. Shorter than 0.1 s it stays as it is.

    Raises `MissingDependency` without scipy.
    """
    try:
        from scipy import ndimage, signal  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency("Cleaning of noise needs scipy: pip install 'voicecore[xtts]'.") from error
    if len(samples) < 0.1 * sample_rate_hz or not samples.any():
        return np.array(samples, np.float32)
    window = round(_WINDOW_S * sample_rate_hz)
    hop = window // _OVERLAP
    transform = signal.ShortTimeFFT(signal.windows.hann(window, sym=False), hop, fs=sample_rate_hz)
    spectrum = transform.stft(samples.astype(np.float64))
    power = np.abs(spectrum) ** 2
    power = ndimage.uniform_filter1d(power, max(1, round(_SMOOTHED_S * sample_rate_hz / hop)), axis=1, mode="nearest")
    # Digital silence says nothing of the noise elsewhere.
    sounding = power[:, power.sum(axis=0) > 1e-12]
    if not sounding.size:  # nothing above -120 dBFS
        return np.array(samples, np.float32)
    noise = _MEAN_OVER_QUIET * np.percentile(sounding, _QUIET_PERCENT, axis=1)
    gains = _gains(np.abs(spectrum) ** 2, np.maximum(noise, 1e-20))
    cleaned = transform.istft(spectrum * gains, k1=len(samples))
    return np.asarray(cleaned, np.float32)


def _gains(power: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (bands, frames), 0.1..1, of the power of so many bands and frames, and of the noise, shape (bands,)."""
    gains = np.empty_like(power)
    before = np.zeros(len(noise))
    for frame in range(power.shape[1]):
        ratio = power[:, frame] / noise
        signal = _MEMORY * before + (1 - _MEMORY) * np.maximum(ratio - 1, 0)
        gain = np.maximum(signal / (1 + signal), _LEAST_GAIN)
        # At an onset the memory knows nothing of the signal: what towers over the noise is let through at once.
        gain = np.maximum(gain, 1 - _ONSET / np.maximum(ratio, _ONSET))
        gains[:, frame] = gain
        before = gain**2 * ratio
    return gains
