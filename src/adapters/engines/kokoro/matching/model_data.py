"""What was learned about Kokoro's voices, once: the linear maps of `models/kokoro/matching.npz`.

`scripts/train_voice_matching.py` fits them on speech that Kokoro made itself from random mixtures of its voices; nobody's
recordings are in them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.engines.speaker_encoder import EMBEDDING_SIZE
from adapters.modelfiles import data_path
from voicecore.errors import ModelCorrupt, UnsupportedLanguage

from .envelope import BANDS

Floats = npt.NDArray[np.float32]
TIMBRE_SIZE = PROSODY_SIZE = 128


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Linear:
    """The map `(x - centre) @ weights + offset`.

    Attributes:
        centre: shape (inputs,).
        weights: shape (inputs, outputs).
        offset: shape (outputs,).
    """

    centre: Floats
    weights: Floats
    offset: Floats

    def __call__(self, x: npt.NDArray[np.floating]) -> Floats:
        return ((x.astype(np.float32) - self.centre) @ self.weights + self.offset).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MatchingModel:
    """Everything that was learned.

    Attributes:
        timbre_of_embedding: speaker embedding (256,) → timbre half of a style (128,).
        envelope_of_style: timbre half and ln F0 (129,) → mean envelope (64,) of what Kokoro then says, see `envelope`.
        pitch_direction: shape (128,): added once to the prosody half of a style, it raises ln F0 by 1.
        native_pitch: language tag → voice name → median ln F0 of that voice in that language, timbre of its own.
    """

    timbre_of_embedding: Linear
    envelope_of_style: Linear
    pitch_direction: Floats
    native_pitch: Mapping[str, Mapping[str, float]]

    def nearest_native(self, tag: str, median_log_hz: float) -> tuple[str, float]:
        """The native voice of a language whose pitch is nearest, and its median ln F0.

        Raises:
            UnsupportedLanguage: for a language without a native voice.
        """
        voices = self.native_pitch.get(tag)
        if not voices:
            raise UnsupportedLanguage(f"Voice matching has no native voice in {tag!r}.", field="source_language")
        name = min(voices, key=lambda each: (abs(voices[each] - median_log_hz), each))
        return name, voices[name]


@functools.cache
def read_matching_model(path: Path | None = None) -> MatchingModel:
    """The maps in `path`, by default the ones that ship. Raises `ModelCorrupt` when they do not read."""
    source = path if path is not None else data_path("kokoro/matching.npz")
    try:
        with np.load(source, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        native: dict[str, dict[str, float]] = {}
        for tag, voice, pitch in zip(arrays["native_tag"], arrays["native_voice"], arrays["native_pitch"], strict=True):
            native.setdefault(str(tag), {})[str(voice)] = float(pitch)
        return MatchingModel(
            timbre_of_embedding=_linear(arrays, "timbre", EMBEDDING_SIZE, TIMBRE_SIZE),
            envelope_of_style=_linear(arrays, "envelope", TIMBRE_SIZE + 1, BANDS),
            pitch_direction=arrays["pitch_direction"].astype(np.float32).reshape(PROSODY_SIZE),
            native_pitch=native,
        )
    except (KeyError, ValueError, OSError) as error:
        raise ModelCorrupt(f"{source.name} does not hold voice matching ({error}): install voicecore again.") from error


def _linear(arrays: Mapping[str, npt.NDArray[np.generic]], name: str, inputs: int, outputs: int) -> Linear:
    shapes = {"centre": (inputs,), "weights": (inputs, outputs), "offset": (outputs,)}
    parts = {part: np.asarray(arrays[f"{name}_{part}"], np.float32).reshape(shape) for part, shape in shapes.items()}
    return Linear(**parts)
