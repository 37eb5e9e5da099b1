"""Loudness: how far the converted voice gets louder and quieter as its source did, and that it stays within full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Samples

#: Loudness is measured twice a second, over a whole second, as in RVC (`change_rms` of infer/modules/vc/pipeline.py).
_POINTS_PER_SECOND = 2
#: The quietest that the converted voice counts as, so that its silence is not blown up.
_QUIETEST = 1e-6
#: Full scale as RVC leaves it.
PEAK = 0.99
#: Samples that are scaled at once.
_BLOCK = 1 << 18


def measured(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Root mean square around each half second: point i over the second around i / 2, with silence beyond both ends.

    As `librosa.feature.rms` with `frame_length=rate // 2 * 2`, `hop_length=rate // 2`: 1 + n // hop points.
    """
    hop = rate_hz // _POINTS_PER_SECOND
    points = 1 + len(samples) // hop
    # Sums over each half second; a point is the one before it and the one behind it.
    halves = np.zeros(points + 1)
    for number in range(points):
        half = samples[number * hop : (number + 1) * hop].astype(np.float64)
        halves[number + 1] = half @ half
    found: NDArray[np.float64] = np.sqrt((halves[:-1] + halves[1:]) / (2 * hop))
    return found


def mix_loudness(made: Samples, source: Samples, *, rate_hz: int, source_rate_hz: int, mix_rate: float) -> None:
    """Scale `made`, in place, towards the loudness of its source: 1 leaves its own, 0 gives the source's.

    Equal to RVC's `change_rms`: both loudnesses are drawn as straight lines between their points, stretched over the whole of
    `made`, and a sample is multiplied by source^(1 - mix) · own^(mix - 1). Where the source is silent, so is what is made
    of it, for every mix below 1.
    """
    if mix_rate == 1 or not len(made):
        return
    wanted, own = measured(source, source_rate_hz), measured(made, rate_hz)
    for at in range(0, len(made), _BLOCK):
        places = np.arange(at, min(at + _BLOCK, len(made)))
        towards = _drawn(wanted, places, len(made))
        present = np.maximum(_drawn(own, places, len(made)), _QUIETEST)
        made[at : at + _BLOCK] *= (towards / present) ** (1 - mix_rate)


def limit_peak(made: Samples) -> bool:
    """Scale `made`, in place, where it goes beyond `PEAK`; whether it did."""
    peak = max((float(np.abs(made[at : at + _BLOCK]).max()) for at in range(0, len(made), _BLOCK)), default=0.0)
    if peak <= PEAK:
        return False
    made *= np.float32(PEAK / peak)
    return True


def _drawn(points: NDArray[np.float64], places: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Straight lines through points that lie evenly over `length` samples, each in the middle of its share.

    As torch.nn.functional.interpolate with mode="linear" and align_corners=False.
    """
    where = np.clip((places + 0.5) * (len(points) / length) - 0.5, 0, len(points) - 1)
    found: NDArray[np.float64] = np.interp(where, np.arange(len(points)), points)
    return found
