"""The long-term spectrum of a voice: the mean level of its voiced frames in mel bands."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from adapters.engines.speaker_encoder.mel import slaney_centres_hz, slaney_filters
from voicecore.audio import Samples

from .pitch import FRAME_PERIOD_MS, Floats

#: Bands from 0 to 12 kHz.
BANDS = 64
TOP_HZ = 12_000
_WINDOW_S = 0.042
_MIN_FRAMES = 20
#: Frames quieter than the loudest by more than this hold more room than voice.
_RANGE_DB = 35.0


def mean_envelope(samples: Samples, rate_hz: int, f0: Floats) -> npt.NDArray[np.float32] | None:
    """Mean ln of mel-band power over loud voiced frames: float32, shape (64,), or None when there are too few.

    `rate_hz` is 24 kHz; `f0` as from `pitch.contour` of the same samples, one value every 5 ms.
    """
    size = 2 * round(_WINDOW_S * rate_hz / 2)
    hop = round(FRAME_PERIOD_MS * rate_hz / 1000)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, size // 2), size)[::hop][: len(f0)]
    voiced = np.flatnonzero(f0[: len(frames)] > 0)
    if len(voiced) < _MIN_FRAMES:
        return None
    filters = _filters(rate_hz, size)
    window = np.hanning(size)
    levels = np.empty((len(voiced), BANDS))
    # A slice at a time, so that a minute of reference does not need its whole spectrogram in memory.
    for start in range(0, len(voiced), 500):
        chosen = voiced[start : start + 500]
        power = np.abs(np.fft.rfft(frames[chosen] * window, axis=1)) ** 2
        levels[start : start + 500] = np.log(power @ filters.T + 1e-10)
    total_db = 10.0 * np.log10(np.exp(levels).sum(axis=1))
    loud = total_db > total_db.max() - _RANGE_DB
    return np.asarray(levels[loud].mean(axis=0), np.float32)


def band_centres_hz() -> npt.NDArray[np.float64]:
    """Centre of each band in Hz, shape (64,)."""
    return slaney_centres_hz(TOP_HZ, BANDS)


@functools.lru_cache(maxsize=4)
def _filters(rate_hz: int, size: int) -> npt.NDArray[np.float32]:
    return slaney_filters(rate_hz, size, BANDS)
