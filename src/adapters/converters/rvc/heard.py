"""Speech as the networks hear it: mono at 16 kHz, without what lies below a voice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.values import HEARD_RATE_HZ
from voicecore.audio import Audio, Samples
from voicecore.errors import MissingDependency

#: The high-pass of RVC (infer/modules/vc/pipeline.py): Butterworth of the fifth order, run forth and back.
_ORDER = 5
_CUTOFF_HZ = 48
#: Samples by which the sound is continued at both ends, mirrored at its first and last sample (scipy.signal.filtfilt's default).
_CONTINUED = 18
#: Samples filtered at once: doubles of 2 MB.
_BLOCK = 1 << 18


def at_rate(audio: Audio, rate_hz: int = HEARD_RATE_HZ) -> Samples:
    """The samples at another rate, as many as last as long.

    Raises:
        MissingDependency: without soxr, where the rate differs.
    """
    if audio.sample_rate_hz == rate_hz:
        return audio.samples
    try:
        import soxr  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingDependency("Audio at other rates needs soxr: pip install 'voicecore[rvc]'.") from error
    length = round(len(audio.samples) * rate_hz / audio.sample_rate_hz)
    made = soxr.resample(audio.samples, audio.sample_rate_hz, rate_hz)[:length]
    return np.pad(made, (0, length - len(made))).astype(np.float32, copy=False)


def without_rumble(samples: Samples) -> Samples:
    """A copy without what lies below 48 Hz, in place and in time: `scipy.signal.filtfilt` of RVC's filter, block by block.

    Args:
        samples: at 16 kHz, more than 18.

    Raises:
        MissingDependency: without scipy.
    """
    try:
        from scipy import signal  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise MissingDependency("RVC's filter needs scipy: pip install 'voicecore[rvc]'.") from error
    sections = signal.butter(_ORDER, _CUTOFF_HZ, btype="high", fs=HEARD_RATE_HZ, output="sos")
    before = 2 * samples[0] - samples[_CONTINUED:0:-1]
    behind = 2 * samples[-1] - samples[-2 : -_CONTINUED - 2 : -1]
    made = np.concatenate([before, samples, behind]).astype(np.float32, copy=False)
    settled = signal.sosfilt_zi(sections)
    for way in (made, made[::-1]):
        _run(signal, sections, way, settled * np.float64(way[0]))
    return made[_CONTINUED:-_CONTINUED]


def _run(signal: Any, sections: NDArray[np.float64], way: Samples, state: NDArray[np.float64]) -> None:
    """Filter in place, carrying the state from block to block."""
    for at in range(0, len(way), _BLOCK):
        block, state = signal.sosfilt(sections, way[at : at + _BLOCK].astype(np.float64), zi=state)
        way[at : at + _BLOCK] = block
