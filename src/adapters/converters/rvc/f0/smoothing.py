"""What is done to a track before the synthesiser hears it: a median filter, and a shift in semitones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .tracker import Track

SEMITONES_PER_OCTAVE = 12


def smoothed(track: NDArray[np.floating], width: int) -> Track:
    """The track under a median filter: single frames that jump an octave, or are voiced alone, go.

    This is `rvc_filter_radius`. In RVC it is called a radius, acts on harvest only, and above 2 always means three frames;
    here it acts on every tracker and is what the service's contract calls it, the width. A window needs a middle, so an even
    width counts as the odd one below: 0, 1 and 2 change nothing, 3 and 4 look at three frames (as RVC does from 3 on), 5 and
    6 at five, 7 at seven. Unvoiced frames take part as 0, and so does what lies before the first and behind the last frame,
    as in scipy.signal.medfilt, which RVC calls.

    Args:
        track: Hz, shape (frames,), 0 where unvoiced.
        width: frames, 0 or more.
    """
    taps = width - 1 if width % 2 == 0 else width
    if taps < 3 or not track.size:
        return track.astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(track, taps // 2), taps)
    # The middle of an odd number of frames is one of them: nothing is averaged.
    middle: Track = np.partition(windows, taps // 2, axis=1)[:, taps // 2].astype(np.float32)
    return middle


def shifted(track: NDArray[np.floating], semitones: float) -> Track:
    """The track, higher by so many semitones (lower below 0); unvoiced frames stay so."""
    out: Track = (track * 2.0 ** (semitones / SEMITONES_PER_OCTAVE)).astype(np.float32)
    return out
