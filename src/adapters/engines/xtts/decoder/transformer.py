"""GPT-2's forward pass over positions that are new, with the keys and values of the older ones at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it

from .cache import KeyValueCache
from .gaze import Gaze
from .linear import MIN_ROWS
from .weights import Block, GptWeights

#: A step attends to a multiple of so many positions, the rest masked: then, on one thread, the bits of a row do not depend on
#: the longest row. On several threads torch adds up a head in another order on each of them.
_STRIDE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """New positions of one sequence.

    Attributes:
        embeddings: shape (n, C).
        start: how many positions come before; their keys and values are in `store`.
        store: for every layer (2, heads, positions, head width), where keys and values are read and written.
    """

    embeddings: torch.Tensor
    start: int
    store: Sequence[torch.Tensor]


class Transformer:
    """Stateless: keys and values are the caller's."""

    def __init__(self, weights: GptWeights) -> None:
        self._weights = weights
        self._heads = weights.heads
        self._head_width = weights.width // weights.heads

    def empty_prefix(self, positions: int) -> torch.Tensor:
        """Room for the keys and values of a voice: shape (layers, 2, heads, positions, head width)."""
        shape = (len(self._weights.blocks), 2, self._heads, positions, self._head_width)
        return torch.empty(shape, device=self._weights.device)

    def fill(self, segments: Sequence[Segment]) -> None:
        """Write the keys and values of all new positions into the stores; nothing else of them is needed.

        Linear layers take the positions of all segments as one matrix, without padding; attention is made segment by segment,
        so that it depends on the segment alone.
        """
        x = torch.cat([segment.embeddings for segment in segments])
        bounds = _bounds(segments)
        masks = [_causal(segment) for segment in segments]
        for index, block in enumerate(self._weights.blocks):
            made = self._projected(block, x)
            for segment, (first, end) in zip(segments, bounds, strict=True):
                place = segment.store[index][:, :, segment.start : segment.start + end - first]
                place.copy_(made[first:end, 1:].permute(1, 2, 0, 3))
            if index + 1 == len(self._weights.blocks):
                return
            attended = torch.empty_like(x)
            for segment, (first, end), mask in zip(segments, bounds, masks, strict=True):
                reach = segment.start + end - first
                keys, values = segment.store[index][:, None, :, :reach]
                queries = made[first:end, 0].transpose(0, 1)[None]
                seen = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
                attended[first:end] = seen[0].transpose(0, 1).reshape(end - first, -1)
            x = _perceived(block, block.attended.added_to(x, attended))

    def advance(
        self, embeddings: torch.Tensor, cache: KeyValueCache, positions: Sequence[int], gaze: Gaze | None = None
    ) -> torch.Tensor:
        """One new position for each row; row i has slot i of the cache and `positions[i]` positions in it.

        Args:
            embeddings: shape (rows, C).
            gaze: looks at the attention of some rows.

        Returns:
            Shape (rows, C): final_norm(ln_f(h)), from which the next token is drawn and which the vocoder takes.
        """
        rows = len(positions)
        x = F.pad(embeddings, (0, 0, 0, MIN_ROWS - rows)) if rows < MIN_ROWS else embeddings
        at = torch.tensor(positions, device=x.device)
        slots = torch.arange(rows, device=x.device)
        reach = min(-(-(max(positions) + 1) // _STRIDE) * _STRIDE, cache[0].shape[3])
        mask = _open_until(at, reach)
        for index, block in enumerate(self._weights.blocks):
            made = self._projected(block, x)
            layer = cache[index]
            layer[slots, :, :, at] = made[:rows, 1:]
            stored = layer[:rows, :, :, :reach]
            if gaze is not None:
                gaze.look(index, made[:rows, 0], stored[:, 0])
            seen = F.scaled_dot_product_attention(made[:rows, 0, :, None], stored[:, 0], stored[:, 1], attn_mask=mask)
            attended = seen.reshape(rows, -1)
            if len(attended) < len(x):
                attended = F.pad(attended, (0, 0, 0, len(x) - len(attended)))
            x = _perceived(block, block.attended.added_to(x, attended))
        return self._weights.final_norm(self._weights.last_norm(x[:rows]))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Shape (rows, V), float32."""
        return self._weights.head(hidden).float()

    def _projected(self, block: Block, x: torch.Tensor) -> torch.Tensor:
        """Queries, keys and values: shape (rows, 3, heads, head width), float32."""
        made = block.queries_keys_values(block.before_attention(x))
        return made.float().view(len(x), 3, self._heads, self._head_width)


def _perceived(block: Block, x: torch.Tensor) -> torch.Tensor:
    return block.narrow.added_to(x, block.widen.gelu(block.before_perceptron(x)))


def _bounds(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    bounds: list[tuple[int, int]] = []
    for segment in segments:
        first = bounds[-1][1] if bounds else 0
        bounds.append((first, first + len(segment.embeddings)))
    return bounds


def _causal(segment: Segment) -> torch.Tensor:
    """Shape (n, start + n): each new position sees the older ones and itself."""
    new = len(segment.embeddings)
    return torch.ones(new, segment.start + new, dtype=torch.bool, device=segment.embeddings.device).tril(segment.start)


def _open_until(at: torch.Tensor, reach: int) -> torch.Tensor:
    """Shape (rows, 1, 1, reach): 0 up to a row's own position, -inf beyond."""
    beyond = torch.arange(reach, device=at.device) > at[:, None]
    return torch.zeros(beyond.shape, device=at.device).masked_fill_(beyond, float("-inf"))[:, None, None]
