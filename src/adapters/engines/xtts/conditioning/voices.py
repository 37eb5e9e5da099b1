"""Whether one person speaks or more: the stretches as two groups, and how alike the groups are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from adapters.engines.speaker_encoder import SpeakerEncoder
from voicecore.audio import Audio

from .clip import RATE_HZ
from .stretches import Stretch

#: Shorter stretches say too little of who speaks.
_COMPARED_S = 1.5
#: Groups less alike than this are two voices. Measured on thirteen people (6 to 60 s each, stretches as cut here): one person's
#: groups were never below 0.77, those of two people below 0.75 in 96 to 100 % of all pairs.
TWO_VOICES = 0.75
_ROUNDS = 20

Floats = npt.NDArray[np.float32]


def likeness_of_groups(stretches: Sequence[Stretch], encoder: SpeakerEncoder) -> float:
    """Cosine of the two groups into which the voices of `stretches` fall best; 1 with fewer than two stretches to compare."""
    compared = [stretch for stretch in stretches if stretch.duration_s >= _COMPARED_S]
    if len(compared) < 2:
        return 1.0
    embeddings = np.stack([encoder.embed(Audio(stretch.samples, RATE_HZ)) for stretch in compared])
    return _two_means(embeddings, np.array([stretch.duration_s for stretch in compared], np.float32))


def _two_means(embeddings: Floats, weights: Floats) -> float:
    """Cosine of the means of two clusters of unit vectors, grown from the two that are least alike (spherical k-means)."""
    likeness = embeddings @ embeddings.T
    first, second = np.unravel_index(int(likeness.argmin()), likeness.shape)
    centres = np.stack([embeddings[first], embeddings[second]])
    for _ in range(_ROUNDS):
        nearest = (embeddings @ centres.T).argmax(axis=1)
        if nearest.min() == nearest.max():  # all alike
            return 1.0
        sums = np.stack([(embeddings * weights[:, None])[nearest == group].sum(axis=0) for group in (0, 1)])
        moved = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return float(centres[0] @ centres[1])
