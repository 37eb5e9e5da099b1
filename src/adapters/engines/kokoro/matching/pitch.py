"""Fundamental frequency (F0) by WORLD: its contour, and the two numbers that describe how high and how lively a voice is."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecore.audio import Samples
from voicecore.errors import MissingDependency

FLOOR_HZ, CEILING_HZ = 60.0, 500.0
FRAME_PERIOD_MS = 5.0
#: Fewer voiced frames than this (0.25 s) say nothing about a voice.
MIN_VOICED_FRAMES = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitch:
    """How high and how lively a voice is.

    Attributes:
        median_log_hz: median of ln(F0 / Hz) over voiced frames.
        spread_log: robust standard deviation of ln F0 (from the quartiles, so that octave errors do not count).
    """

    median_log_hz: float
    spread_log: float


def pyworld() -> ModuleType:
    """The WORLD library (Morise et al. 2016). Raises `MissingDependency` without it."""
    try:
        import pyworld  # noqa: PLC0415 - only voice matching needs it
    except ImportError as error:
        raise MissingDependency("Voice matching needs pyworld: pip install 'voicecore[kokoro]'.") from error
    module: ModuleType = pyworld
    return module


def contour(samples: Samples, rate_hz: int) -> tuple[Floats, Floats]:
    """F0 in Hz (0 where unvoiced) and the time of each frame in seconds, every 5 ms: DIO, refined by StoneMask."""
    world: Any = pyworld()
    signal = samples.astype(np.float64)
    f0, times = world.dio(signal, rate_hz, f0_floor=FLOOR_HZ, f0_ceil=CEILING_HZ, frame_period=FRAME_PERIOD_MS)
    return world.stonemask(signal, f0, times, rate_hz), times


def pitch_of(f0: Floats) -> Pitch | None:
    """The pitch of a contour, or None when too little of it is voiced."""
    voiced = np.log(f0[f0 > 0])
    if len(voiced) < MIN_VOICED_FRAMES:
        return None
    low, median, high = np.percentile(voiced, [25, 50, 75])
    # 1.349 standard deviations lie between the quartiles of a normal distribution.
    return Pitch(median_log_hz=float(median), spread_log=float((high - low) / 1.349))
