"""What every pitch tracker is: speech in, one fundamental frequency a frame out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.values import FRAME_RATE_HZ, HEARD_RATE_HZ

#: Samples between two frames: 10 ms at 16 kHz.
FRAME_SAMPLES = HEARD_RATE_HZ // FRAME_RATE_HZ
#: Where RVC looks for a voice's pitch (`get_f0` of infer/modules/vc/pipeline.py), in Hz.
F0_MIN_HZ, F0_MAX_HZ = 50.0, 1100.0

Heard = NDArray[np.float32]
Track = NDArray[np.float32]


class F0Tracker(Protocol):
    """Finds the pitch of speech. Keeps nothing from one call to the next: the same samples give the same track.

    One thread uses it at a time. Memory grows with the length, by up to 6 MB a second: give it minutes, not hours.
    """

    def track(self, samples: Heard, frames: int, *, hop_length: int = FRAME_SAMPLES) -> Track:
        """The fundamental frequency, shape (frames,), in Hz: 0 where there is none, else `F0_MIN_HZ` to `F0_MAX_HZ`.

        RMVPE alone may go beyond, since RVC does not hold it there: its classes span 32 to 2006 Hz.

        Args:
            samples: shape (n,), at 16 kHz, mono, -1..1.
            frames: how many are wanted. Frame i is at sample 160 i; frames that lie behind the end are unvoiced.
            hop_length: samples at 16 kHz between two estimates of CREPE, which are then read every 10 ms; see `crepe`. The
                other trackers have a spacing of their own: 10 ms, SwiftF0 16 ms.
        """


def fitted(track: NDArray[np.floating], frames: int) -> Track:
    """The first `frames` of a track at 100 a second, unvoiced behind its end and where it is no number."""
    out = np.zeros(frames, np.float32)
    kept = np.nan_to_num(track[:frames], nan=0.0, posinf=0.0, neginf=0.0)
    out[: len(kept)] = kept
    return out


def read_at(track: NDArray[np.floating], places: NDArray[np.floating]) -> Track:
    """A track, read between its frames.

    Between two voiced frames the pitch lies on the straight line through their logarithms; beside an unvoiced one, the
    nearest frame counts as it is, so that no pitch between 0 and a voice's is made up.

    Args:
        track: Hz, 0 where unvoiced; at least one frame.
        places: where to read, counted in the track's frames; beyond its ends the outermost frame counts.
    """
    held = np.clip(places, 0, len(track) - 1)
    left = np.floor(held).astype(np.int64)
    right = np.minimum(left + 1, len(track) - 1)
    share = held - left
    low, high = track[left], track[right]
    both = (low > 0) & (high > 0)
    nearest = np.where(share < 0.5, low, high)
    sloped = np.exp((1 - share) * np.log(np.where(both, low, 1)) + share * np.log(np.where(both, high, 1)))
    out: Track = np.where(both, sloped, nearest).astype(np.float32)
    return out
