"""Self-attention that knows how far apart two frames are, up to ten (Shaw et al. 2018, arXiv 1803.02155).

Upstream (attentions.py: `MultiHeadAttention`) writes what each of T frames adds for its 21 near ones into T x 2T numbers, several
times. Here the band of near frames is addressed where it lies, in blocks of rows, so memory grows with T and not with its square.
"""

from __future__ import annotations

import math

import torch

from .shapes import ATTENTION_WINDOW
from .weights import Weights

#: Rows of scores made at once: 256 rows of 60 s are 12 MB for two heads.
_ROWS = 256


class RelativeAttention:
    """One layer of attention over the frames of an utterance.

    Args:
        name: of the layer in the checkpoint.
    """

    def __init__(self, weights: Weights, name: str, heads: int) -> None:
        joined = [f"{name}.conv_{what}" for what in "qkv"]
        self._weight = torch.cat([weights(f"{each}.weight")[:, :, 0] for each in joined])
        self._bias = torch.cat([weights(f"{each}.bias") for each in joined])
        self._out = weights(f"{name}.conv_o.weight")[:, :, 0], weights(f"{name}.conv_o.bias")
        self._near_keys = weights(f"{name}.emb_rel_k")[0]
        self._near_values = weights(f"{name}.emb_rel_v")[0]
        self._heads = heads

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (T, hidden), of x of the same."""
        frames, hidden = x.shape
        split = torch.addmm(self._bias, x, self._weight.T).view(frames, 3, self._heads, -1).permute(1, 2, 0, 3)
        query = split[0] / math.sqrt(hidden // self._heads)
        # With frames of nothing on either side, every frame has all its near ones.
        around = torch.zeros(2, self._heads, frames + 2 * ATTENTION_WINDOW, split.shape[3], device=x.device)
        around[:, :, ATTENTION_WINDOW : ATTENTION_WINDOW + frames] = split[1:]
        made = torch.empty_like(x)
        for start in range(0, frames, _ROWS):
            rows = self._rows(query[:, start : start + _ROWS], around[0], around[1], start)
            made[start : start + _ROWS] = rows.transpose(0, 1).reshape(-1, hidden)
        return torch.addmm(self._out[1], made, self._out[0].T)

    def _rows(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, start: int) -> torch.Tensor:
        """What the frames from `start` on hear; shape (heads, rows, width of a head), of a query of the same."""
        scores = query @ keys.transpose(1, 2)
        band = _band(scores, start)
        band += query @ self._near_keys.T
        scores[:, :, :ATTENTION_WINDOW] = -torch.inf
        scores[:, :, -ATTENTION_WINDOW:] = -torch.inf
        shares = torch.softmax(scores, dim=2)
        return shares @ values + _band(shares, start) @ self._near_values


def _band(scores: torch.Tensor, start: int) -> torch.Tensor:
    """A view of the near frames of each row, shape (heads, rows, 21); the row at `start` has its own frame `start` + 10 columns in."""
    heads, rows, _ = scores.shape
    by_head, by_row, by_column = scores.stride()
    return scores.as_strided(
        (heads, rows, 2 * ATTENTION_WINDOW + 1),
        (by_head, by_row + by_column, by_column),
        scores.storage_offset() + start * by_column,
    )
