"""Kokoro's voices: for each, 510 style vectors, one for every length of phoneme string.

A style is float32, shape (256,): its first half carries the timbre, its second half the prosody, so a voice can borrow
the timbre of another and keep the rhythm of its own language.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.modelfiles import data_path
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt, require

from .model import MAX_TOKENS, STYLE_SIZE

#: Columns of a style.
TIMBRE = slice(0, 128)
PROSODY = slice(128, 256)

Styles = npt.NDArray[np.float32]


def style_row(token_count: int) -> int:
    """The row of a voice for this many phonemes (1 to 510, padding not counted): row 0 is for one phoneme.

    As in hexgrad/kokoro `pipeline.py`, where the style of a string `ps` is `pack[len(ps) - 1]`.
    """
    require(1 <= token_count <= MAX_TOKENS, f"Kokoro takes 1 to {MAX_TOKENS} phonemes a call.")
    return token_count - 1


class Voices:
    """The voices of one archive, read when first asked for."""

    def __init__(self, archive: Path | None = None) -> None:
        """`archive`: an npz of float16 arrays, shape (510, 256), one a voice; by default the one that ships."""
        self._path = archive if archive is not None else data_path("kokoro/voices.npz")
        if not self._path.is_file():
            raise MissingModel(f"The Kokoro voices are missing at {self._path}: install voicecore again.")
        with np.load(self._path, allow_pickle=False) as stored:
            self.names: tuple[str, ...] = tuple(sorted(stored.files))
        self._read = functools.cache(self._load)

    def styles(self, name: str) -> Styles:
        """All styles of a voice: float32, shape (510, 256), read-only. Raises `InvalidInput` for an unknown name."""
        return self._read(name)

    def mix(self, timbre: Mapping[str, float], prosody: Mapping[str, float]) -> Styles:
        """Styles with the weighted mean timbre of some voices and the weighted mean prosody of others.

        Weights need not sum to one: they are used as they are, so that a sum above one exaggerates.
        Returns float32, shape (510, 256).
        """
        mixed = np.zeros((MAX_TOKENS, STYLE_SIZE), np.float32)
        for half, weights in ((TIMBRE, timbre), (PROSODY, prosody)):
            require(bool(weights), "A mixed voice needs at least one voice for each half.")
            for name, weight in weights.items():
                mixed[:, half] += np.float32(weight) * self.styles(name)[:, half]
        return mixed

    def _load(self, name: str) -> Styles:
        if name not in self.names:
            raise InvalidInput(f"Kokoro has no voice {name!r}; it has {', '.join(self.names)}.")
        with np.load(self._path, allow_pickle=False) as stored:
            styles: Styles = stored[name].astype(np.float32)
        if styles.shape != (MAX_TOKENS, STYLE_SIZE):
            raise ModelCorrupt(f"The voice {name} in {self._path} has shape {styles.shape}: install voicecore again.")
        styles.flags.writeable = False
        return styles
