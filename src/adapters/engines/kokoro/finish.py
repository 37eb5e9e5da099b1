"""From what the network makes to what leaves the engine: ends without silence, even loudness, no clipping."""

from __future__ import annotations

import numpy as np

from voicecore.audio import Samples

_FRAME_S = 0.01
#: A frame this far below the loudest one, or below the floor, is silence. Weak fricatives lie some 35 dB down.
_RANGE_DB, _FLOOR_DBFS = 50.0, -60.0
#: Silence left before the first and after the last sound, so that onsets and decays stay whole.
LEAD_S, TAIL_S = 0.05, 0.10
#: Breath and noise may lie between this and the range above; that much of it is left at either end.
_CLEAR_RANGE_DB, _BREATH_S = 40.0, 0.20
_FADE_S = 0.01
#: The limiter leaves samples below its knee alone and never passes the ceiling.
_KNEE, _CEILING = 0.80, 0.98


def trimmed(samples: Samples, rate_hz: int) -> Samples:
    """`samples` with at most `LEAD_S` of silence before the first sound and `TAIL_S` after the last, faded at both ends.

    Input that is silent all over becomes empty.
    """
    first, last = ends(samples, rate_hz)
    return faded(samples[first:last], rate_hz)


def ends(samples: Samples, rate_hz: int) -> tuple[int, int]:
    """The first and after-last sample of what `trimmed` leaves."""
    size = round(_FRAME_S * rate_hz)
    count = -(-len(samples) // size)
    frames = np.zeros(count * size, np.float64)
    frames[: len(samples)] = samples
    level_db = 10.0 * np.log10(np.mean(frames.reshape(count, size) ** 2, axis=1) + 1e-12)
    sounding = np.flatnonzero(level_db > max(float(level_db.max(initial=-120.0)) - _RANGE_DB, _FLOOR_DBFS))
    if not sounding.size:
        return 0, 0
    clear = np.flatnonzero(level_db > float(level_db.max()) - _CLEAR_RANGE_DB)
    breath = round(_BREATH_S * rate_hz)
    first = max(0, int(sounding[0]) * size - round(LEAD_S * rate_hz), int(clear[0]) * size - breath)
    last = min(
        len(samples), (int(sounding[-1]) + 1) * size + round(TAIL_S * rate_hz), (int(clear[-1]) + 1) * size + breath
    )
    return first, last


def faded(samples: Samples, rate_hz: int) -> Samples:
    """A copy of `samples` that begins and ends softly."""
    soft = samples.astype(np.float32, copy=True)
    length = min(round(_FADE_S * rate_hz), len(soft) // 2)
    if length:
        ramp = (np.arange(length, dtype=np.float32) + 1) / np.float32(length + 1)
        soft[:length] *= ramp
        soft[-length:] *= ramp[::-1]
    return soft


def speech_level_db(samples: Samples, rate_hz: int) -> float:
    """Root mean square of the frames within 25 dB of the loudest one, in dB below full scale; -120 for silence."""
    size = round(_FRAME_S * rate_hz)
    count = len(samples) // size
    if not count:
        return -120.0
    power = np.mean(np.square(samples[: count * size], dtype=np.float64).reshape(count, size), axis=1)
    return float(10.0 * np.log10(power[power >= power.max() / 10**2.5].mean() + 1e-12))


def levelled(samples: Samples, gain_db: float) -> Samples:
    """`samples` with a constant gain; peaks above 0.8 are bent smoothly so that none passes 0.98."""
    louder = samples * np.float32(10.0 ** (gain_db / 20.0))
    size = np.abs(louder)
    over = size > _KNEE
    if over.any():
        room = _CEILING - _KNEE
        bent = _KNEE + room * np.tanh((size[over] - _KNEE) / room)
        louder[over] = np.copysign(bent, louder[over])
    return louder.astype(np.float32, copy=False)
