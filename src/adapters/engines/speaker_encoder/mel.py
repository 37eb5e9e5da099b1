"""Mel filter banks in plain numpy, so that the speaker encoder needs no audio library.

The scale is that of Malcolm Slaney's Auditory Toolbox (1998): linear with 15 mel a kHz below 1 kHz, then 27 steps for each
factor of 6.4. It is what `librosa.filters.mel` gives by default, on which Resemblyzer was trained.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def slaney_filters(sample_rate_hz: int, n_fft: int, bands: int) -> npt.NDArray[np.float32]:
    """Triangular filters of equal area from 0 to half the sample rate, float32, shape (bands, n_fft // 2 + 1)."""
    edges_hz = _edges_hz(sample_rate_hz / 2, bands)
    bins_hz = np.linspace(0.0, sample_rate_hz / 2, n_fft // 2 + 1)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


def slaney_centres_hz(top_hz: float, bands: int) -> Floats:
    """Centres in Hz of such filters from 0 to `top_hz`, shape (bands,)."""
    return _edges_hz(top_hz, bands)[1:-1]


def _edges_hz(top_hz: float, bands: int) -> Floats:
    """The corners of the triangles, shape (bands + 2,); `top_hz` is above 1 kHz."""
    top_mel = 15.0 + 27.0 * np.log(top_hz / 1000.0) / np.log(6.4)
    mels = np.linspace(0.0, top_mel, bands + 2)
    return np.where(mels < 15.0, mels / 0.015, 1000.0 * np.exp((mels - 15.0) * np.log(6.4) / 27.0))
