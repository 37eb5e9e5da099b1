"""Log-mel spectrograms at 16 kHz, as the networks RMVPE and FCPE were trained on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.values import HEARD_RATE_HZ

from .tracker import FRAME_SAMPLES

FFT_SIZE = 1024
BANDS = 128
#: Below this a band counts as silent; both networks' makers chose it.
_FLOOR = 1e-5
#: Slaney's mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, 15 mel; from there 27 steps multiply by 6.4.
_KNEE_HZ, _KNEE_MEL, _STEP = 1000.0, 15.0, np.log(6.4) / 27


def filterbank(*, low_hz: float, high_hz: float = HEARD_RATE_HZ / 2, htk: bool) -> NDArray[np.float32]:
    """Triangles of equal area over the bins of a spectrum, shape (BANDS, FFT_SIZE / 2 + 1).

    Each rises from the band's lower neighbour's middle and falls to its upper neighbour's; equal to
    `librosa.filters.mel(..., norm="slaney")`.

    Args:
        htk: whether the middles are evenly spaced on HTK's mel scale, 2595 log10(1 + f/700), or on Slaney's.
    """
    low, high = _to_mel(np.float64(low_hz), htk=htk), _to_mel(np.float64(high_hz), htk=htk)
    edges = _to_hz(np.linspace(low, high, BANDS + 2), htk=htk)
    bins = np.linspace(0, HEARD_RATE_HZ / 2, FFT_SIZE // 2 + 1)
    widths = np.diff(edges)
    slopes = edges[:, None] - bins[None]
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    areas = 2 / (edges[2:] - edges[:-2])
    bank: NDArray[np.float32] = (np.maximum(0, np.minimum(rising, falling)) * areas[:, None]).astype(np.float32)
    return bank


def log_mel(samples: Any, bank: Any, window: Any, *, tiny: float = 0.0) -> Any:
    """The logarithm of each band, shape (BANDS, frames), of samples that are already padded.

    Args:
        samples: a tensor, shape (n,); frame i covers samples 160 i to 160 i + 1023.
        bank: of `filterbank`, on the samples' device.
        window: Hann's, 1024 long.
        tiny: added to the power before its root.
    """
    import torch  # noqa: PLC0415 - of an extra

    spectrum = torch.stft(samples, FFT_SIZE, hop_length=FRAME_SAMPLES, window=window, center=False, return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square() + tiny
    return torch.log(torch.clamp(bank @ power.sqrt(), min=_FLOOR))


def _to_mel(hz: Any, *, htk: bool) -> Any:
    if htk:
        return 2595 * np.log10(1 + hz / 700)
    above = _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _STEP
    return np.where(hz < _KNEE_HZ, hz * _KNEE_MEL / _KNEE_HZ, above)


def _to_hz(mel: Any, *, htk: bool) -> Any:
    if htk:
        return 700 * (10 ** (mel / 2595) - 1)
    above = _KNEE_HZ * np.exp(_STEP * (np.maximum(mel, _KNEE_MEL) - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _KNEE_HZ / _KNEE_MEL, above)
