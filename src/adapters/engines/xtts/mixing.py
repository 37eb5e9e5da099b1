"""A voice between others: means of what XTTS knows of each.

The conditioning latents are averaged as they are. Upstream itself averages speaker embeddings of several recordings
(`Xtts.get_conditioning_latents`), but a mean of directions is shorter than they are, and the vocoder was trained with embeddings of
length one; so here the mean gets the length that its parts have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput
from voicecore.mixing import shares
from voicecore.voice import VoicePrint

from .conditioning.stored import GPT, SPEAKER, checked

#: A mean that keeps less than this share of its parts' length points nowhere: they face each other.
_LEAST_LENGTH = 1e-3


def mixed(
    parts: Sequence[tuple[str | VoicePrint, float]], print_of_preset: Callable[[str], VoicePrint], card: EngineCard
) -> VoicePrint:
    """The weighted mean of 2 to 8 voices.

    Args:
        parts: preset ids or prints, each with a weight above 0; only the ratio of the weights counts.
        print_of_preset: the print of a studio speaker; raises `InvalidInput` for an unknown preset.

    Raises:
        InvalidInput: for weights that make no mean, for prints of another engine or checkpoint, and for voices whose
            embeddings cancel out.
    """
    portions = np.array(shares([weight for _, weight in parts]))
    prints = [print_of_preset(voice) if isinstance(voice, str) else voice for voice, _ in parts]
    for each in prints:
        checked(each, card.model_digest)
    gpt = np.stack([each.arrays[GPT] for each in prints]).astype(np.float64)
    speakers = np.stack([each.arrays[SPEAKER] for each in prints]).astype(np.float64)
    arrays = {
        GPT: np.tensordot(portions, gpt, axes=1).astype(np.float32),
        SPEAKER: _mean_of_directions(speakers, portions).astype(np.float32),
    }
    return VoicePrint(card.name, card.model_digest, arrays)


def _mean_of_directions(vectors: NDArray[np.float64], portions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted mean of `vectors`, shape (n, d), with the weighted mean of their lengths: shape (d,)."""
    mean = portions @ vectors
    wanted = float(portions @ np.linalg.norm(vectors, axis=1))
    found = float(np.linalg.norm(mean))
    if found <= _LEAST_LENGTH * wanted:
        raise InvalidInput(
            "These voices cancel each other out with these weights; choose other weights or other voices.",
            field="parts",
        )
    return mean * (wanted / found)
