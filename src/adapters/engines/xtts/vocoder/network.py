"""The generator: HiFi-GAN with a speaker's colour (Kong et al. 2020, arXiv 2010.05646; TTS/vocoder/models/hifigan_generator.py).

Runs the layers of upstream's module over a window and computes at every level only what the wanted samples depend on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from voicecore.errors import ModelCorrupt

from .convolution import Convolution
from .spans import Plan, Shape, Upsampling

#: Slope of the leaky rectifiers between the layers, and of the one before the last convolution, where upstream gives none
#: and so takes torch's (hifigan_generator.py: LRELU_SLOPE, and the bare `F.leaky_relu(o)`).
_SLOPE, _LAST_SLOPE = 0.1, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Colour:
    """What a speaker embedding becomes: the biases of the first convolution and of every upsampling, each shape (channels,)."""

    first: torch.Tensor
    upsamplings: tuple[torch.Tensor, ...]


class ResidualBlock:
    """Pairs of convolutions, each pair added to what entered it (upstream's ResBlock1)."""

    def __init__(self, block: Any, dtype: torch.dtype) -> None:
        self._pairs = [
            (Convolution(first, dtype=dtype, slope=_SLOPE), Convolution(second, dtype=dtype))
            for first, second in zip(block.convs1, block.convs2, strict=True)
        ]

    @property
    def halo(self) -> int:
        """How far it looks to either side."""
        return sum(first.halo + second.halo for first, second in self._pairs)

    def __call__(self, x: torch.Tensor, end: int) -> torch.Tensor:
        """Shape of x, (1, C, n), of which all from position `end` on is zero and stays so."""
        for first, second in self._pairs:
            inner = _ended(first(F.leaky_relu(x, _SLOPE)), end)
            x = _ended(second(inner).add_(x), end)
        return x


class Network:
    """Upstream's `HifiganGenerator` in this precision.

    Args:
        generator: upstream's module; it is read and not kept.
        dtype: float32 gives upstream's samples; bfloat16 costs about half the time on processors that have it, and adds noise
            some 27 dB below the signal.
    """

    def __init__(self, generator: Any, *, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._first = Convolution(generator.conv_pre, dtype=dtype)
        # The sum of the last convolution is what is heard: it stays in float32.
        self._last = Convolution(generator.conv_post, dtype=torch.float32)
        self._ups = [(up.weight.detach().to(dtype), up.stride[0], up.padding[0]) for up in generator.ups]
        self._up_biases = [up.bias.detach() for up in generator.ups]
        width = generator.num_kernels
        blocks = [ResidualBlock(block, dtype) for block in generator.resblocks]
        self._blocks = [blocks[at : at + width] for at in range(0, len(blocks), width)]
        self._colours = [(layer.weight.detach()[:, :, 0], layer.bias.detach()) for layer in generator.conds]
        self._first_colour = (generator.cond_layer.weight.detach()[:, :, 0], generator.cond_layer.bias.detach())
        self.shape = Shape(
            before=self._first.halo,
            upsamplings=tuple(
                _upsampling(up, max(each.halo for each in group))
                for up, group in zip(generator.ups, self._blocks, strict=True)
            ),
            after=self._last.halo,
        )

    def colour(self, speaker: torch.Tensor) -> Colour:
        """What this speaker embedding, shape (512,), adds to the layers. Made once for an utterance."""
        weight, bias = self._first_colour
        first = self._first.bias + weight @ speaker + bias
        others = zip(self._up_biases, self._colours, strict=True)
        return Colour(
            first.to(self._dtype),
            tuple((up_bias + weight @ speaker + bias).to(self._dtype) for up_bias, (weight, bias) in others),
        )

    def __call__(self, frames: torch.Tensor, plan: Plan, colour: Colour) -> torch.Tensor:
        """Samples `plan.samples`, shape (n,), float32, of a sequence whose frames are `frames`, shape (C, `plan.length`)."""
        at, end = plan.frames[0], plan.length
        known = frames[:, at : plan.frames[1]]
        x = F.pad(known, (0, plan.frames[1] - at - known.shape[1]))[None].to(self._dtype)
        x = _ended(self._first(x, bias=colour.first), end - at)
        parts = zip(self._ups, colour.upsamplings, self._blocks, plan.entering, plan.inner, strict=True)
        for (weight, stride, padding), bias, blocks, (enter, leave), (start, stop) in parts:
            x = F.leaky_relu(x[:, :, enter - at : leave - at], _SLOPE)
            x = F.conv_transpose1d(x, weight, bias, stride=stride, padding=padding)
            # Made of a window, the sequence begins where its first position was put.
            at, end = enter * stride, end * stride
            x = _ended(x[:, :, start - at : stop - at], end - start)
            at = start
            total = blocks[0](x, end - at)
            for block in blocks[1:]:
                total += block(x, end - at)
            x = total.div_(len(blocks))
        x = F.leaky_relu(x[:, :, plan.last[0] - at : plan.last[1] - at].float(), _LAST_SLOPE)
        at = plan.last[0]
        samples = torch.tanh(self._last(x))[0, 0]
        return samples[plan.samples[0] - at : plan.samples[1] - at]


def _ended(x: torch.Tensor, end: int) -> torch.Tensor:
    """`x` itself, with zeros from position `end` on: what a layer finds round the sequence."""
    if end < x.shape[2]:
        x[:, :, max(0, end) :] = 0
    return x


def _upsampling(up: Any, halo: int) -> Upsampling:
    stride, kernel, padding = up.stride[0], up.kernel_size[0], up.padding[0]
    if kernel - 2 * padding != stride:
        raise ModelCorrupt(
            "The vocoder of this checkpoint loses samples at the ends of its layers; use the one of XTTS v2."
        )
    return Upsampling(stride=stride, kernel=kernel, padding=padding, halo=halo)
