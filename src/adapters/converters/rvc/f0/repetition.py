"""Whether sound repeats itself at the pitch that was found in it, as a voice does and noise does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.values import HEARD_RATE_HZ

from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track

#: Samples that are compared with those of a period later: 40 ms.
_WINDOW = 640
#: Correlation of a voice's periods is mostly above it; that of noise, low noise of fans and rain too, is mostly below.
_REPEATS_ABOVE = 0.5
#: Sound hums if more than this share of its frames has a pitch, and less than that share of them repeats itself. Noise that FCPE
#: found a pitch in had 0 to 0.15 where it was white or pink; low noise, which has a tone of its own, up to 0.4.
MUCH, HARDLY = 0.02, 0.25


def repeats(samples: Heard, track: Track) -> NDArray[np.bool_]:
    """For each voiced frame, whether the samples around it are like those one period later.

    Normalised cross-correlation at the period: D. Talkin, "A Robust Algorithm for Pitch Tracking (RAPT)", 1995, equation 1.

    Args:
        samples: shape (n,), at 16 kHz.
        track: as `F0Tracker` found it in them: Hz of each frame, 0 where unvoiced.

    Returns:
        shape (voiced frames,).
    """
    frames = np.flatnonzero(track)
    lags = np.round(HEARD_RATE_HZ / np.clip(track[frames], F0_MIN_HZ, F0_MAX_HZ)).astype(np.int64)
    longest = int(HEARD_RATE_HZ / F0_MIN_HZ)
    padded = np.pad(samples.astype(np.float32), _WINDOW // 2 + longest)
    # Both windows together lie around the frame.
    starts = frames * FRAME_SAMPLES + longest - lags // 2
    starts = np.minimum(starts, len(padded) - _WINDOW - longest)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    here, later = windows[starts], windows[starts + lags]
    power = np.einsum("ij,ij->i", here, here) * np.einsum("ij,ij->i", later, later)
    found: NDArray[np.bool_] = np.einsum("ij,ij->i", here, later) > _REPEATS_ABOVE * np.sqrt(power)
    return found
