"""RMVPE without anybody's weights: numbers by chance, in the layout of the published file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from adapters.converters.rvc.f0.rmvpe.shapes import expected_shapes


def random_tensors(seed: int = 0) -> dict[str, Any]:
    """Names and shapes as published, with scales that keep activations alive through all 22 stages, and the counters."""
    import torch

    dice = torch.Generator().manual_seed(seed)
    tensors: dict[str, Any] = {}
    for name, shape in expected_shapes().items():
        if name.endswith("running_var") or (name.endswith(".weight") and len(shape) == 1):
            tensors[name] = (torch.rand(shape, generator=dice) + 0.5) * (0.3 if name.endswith("conv.4.weight") else 1)
        elif len(shape) == 1:
            tensors[name] = torch.randn(shape, generator=dice) * 0.1
        else:
            tensors[name] = torch.randn(shape, generator=dice) / math.sqrt(math.prod(shape[1:]))
        if name.endswith("running_var"):
            tensors[name.replace("running_var", "num_batches_tracked")] = torch.tensor(1)
    return tensors


def write_published(folder: Path) -> Path:
    """`rmvpe.pt` in float16, as it is published; returns the folder."""
    import torch

    floats = {name: each.half() if each.is_floating_point() else each for name, each in random_tensors().items()}
    torch.save(floats, folder / "rmvpe.pt")
    return folder
