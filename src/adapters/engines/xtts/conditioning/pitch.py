"""F0 by the normalised autocorrelation: enough to tell voiced frames from others and a voice from a whistle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicecore.audio import Samples

FLOOR_HZ, CEILING_HZ = 60.0, 500.0
_FRAME_S, _HOP_S = 0.04, 0.02
#: A frame is voiced when so much of it repeats after one period (Boersma 1993 takes 0.45).
_VOICED = 0.45
#: Frames quieter than the loudest by more than this are not voiced, whatever hum they hold.
_RANGE_DB = 40.0
_FRAMES_AT_ONCE = 1000


def f0_contour(samples: Samples, rate_hz: int) -> npt.NDArray[np.float32]:
    """F0 in Hz of each frame of 40 ms, every 20 ms, 0 where unvoiced: float32, one value a whole frame.

    The autocorrelation of the Hann-windowed frame over that of its window, after Boersma, "Accurate short-term analysis of the
    fundamental frequency" (1993), without his path finding.
    """
    size, hop = round(_FRAME_S * rate_hz), round(_HOP_S * rate_hz)
    if len(samples) < size:
        return np.zeros(0, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    window = np.hanning(size)
    shortest, longest = int(rate_hz / CEILING_HZ), int(np.ceil(rate_hz / FLOOR_HZ))
    of_window = _autocorrelation(window[None, :], longest + 1)[0]
    found = np.zeros(len(frames), np.float32)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    audible = power > power.max() * 10 ** (-_RANGE_DB / 10)
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        part = frames[start : start + _FRAMES_AT_ONCE].astype(np.float64)
        repeated = _autocorrelation((part - part.mean(axis=1, keepdims=True)) * window, longest + 1) / of_window
        # Longer periods weigh a little less, or every multiple of the period would do as well.
        lags = np.arange(shortest, longest + 1)
        strength = repeated[:, shortest : longest + 1] - 0.01 * np.log2(lags / shortest)
        at = strength.argmax(axis=1)
        voiced = (strength[np.arange(len(part)), at] > _VOICED) & audible[start : start + len(part)]
        found[start : start + len(part)] = np.where(voiced, rate_hz / lags[at], 0.0)
    return found


def spread_semitones(f0: npt.NDArray[np.float32]) -> float:
    """The distance between the quartiles of F0 over voiced frames, in semitones; 0 where nothing is voiced."""
    voiced = f0[f0 > 0].astype(np.float64)
    if not voiced.size:
        return 0.0
    low, high = np.percentile(voiced, [25, 75])
    return float(12 * np.log2(high / low))


def _autocorrelation(frames: npt.NDArray[np.float64], lags: int) -> npt.NDArray[np.float64]:
    """Autocorrelation of each row for lags 0..lags-1, 1 at lag 0 (0 for a row of zeros)."""
    size = 1 << int(np.ceil(np.log2(2 * frames.shape[1])))
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, size, axis=1)) ** 2, axis=1)[:, :lags]
    return np.asarray(correlation / np.maximum(correlation[:, :1], 1e-12))
