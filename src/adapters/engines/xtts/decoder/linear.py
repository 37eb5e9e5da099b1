"""One linear layer of the decoder, its weights laid out once for the products of few rows that a decoder makes.

At 1 to 16 rows a step reads every weight once, so the layout decides the speed: oneDNN's own blocks take half the time of
`F.linear` at one row and a third at ten. The two operators are the ones that `torch.compile` emits for frozen weights on a
processor; they are private to torch, hence kept behind this one class, which has a plain way as well.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it

from voicecore.engine_settings import Precision
from voicecore.errors import InvalidInput

#: Fewer rows are filled up to this many. oneDNN's product of 4 rows is faster than that of 1 to 3, and from 2 rows on each row
#: has the same bits whatever stands beside it, which the one-row kernel does not keep.
MIN_ROWS = 4
#: The number of rows that the weights are laid out for. 64 measured fastest at 4 to 450 rows; a hint of 1 is half as fast.
_ROWS_HINT = 64


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether torch has the packed way here: oneDNN on a processor that computes with `dtype`."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 - the question has no public form
    return True


def compute_dtype(precision: Precision) -> torch.dtype:
    """The type that the products are made in. Raises `InvalidInput` for int8."""
    if precision is Precision.INT8:
        raise InvalidInput(
            "XTTS has no int8: it saved a quarter of the decoder's time over bf16, at a loss that nobody has heard; "
            "set the precision to exact or bf16.",
            field="precision",
        )
    return torch.bfloat16 if precision is Precision.BF16 else torch.float32


class PackedLinear:
    """`y = x @ weight.T + bias` for 2-D `x` of `dtype`, with what may be joined to it.

    Args:
        weight: shape (out, in), any strides.
        bias: shape (out,).
        packed: use oneDNN's layout; None where `can_pack` allows it.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor, dtype: torch.dtype, *, packed: bool | None = None
    ) -> None:
        self.dtype = dtype
        self._bias = bias.detach().to(dtype)
        plain = weight.detach().to(dtype)
        #: Memory of the matrix in bytes; `packed` says whether it is a copy.
        self.nbytes = plain.nbytes
        self.packed = can_pack(weight.device, dtype) if packed is None else packed
        self._weight = torch.ops.mkldnn._reorder_linear_weight(plain.contiguous(), _ROWS_HINT) if self.packed else plain  # noqa: SLF001

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The product, in `dtype`."""
        if not self.packed:
            return F.linear(x.to(self.dtype), self._weight, self._bias)
        return self._pointwise(x, "none", "")

    def gelu(self, x: torch.Tensor) -> torch.Tensor:
        """GELU of the product, in the tanh form that GPT-2 was trained with (transformers: `gelu_new`)."""
        if not self.packed:
            return F.gelu(self(x), approximate="tanh")
        return self._pointwise(x, "gelu", "tanh")

    def added_to(self, residual: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """`residual` (float32) plus the product, in float32."""
        if not self.packed or self.dtype != torch.float32 or len(x) < MIN_ROWS:
            return residual + self(x)
        summed: torch.Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, residual, self._weight, self._bias, "add")  # noqa: SLF001
        return summed

    def _pointwise(self, x: torch.Tensor, activation: str, algorithm: str) -> torch.Tensor:
        rows = len(x)
        full = x.to(self.dtype) if rows >= MIN_ROWS else F.pad(x.to(self.dtype), (0, 0, 0, MIN_ROWS - rows))
        product = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001
        made: torch.Tensor = product(full, self._weight, self._bias, activation, [], algorithm)
        return made[:rows]
