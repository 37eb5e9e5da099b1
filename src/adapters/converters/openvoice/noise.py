"""The noise that the network draws, as a function of seed and place: the same wherever long speech is cut, on any device."""

from __future__ import annotations

import numpy as np

from voicecore.audio import Samples

_BLOCK_FRAMES = 256


def noise(seed: int, channels: int, first: int, last: int) -> Samples:
    """Standard normal numbers of the frames `first` to `last` (excluded); shape (channels, last - first), float32.

    Drawn in blocks with a generator each, so that any stretch can be had without the ones before it, and nobody's global
    generator is touched. Upstream calls `torch.randn_like`, whose numbers depend on what else was drawn.
    """
    numbers = range(first // _BLOCK_FRAMES, -(-last // _BLOCK_FRAMES))
    blocks = [
        np.random.default_rng([seed, number]).standard_normal((channels, _BLOCK_FRAMES), np.float32)
        for number in numbers
    ]
    offset = first - numbers.start * _BLOCK_FRAMES
    whole = np.concatenate(blocks, axis=1) if blocks else np.zeros((channels, 0), np.float32)
    return whole[:, offset : offset + last - first]
