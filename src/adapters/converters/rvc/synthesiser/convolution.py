"""One convolution of the vocoder, without anything put round its input."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it


class Convolution:
    """A convolution whose output is shorter than its input by what it looks at round a position.

    Args:
        weight: shape (out, in, kernel).
        bias: shape (out,), or None.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None, *, dtype: torch.dtype, dilation: int = 1, stride: int = 1
    ) -> None:
        self._weight = weight.to(dtype)
        self.bias = bias
        self._bias = None if bias is None else bias.to(dtype)
        self._dilation = dilation
        self._stride = stride
        self.halo = (weight.shape[2] - 1) // 2 * dilation
        self.nbytes = self._weight.nbytes

    def __call__(self, x: torch.Tensor, *, bias: torch.Tensor | None = None) -> torch.Tensor:
        """Shape (1, out, n - 2 halo), of x of shape (1, in, n); `bias` takes the place of the layer's own."""
        bias = self._bias if bias is None else bias
        return F.conv1d(x, self._weight, bias, stride=self._stride, dilation=self._dilation)
