"""SwiftF0, a small convolutional network in ONNX: the method `swift`.

Nieradzik (2025), "SwiftF0: fast and accurate monophonic pitch detection". The weights come with the package swift-f0 (MIT).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from adapters.converters.rvc.values import HEARD_RATE_HZ

from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, Heard, Track, fitted, read_at

#: Samples between two of its frames, which lie at multiples of it: 16 ms.
_HOP = 256
#: Its makers calibrated the confidence so that this divides voiced from unvoiced.
_VOICED_FROM = 0.5


class SwiftTracker:
    """`F0Tracker` by SwiftF0. One thread: it is fast, and what it computes with shares the processor with others."""

    def __init__(self) -> None:
        self._detector: Any = importlib.import_module("swift_f0").SwiftF0(threads=1, spin=False)

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:  # noqa: ARG002 - has its own
        """See `F0Tracker`."""
        heard = np.pad(samples, (0, max(0, _HOP - len(samples))))
        found = self._detector.detect(heard, HEARD_RATE_HZ, fmin=F0_MIN_HZ, fmax=F0_MAX_HZ)
        track = np.where(found.confidence >= _VOICED_FROM, found.pitch_hz, 0.0)
        reached = min(frames, len(heard) // FRAME_SAMPLES)
        return fitted(read_at(track, np.arange(reached) * FRAME_SAMPLES / _HOP), frames)
