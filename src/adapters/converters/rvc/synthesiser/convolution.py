"""The vocoder's convolutions, without anything put round their input.

Activations have the shape (1, channels, 1, n) and lie in memory position by position (torch's `channels_last`). So oneDNN takes
them as they are; a plain (1, channels, n) it copies into an order of its own and back, which costs a narrow layer more than its
arithmetic does (docs/performance.md).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it


def in_order(x: torch.Tensor) -> torch.Tensor:
    """Of (channels, n), the activations (1, channels, 1, n), position by position."""
    return x[None, :, None].contiguous(memory_format=torch.channels_last)


def by_position(x: torch.Tensor) -> torch.Tensor:
    """Of activations, the same memory as (n, channels)."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[3], x.shape[1])


def activations(x: torch.Tensor) -> torch.Tensor:
    """Of (n, channels), the same memory as (1, channels, 1, n)."""
    return x[None, None].permute(0, 3, 1, 2)


class Convolution:
    """A convolution whose output is shorter than its input by what it looks at round a position.

    Args:
        weight: shape (out, in, kernel).
        bias: shape (out,), or None.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None, *, dtype: torch.dtype, dilation: int = 1
    ) -> None:
        self._weight = weight.to(dtype)[:, :, None].contiguous(memory_format=torch.channels_last)
        self.bias = bias
        self._bias = None if bias is None else bias.to(dtype)
        self._dilation = dilation
        self.halo = (weight.shape[2] - 1) // 2 * dilation
        self.nbytes = self._weight.nbytes

    def __call__(self, x: torch.Tensor, *, bias: torch.Tensor | None = None) -> torch.Tensor:
        """Shape (1, out, 1, n - 2 halo), of x of shape (1, in, 1, n); `bias` takes the place of the layer's own."""
        bias = self._bias if bias is None else bias
        return F.conv2d(x, self._weight, bias, dilation=(1, self._dilation))


class Upsampling:
    """A transposed convolution, as a plain one that makes all positions between two of its input's at once.

    Position o = q · rate + φ of the output is the sum over taps j of input q - j with the weights φ + j · rate; so φ numbers
    groups of channels, which lie in memory in the order of the positions that they are.

    Args:
        weight: shape (in, out, kernel), as torch's transposed convolutions have it.
        bias: shape (out,).
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, rate: int, *, dtype: torch.dtype) -> None:
        into, out, kernel = weight.shape
        self.taps = -(-kernel // rate)
        whole = F.pad(weight, (0, self.taps * rate - kernel)).view(into, out, self.taps, rate)
        turned = whole.flip(2).permute(3, 1, 0, 2).reshape(rate * out, into, 1, self.taps)
        self._weight = turned.to(dtype).contiguous(memory_format=torch.channels_last)
        self._bias = bias.repeat(rate).to(dtype)
        self._out = out
        self.nbytes = self._weight.nbytes

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (1, out, 1, (n - taps + 1) · rate): from position (taps - 1) · rate on, without padding taken off."""
        made = F.conv2d(x, self._weight, self._bias)
        return activations(made.permute(0, 2, 3, 1).reshape(-1, self._out))
