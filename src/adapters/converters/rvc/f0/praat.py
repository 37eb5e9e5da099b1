"""Praat's autocorrelation, by parselmouth: the method `pm`.

Boersma (1993), "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound". praat-parselmouth is GPL-3.0-or-later, which is why it has an extra of its own.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from adapters.converters.rvc.values import FRAME_RATE_HZ, HEARD_RATE_HZ

from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track, fitted

#: As RVC asks for it.
_VOICING_THRESHOLD = 0.6
#: Praat looks at three periods of the lowest pitch, 60 ms, and refuses less.
_MIN_SAMPLES = round(3 * HEARD_RATE_HZ / F0_MIN_HZ) + FRAME_SAMPLES


class PraatTracker:
    """`F0Tracker` by Praat."""

    def __init__(self) -> None:
        self._parselmouth: Any = importlib.import_module("parselmouth")

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:  # noqa: ARG002 - has its own
        """See `F0Tracker`."""
        heard = np.pad(samples, (0, max(0, _MIN_SAMPLES - len(samples)))).astype(np.float64)
        pitch = self._parselmouth.Sound(heard, HEARD_RATE_HZ).to_pitch_ac(
            time_step=1 / FRAME_RATE_HZ,
            voicing_threshold=_VOICING_THRESHOLD,
            pitch_floor=F0_MIN_HZ,
            pitch_ceiling=F0_MAX_HZ,
        )
        found = pitch.selected_array["frequency"]
        # Praat begins half a window into the sound and ends as far before its end; RVC puts back as many frames on both sides.
        missing = len(heard) // FRAME_SAMPLES - len(found)
        track = np.pad(found, (max(0, (missing + 1) // 2), 0))
        return fitted(track[: len(samples) // FRAME_SAMPLES + 1], frames)
