"""Networks made without drawing the random weights that the stored ones would replace at once.

Numbers for 467 million parameters take seconds and touch 1.9 GB of memory twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode

#: What layers call on their new tensors, as functions of `torch.nn.init` or methods of the tensor. Constants are left alone:
#: layer norms of 1 cost nothing, and buffers may need theirs.
_FILLING = frozenset({
    "normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_",
})  # fmt: skip


class Unfilled(TorchFunctionMode):
    """Within it, in this thread, new layers keep whatever bytes their memory had: all of them must be loaded afterwards."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        if getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else options["tensor"]
        return func(*args, **options)
