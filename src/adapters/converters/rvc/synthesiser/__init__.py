"""RVC's synthesiser: content features and pitch in, the target's voice out.

`Synthesiser` is in `.synthesiser`, which loads torch; the shapes that a checkpoint must have are arithmetic alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .shapes import expected_shapes

if TYPE_CHECKING:
    from .synthesiser import Synthesiser

__all__ = ["Synthesiser", "expected_shapes"]


def __getattr__(name: str) -> Any:
    if name == "Synthesiser":
        from .synthesiser import Synthesiser  # noqa: PLC0415 - loads torch

        return Synthesiser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
