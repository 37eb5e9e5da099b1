"""Pitch as the synthesiser reads it: 255 steps of the mel scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .tracker import F0_MAX_HZ, F0_MIN_HZ

#: Steps of pitch, 1 to 255; 1 also says "unvoiced". The synthesiser's table has a row 0, which is never asked for.
STEPS = 255


def coarse_pitch(f0_hz: NDArray[np.floating]) -> NDArray[np.int64]:
    """The step of each frame, 1..255, equal to what RVC's `get_f0` gives (infer/modules/vc/pipeline.py).

    50 to 1100 Hz are divided evenly in mel, m = 1127 ln(1 + f/700) (O'Shaughnessy 1987); what lies below gets 1, what lies
    above 255.

    Args:
        f0_hz: Hz, any shape, 0 where unvoiced.
    """
    low, high = _mel(np.float64(F0_MIN_HZ)), _mel(np.float64(F0_MAX_HZ))
    mel = _mel(np.asarray(f0_hz, np.float64))
    steps = np.where(mel > 0, (mel - low) * (STEPS - 1) / (high - low) + 1, 1.0)
    rounded: NDArray[np.int64] = np.rint(np.clip(steps, 1, STEPS)).astype(np.int64)
    return rounded


def _mel(hz: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    return 1127 * np.log(1 + hz / 700)
