"""What rows look at in their texts while they draw: the attention of each token to each text id."""

from __future__ import annotations

from collections.abc import Mapping

import torch

#: Layers that are looked at, spread over all of them: heads that follow the text stand in several layers, and each one that is
#: looked at takes time and memory.
_LAYERS = 10


class Gaze:
    """The attention of one step. Looking changes nothing of what is drawn.

    Args:
        spans: slot → first and after-last position of the text's ids, of the rows that are looked at.
        layers: of the network.
    """

    def __init__(self, spans: Mapping[int, tuple[int, int]], layers: int) -> None:
        self._spans = spans
        self._stride = max(1, layers // _LAYERS)
        self._parts: dict[int, list[torch.Tensor]] = {slot: [] for slot in spans}

    def look(self, layer: int, queries: torch.Tensor, keys: torch.Tensor) -> None:
        """Take in a layer: `queries` of shape (rows, heads, head width), `keys` of shape (rows, heads, positions, head width)."""
        if layer % self._stride:
            return
        scale = queries.shape[-1] ** -0.5
        for slot, (first, last) in self._spans.items():
            scores = (keys[slot, :, first:last] @ queries[slot, :, :, None]).squeeze(-1) * scale
            self._parts[slot].append(torch.softmax(scores, dim=-1))

    def of(self, slot: int) -> torch.Tensor | None:
        """Shape (heads of all layers looked at, text ids), float16, each row of it with the sum 1; None if it was not looked at."""
        parts = self._parts.get(slot)
        return torch.cat(parts).half().cpu() if parts else None
