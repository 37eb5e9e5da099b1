"""The parts of a recording in which somebody speaks."""

from __future__ import annotations

import numpy as np

from voicecore.audio import Audio, Samples
from voicecore.errors import MissingDependency

_FRAME_S = 0.02
#: Frames this far below the loudest one are a pause ...
_RANGE_DB = 42.0
#: ... and are cut when they are further than this from speech, so that word ends stay whole.
_MARGIN_S = 0.15


def resampled(audio: Audio, rate_hz: int) -> Samples:
    """The samples of `audio` at `rate_hz`. Raises `MissingDependency` without soxr."""
    if audio.sample_rate_hz == rate_hz:
        return audio.samples
    try:
        import soxr  # noqa: PLC0415 - only voice matching needs it
    except ImportError as error:
        raise MissingDependency("Voice matching needs soxr: pip install 'voicecore[kokoro]'.") from error
    return np.asarray(soxr.resample(audio.samples, audio.sample_rate_hz, rate_hz), dtype=np.float32)


def without_pauses(samples: Samples, rate_hz: int) -> Samples:
    """`samples` with long pauses cut out; steady tails shorter than a frame are dropped, very short input stays whole."""
    size = round(_FRAME_S * rate_hz)
    count = len(samples) // size
    if count < 3:
        return samples
    frames = samples[: count * size].reshape(count, size)
    level_db = 10.0 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    speech = level_db > max(float(level_db.max()) - _RANGE_DB, -70.0)
    margin = round(_MARGIN_S / _FRAME_S)
    near = np.convolve(speech, np.ones(2 * margin + 1), mode="same")[:count] > 0.5
    return np.ascontiguousarray(frames[near].reshape(-1))
