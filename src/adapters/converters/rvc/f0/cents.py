"""Pitch from a network that scores classes of pitch, 20 cents apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CENTS_PER_OCTAVE = 1200
#: Classes of CREPE and RMVPE: the first is 31.7 Hz, counted in cents above 10 Hz (marl/crepe, core.py).
CLASSES = 360
CLASS_CENTS = 20.0
FIRST_CENTS = 1997.3794084376191
#: Neighbours on each side that have a say in where between two classes the pitch is.
REACH = 4


def class_cents() -> NDArray[np.float64]:
    """The middle of each class, shape (CLASSES,), in cents above 10 Hz."""
    middles: NDArray[np.float64] = CLASS_CENTS * np.arange(CLASSES, dtype=np.float64) + FIRST_CENTS
    return middles


def hz_of(cents: NDArray[np.floating]) -> NDArray[np.floating]:
    """Cents above 10 Hz as Hz."""
    return 10.0 * 2.0 ** (cents / CENTS_PER_OCTAVE)


def local_average(
    scores: NDArray[np.floating], chosen: NDArray[np.int64], cents: NDArray[np.floating]
) -> NDArray[np.floating]:
    """The cents of each frame: those of the chosen class and `REACH` on each side, weighted by their scores.

    Kim, Salamon, Li, Bello (2018), "CREPE: a convolutional representation for pitch estimation", equation 2, kept local as
    in its code. At the ends of the scale there are fewer neighbours.

    Args:
        scores: shape (frames, classes), 0..1.
        chosen: the class of each frame, shape (frames,).
        cents: of each class.
    """
    padded = np.pad(scores, ((0, 0), (REACH, REACH)))
    values = np.pad(cents, REACH)
    around = chosen[:, None] + np.arange(2 * REACH + 1)
    weights = np.take_along_axis(padded, around, axis=1)
    sums = np.maximum(weights.sum(axis=1), np.finfo(np.float32).tiny)
    average: NDArray[np.floating] = (weights * values[around]).sum(axis=1) / sums
    return average
