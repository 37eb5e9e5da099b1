"""Who is speaking, as a point: the Resemblyzer encoder on onnxruntime.

Features and windows as in Resemblyzer 0.1.4 (`audio.py`, `voice_encoder.py`): 16 kHz, 40 mel bands of a 400-point power
spectrum with hop 160, windows of 160 frames at 1.3 a second, the mean of their embeddings brought to unit length. Pauses are cut
by level here, where Resemblyzer asks the WebRTC detector.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.modelfiles import data_path
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio, MissingDependency

from .mel import slaney_filters
from .speech import resampled, without_pauses

RATE_HZ = 16_000
EMBEDDING_SIZE = 256
_N_FFT, _HOP, _BANDS = 400, 160, 40
_WINDOW_FRAMES = 160
_WINDOWS_A_SECOND = 1.3
#: Every speech is brought to this level (`audio_norm_target_dBFS`). Resemblyzer leaves louder speech alone, but its features are
#: not logarithms, so that it hears a quiet copy of a recording as a somewhat different voice.
_LEVEL_DBFS = -30.0
#: How many windows go through the network at once, so that a long reference needs no more memory than a short one.
_BATCH = 32


class SpeakerEncoder:
    """A loaded encoder; `embed` may be called from any thread."""

    def __init__(self, model: Path | None = None, *, threads: int = 1) -> None:
        """`model`: the ONNX file, by default the one that ships. Raises `MissingDependency` without onnxruntime."""
        try:
            import onnxruntime  # noqa: PLC0415 - 200 ms that presets may not need
        except ImportError as error:
            raise MissingDependency("Voice matching needs onnxruntime: pip install 'voicecore[kokoro]'.") from error
        path = model if model is not None else data_path("speaker_encoder/resemblyzer.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, audio: Audio) -> npt.NDArray[np.float32]:
        """The speaker embedding of `audio`: float32, shape (256,), values >= 0, unit length.

        Raises:
            InvalidAudio: if nothing in it is louder than silence.
        """
        samples = without_pauses(resampled(audio, RATE_HZ), RATE_HZ)
        level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
        if level < 1e-5:
            raise InvalidAudio("There is no speech in this audio; give a recording in which somebody speaks.")
        mel = log_free_mel(samples * np.float32(10 ** (_LEVEL_DBFS / 20) / level))
        starts = range(0, max(1, len(mel) - _WINDOW_FRAMES + 1), round(100 / _WINDOWS_A_SECOND))
        total = np.zeros(EMBEDDING_SIZE, np.float64)
        for first in range(0, len(starts), _BATCH):
            windows = np.stack([mel[start : start + _WINDOW_FRAMES] for start in starts[first : first + _BATCH]])
            total += self._session.run(None, {"mel": windows})[0].sum(axis=0)
        return (total / np.linalg.norm(total)).astype(np.float32)


def log_free_mel(samples: Samples) -> npt.NDArray[np.float32]:
    """Mel power (not its logarithm) of 16 kHz samples: float32, shape (frames, 40), at least one window of 160 frames."""
    shortest = (_WINDOW_FRAMES - 1) * _HOP
    padded = np.pad(samples, (_N_FFT // 2, max(_N_FFT // 2, _N_FFT // 2 + shortest - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2
    return (power @ _filters().T).astype(np.float32)


@functools.cache
def _hann() -> npt.NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)


@functools.cache
def _filters() -> npt.NDArray[np.float32]:
    return slaney_filters(RATE_HZ, _N_FFT, _BANDS)
