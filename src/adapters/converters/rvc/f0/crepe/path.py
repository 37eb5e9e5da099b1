"""The likeliest way through the classes of pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: A step of so many classes or more is impossible; shorter ones are the likelier, the shorter they are.
_STEP_LIMIT = 12


def likeliest_path(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """The class of each frame, shape (frames,), that Viterbi's algorithm (1967) finds.

    As torchcrepe decodes: the scores are logarithms of likelihoods (its softmax of the scores subtracts from each frame a
    number that changes no path), and a step by d classes has the probability (12 - |d|) / 144.

    Args:
        scores: shape (frames, classes) of the classes that may be chosen.
    """
    frames, classes = scores.shape
    steps = np.arange(1 - _STEP_LIMIT, _STEP_LIMIT)
    likelihood = np.log(_STEP_LIMIT - np.abs(steps))
    reached = np.full(classes + 2 * (_STEP_LIMIT - 1), -np.inf)
    inner = slice(_STEP_LIMIT - 1, _STEP_LIMIT - 1 + classes)
    # Views of the same memory: what stands in `reached` is what the windows see.
    windows = np.lib.stride_tricks.sliding_window_view(reached, len(steps))
    came_from = np.zeros((frames, classes), np.int64)
    own = np.arange(classes)
    for frame in range(frames):
        if frame == 0:
            reached[inner] = scores[0]
            continue
        ways = windows + likelihood
        best = ways.argmax(axis=1)
        came_from[frame] = np.clip(own + steps[best], 0, classes - 1)
        reached[inner] = ways[own, best] + scores[frame]
    path = np.zeros(frames, np.int64)
    if frames:
        path[-1] = reached[inner].argmax()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
