"""How the next token is drawn from its logits.

The same steps in the same order as transformers 5.23 takes them in `GenerationMixin._sample` with the processors of
`generation/logits_process.py`, so that a row draws what upstream draws: repetition penalty, temperature, top-k, top-p,
softmax, `torch.multinomial`. The length penalty is ours (ADR 13).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import torch

from adapters.engines.xtts.values import Sampling

from .row import Row

_NEVER = float("-inf")


def draw(logits: torch.Tensor, rows: Sequence[Row], stop: int) -> list[int]:
    """One token for each row.

    Args:
        logits: shape (rows, V), float32, on the processor. Each row's own generator decides, nothing else is random.
        stop: the token that ends a row.
    """
    tokens = [stop] * len(rows)
    by_sampling = sorted(range(len(rows)), key=lambda index: _order(rows[index].request.sampling))
    for _, group in groupby(by_sampling, key=lambda index: _order(rows[index].request.sampling)):
        chosen = list(group)
        sampling = rows[chosen[0]].request.sampling
        seen = torch.stack([rows[index].seen for index in chosen])
        scores = penalised(logits[chosen], seen, sampling, stop)
        if sampling.greedy:
            drawn = scores.argmax(-1).tolist()
        else:
            chances = warped(scores, sampling).softmax(-1)
            drawn = [
                int(torch.multinomial(chances[place, None], 1, generator=rows[index].generator))
                for place, index in enumerate(chosen)
            ]
        for index, token in zip(chosen, drawn, strict=True):
            tokens[index] = token
    return tokens


def _order(sampling: Sampling) -> tuple[float, ...]:
    return (
        sampling.greedy, sampling.temperature, sampling.top_k, sampling.top_p,
        sampling.repetition_penalty, sampling.length_penalty,
    )  # fmt: skip


def penalised(scores: torch.Tensor, seen: torch.Tensor, sampling: Sampling, stop: int) -> torch.Tensor:
    """Tokens said before are less likely, and stopping is by the length penalty."""
    if sampling.repetition_penalty != 1.0:
        penalty = sampling.repetition_penalty
        scores = torch.where(seen, torch.where(scores < 0, scores * penalty, scores / penalty), scores)
    if sampling.length_penalty != 1.0:
        scores = scores.clone()
        # Odds divided by p: the logit less log p.
        scores[:, stop] -= math.log(sampling.length_penalty)
    return scores


def warped(scores: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Scores after temperature, top-k and top-p; what may not be drawn is -inf. Shape (rows, V)."""
    if sampling.temperature != 1.0:
        scores = scores / sampling.temperature
    least = torch.topk(scores, min(sampling.top_k, scores.shape[-1]))[0][:, -1:]
    scores = scores.masked_fill(scores < least, _NEVER)
    if sampling.top_p < 1.0:
        ascending, order = torch.sort(scores, descending=False)
        unlikely = ascending.softmax(-1).cumsum(-1) <= (1 - sampling.top_p)
        unlikely[:, -1:] = False
        scores = scores.masked_fill(unlikely.scatter(1, order, unlikely), _NEVER)
    return scores
