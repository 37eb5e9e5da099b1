"""Bringing the long-term spectrum of what Kokoro says to that of the reference: one fixed linear-phase filter a voice.

The spectrum is equalised as in WORLD conversion (Morise et al. 2016, mean envelope), but the filter works on the samples
themselves. A vocoder would rebuild every sample for the same mean spectrum; measured, that was no more alike.
The filter depends on the voice only, never on the segment, so that a voice keeps its colour from one sentence to the next and a
one-word segment is as safe as a long one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicecore.audio import Samples

from .envelope import BANDS, TOP_HZ, band_centres_hz

#: ln of power, 20 dB up or down. 12 dB matched people less well, 26 dB no better.
LIMIT = 4.6
#: Neighbouring bands are averaged over this many: single harmonics are the sentence's, not the voice's.
_SMOOTHING = 3
#: Above the band of the reference the gain returns to none over this many bands.
_RETURN_BANDS = 6
#: Length of the filter: 21 ms at 24 kHz, odd, so that it delays by a whole number of samples.
TAPS = 513

Floats = npt.NDArray[np.float32]


def band_gains(target: Floats, source: Floats, trusted: npt.NDArray[np.bool_], *, strength: float = 1.0) -> Floats:
    """Gains in ln of power that move the envelope `source` to `target`: float32, shape (64,), within ±`LIMIT`.

    Only `trusted` bands of `target` count (a prefix of all bands, at least one); overall loudness stays, weighted by the power
    of `source`.
    """
    last = int(np.flatnonzero(trusted)[-1])
    difference = (target - source)[: last + 1].astype(np.float64)
    padded = np.pad(difference, _SMOOTHING // 2, mode="edge")
    smooth = np.convolve(padded, np.full(_SMOOTHING, 1.0 / _SMOOTHING), mode="valid")
    smooth = strength * (smooth - smooth.mean())
    gains = np.zeros(BANDS)
    gains[: last + 1] = np.clip(smooth, -LIMIT, LIMIT)
    fade = np.maximum(0.0, 1.0 - np.arange(1, BANDS - last) / _RETURN_BANDS)
    gains[last + 1 :] = gains[max(0, last - 2) : last + 1].mean() * fade
    power = np.exp(source.astype(np.float64) - source.max())
    loudness = np.log((power * np.exp(gains)).sum() / power.sum())
    return np.asarray(np.clip(gains - loudness, -LIMIT, LIMIT), np.float32)


def impulse_response(gains: Floats, rate_hz: int) -> npt.NDArray[np.float64]:
    """The symmetric filter with these gains at the band centres: shape (513,), delay 256 samples."""
    grid_hz = np.fft.rfftfreq(4 * (TAPS - 1), 1.0 / rate_hz)
    # Beyond the bands the last one holds; halved, because a gain in ln of power is twice that of amplitude.
    amplitude = np.exp(np.interp(np.minimum(grid_hz, TOP_HZ), band_centres_hz(), gains) / 2.0)
    zero_phase = np.fft.fftshift(np.fft.irfft(amplitude))
    middle = len(zero_phase) // 2
    half = TAPS // 2
    return zero_phase[middle - half : middle + half + 1] * np.hanning(TAPS + 2)[1:-1]


def equalised(samples: Samples, gains: Floats, rate_hz: int) -> Samples:
    """`samples` through that filter, same length, in time with the original: float32.

    Where a peak would pass 1, the whole is turned down to fit.
    """
    if not samples.size:
        return np.zeros(0, np.float32)
    half = TAPS // 2
    whole = np.convolve(samples.astype(np.float64), impulse_response(gains, rate_hz))
    kept = whole[half : half + len(samples)]
    peak = float(np.abs(kept).max())
    return (kept / peak if peak > 1.0 else kept).astype(np.float32)
