"""The two trackers of WORLD: `dio`, which is fast, and `harvest`, which misses less.

Morise, Kawahara, Katayose (2009), "Fast and reliable F0 estimation method based on the period extraction of vocal fold
vibration of singing voice and speech"; Morise (2017), "Harvest: a high-performance fundamental frequency estimator from
speech signals". StoneMask refines what either found, as in RVC.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal

import numpy as np

from adapters.converters.rvc.values import FRAME_RATE_HZ, HEARD_RATE_HZ

from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track, fitted

#: WORLD filters with windows of some periods of the lowest pitch; less than that is filled up with silence.
_MIN_SAMPLES = HEARD_RATE_HZ // 10


class WorldTracker:
    """`F0Tracker` by WORLD."""

    def __init__(self, method: Literal["dio", "harvest"]) -> None:
        self._world: Any = importlib.import_module("pyworld")
        self._find = getattr(self._world, method)

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:  # noqa: ARG002 - has its own
        """See `F0Tracker`."""
        heard = np.pad(samples, (0, max(0, _MIN_SAMPLES - len(samples)))).astype(np.float64)
        period_ms = 1000 / FRAME_RATE_HZ
        found, times = self._find(
            heard, fs=HEARD_RATE_HZ, f0_floor=F0_MIN_HZ, f0_ceil=F0_MAX_HZ, frame_period=period_ms
        )
        refined = self._world.stonemask(heard, found, times, HEARD_RATE_HZ)
        return fitted(refined[: len(samples) // FRAME_SAMPLES + 1], frames)
