"""HiFi-GAN's residual blocks over a piece of a sequence."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from adapters.converters.rvc.values import VoiceConfig

from .convolution import Convolution
from .shapes import RESBLOCK_LAYERS
from .weights import Weights

#: modules.py: LRELU_SLOPE.
_SLOPE = 0.1


class ResidualBlock:
    """Upstream's `ResBlock1` or `ResBlock2` (modules.py): convolutions, one or two of which are added to what entered them.

    Args:
        name: of the block in the checkpoint.
        number: which of the parallel blocks it is.
    """

    def __init__(self, weights: Weights, name: str, config: VoiceConfig, number: int, dtype: torch.dtype) -> None:
        prefixes, count = RESBLOCK_LAYERS[config.resblock]
        self._steps: list[list[Convolution]] = []
        for layer in range(count):
            dilations = config.resblock_dilation_sizes[number][layer], 1
            names = [f"{name}.{prefix}.{layer}" for prefix in prefixes]
            self._steps.append([
                Convolution(weights(f"{each}.weight"), weights(f"{each}.bias"), dtype=dtype, dilation=dilation)
                for each, dilation in zip(names, dilations, strict=False)
            ])  # fmt: skip
        self.halo = sum(each.halo for step in self._steps for each in step)
        self.nbytes = sum(each.nbytes for step in self._steps for each in step)

    def __call__(self, x: torch.Tensor, at: int, end: int, width: int) -> torch.Tensor:
        """The middle `width` positions, shape (1, C, 1, width), of x of shape (1, C, 1, n) that begins at position `at`.

        What lies before position 0 or from `end` on is zero in x, and stays so.
        """
        surplus = (x.shape[3] - width) // 2 - self.halo
        x = x[..., surplus : x.shape[3] - surplus]
        at += surplus
        for step in self._steps:
            inner = x
            for convolution in step:
                inner = convolution(F.leaky_relu(inner, _SLOPE))
                at += convolution.halo
                inner = ended(inner, at, end)
            cut = (x.shape[3] - inner.shape[3]) // 2
            x = inner.add_(x[..., cut : cut + inner.shape[3]])
        return x


def ended(x: torch.Tensor, at: int, end: int) -> torch.Tensor:
    """`x` itself, with zeros before position 0 and from `end` on, where it begins at position `at`: what is outside the utterance."""
    if at < 0:
        x[..., :-at] = 0
    if end - at < x.shape[3]:
        x[..., max(0, end - at) :] = 0
    return x
