"""Which part of a text each audio token speaks: an alignment of the attention.

XTTS's GPT was never told to align anything. In networks like it some heads follow the text from its beginning to its end while
it is spoken, and most do not. Which do is found anew for each utterance, from its first tokens; the path through their mean that
never goes back is the alignment. An estimate: real speech was not at hand to measure it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

Matrix = npt.NDArray[np.float32]

#: Tokens after which heads are chosen (2.2 s), so that only those have to be remembered; and how many.
_TRIAL, _HEADS = 48, 8
#: Price of a token that is as early or as late as can be, in units of the negative logarithm of attention.
_PACE = 4.0
_LEAST = 1e-4


class Alignment:
    """Takes in the attention of one utterance, token by token."""

    def __init__(self) -> None:
        self._kept: list[torch.Tensor] = []
        self._chosen: torch.Tensor | None = None

    def add(self, attention: torch.Tensor) -> None:
        """Of the next token: shape (heads, text ids)."""
        self._kept.append(attention if self._chosen is None else attention[self._chosen])
        if self._chosen is None and len(self._kept) == _TRIAL:
            self._choose()

    def path(self, tokens: int) -> list[int]:
        """For each of the first `tokens` audio tokens that were taken in, the text id that it speaks; never going back."""
        if not self._kept or tokens < 1:
            return []
        if self._chosen is None:
            self._choose()
        heads = torch.stack(self._kept[:tokens]).numpy().astype(np.float32)
        return monotone_path(heads.mean(axis=1))

    def _choose(self) -> None:
        heads = torch.stack(self._kept).numpy().astype(np.float32)
        best = following_heads(heads.transpose(1, 0, 2), _HEADS)
        self._chosen = torch.from_numpy(best)
        self._kept = [each[self._chosen] for each in self._kept]


def following_heads(attention: Matrix, count: int) -> npt.NDArray[np.int64]:
    """The heads that follow the text best, at most `count`.

    Args:
        attention: shape (heads, audio tokens, text ids), each row with the sum 1.

    A head follows as far as it looks at few ids at a time, and as these come later the later the token is (the correlation of both).
    """
    heads, tokens, ids = attention.shape
    place = attention @ np.arange(ids, dtype=np.float32)
    time = np.arange(tokens, dtype=np.float32)
    time -= time.mean()
    moved = place - place.mean(axis=1, keepdims=True)
    spread = np.sqrt((moved**2).sum(axis=1) * (time**2).sum())
    forward = (moved @ time) / np.maximum(spread, 1e-9)
    sharp = attention.max(axis=2).mean(axis=1)
    return np.argsort(-(np.maximum(forward, 0.0) * sharp), kind="stable")[: min(count, heads)].astype(np.int64)


def monotone_path(attention: Matrix) -> list[int]:
    """The cheapest way through shape (audio tokens, text ids) that never goes back, found by dynamic programming."""
    price = prices(attention)
    tokens, ids = price.shape
    best = price[0]
    came = np.zeros((tokens, ids), np.int64)
    for token in range(1, tokens):
        # The id at or before each one from which it is cheapest to come.
        least = np.minimum.accumulate(best)
        came[token] = np.maximum.accumulate(np.where(best <= least, np.arange(ids), 0))
        best = least + price[token]
    at = int(np.argmin(best))
    path = [at]
    for token in range(tokens - 1, 0, -1):
        at = int(came[token, at])
        path.append(at)
    return path[::-1]


def prices(attention: Matrix) -> npt.NDArray[np.float64]:
    """What it costs that a token speaks an id: the negative logarithm of its attention, and a little for being early or late.

    Speech goes through its text at about one pace: where the attention says nothing, that is the alignment.
    """
    tokens, ids = attention.shape
    late = np.arange(tokens)[:, None] / max(1, tokens - 1) - np.arange(ids)[None, :] / max(1, ids - 1)
    drawn: npt.NDArray[np.float64] = _PACE * late**2 - np.log(np.maximum(attention, _LEAST))
    return drawn
