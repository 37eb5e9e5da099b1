"""What gives retrieval-based conversion its name: content features are pulled towards those of the target's own recordings.

For each frame the eight nearest vectors of the index are looked up and averaged by their inverse squared distance, as RVC
does (`vc` of infer/modules/vc/pipeline.py; its "score" is faiss's squared distance). RVC asks an inverted file that looks into
one of some hundred cells; here all vectors are compared, so that the nearest are found whatever cell they lie in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

NEIGHBOURS = 8
#: Squared distances below it count as it: a frame that is one of the vectors gives that vector, not a division by nothing.
LEAST_SCORE = 1e-6
#: Vectors compared at once, and frames: their products have 4 MB, the vectors as float32 13 MB.
_VECTORS_AT_ONCE = 4_096
_FRAMES_AT_ONCE = 256
#: Frames whose candidates are fetched at once: 3 MB.
_FETCHED_AT_ONCE = 64
#: Looked up by products, which round, before distances are taken anew.
_CANDIDATES = 2 * NEIGHBOURS


class VectorIndex:
    """The kept vectors of a voice, on the device where they are searched.

    Args:
        vectors: shape (n, width), float16, n at least 1.
    """

    def __init__(self, vectors: NDArray[np.float16], *, device: str) -> None:
        self._vectors = torch.tensor(vectors).to(device)
        self._norms = torch.cat([part.float().square().sum(dim=1) for part in self._vectors.split(_VECTORS_AT_ONCE)])

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def nbytes(self) -> int:
        """Memory of the vectors."""
        return int(self._vectors.nbytes + self._norms.nbytes)

    @torch.no_grad()
    def retrieved(self, content: Tensor) -> Tensor:
        """For each frame the weighted mean of its nearest vectors: shape of `content`, (frames, width), float32.

        Eight vectors count, or all of an index that has fewer; weights are 1 / score², where the score is the squared
        distance, at least `LEAST_SCORE`.
        """
        if not len(content):
            return content
        means: list[Tensor] = []
        for some in content.float().split(_FRAMES_AT_ONCE):
            parts = zip(some.split(_FETCHED_AT_ONCE), self._candidates(some).split(_FETCHED_AT_ONCE), strict=True)
            means += [self._mean(frames, candidates) for frames, candidates in parts]
        return torch.cat(means)

    def _mean(self, frames: Tensor, candidates: Tensor) -> Tensor:
        near = self._vectors[candidates].float()
        scores = (near - frames[:, None]).square().sum(dim=2)
        scores, order = scores.topk(min(NEIGHBOURS, scores.shape[1]), dim=1, largest=False)
        # Of doubles, since 1 / score² of a score of 1e-6 leaves what float32 adds up well.
        weights = scores.double().clamp_min(LEAST_SCORE).pow(-2)
        weights = (weights / weights.sum(dim=1, keepdim=True)).float()
        chosen = near.gather(1, order[:, :, None].expand(-1, -1, near.shape[2]))
        return (weights[:, :, None] * chosen).sum(dim=1)

    def _candidates(self, frames: Tensor) -> Tensor:
        """Numbers of the vectors among which the nearest are: (frames, up to 16)."""
        best: Any = None
        start = 0
        for part, norms in zip(self._vectors.split(_VECTORS_AT_ONCE), self._norms.split(_VECTORS_AT_ONCE), strict=True):
            # |v|² - 2 q·v: what |q - v|² is without the frame's own share, which changes no order.
            distance = torch.addmm(norms[None], frames, part.float().T, alpha=-2)
            found = distance.topk(min(_CANDIDATES, len(part)), dim=1, largest=False)
            each = (found.values, found.indices + start)
            if best is not None:
                values, places = torch.cat([best[0], each[0]], dim=1), torch.cat([best[1], each[1]], dim=1)
                found = values.topk(min(_CANDIDATES, values.shape[1]), dim=1, largest=False)
                each = (found.values, places.gather(1, found.indices))
            best = each
            start += len(part)
        nearest: Tensor = best[1]
        return nearest


def blended(content: Tensor, index: VectorIndex | None, rate: float) -> Tensor:
    """The content with `rate` (0..1) of what was retrieved for it; 0 looks nothing up."""
    if index is None or rate == 0:
        return content
    return rate * index.retrieved(content) + (1 - rate) * content


def protected(content: Tensor, original: Tensor, f0_hz: Tensor, protect: float) -> Tensor:
    """Content whose unvoiced frames (consonants, breath) keep a part of what they were before the retrieval.

    As in RVC: where there is a pitch the blended content counts; elsewhere `protect` of it, and the rest is the original. From
    0.5 on nothing is protected, and with an untouched content nothing is to protect.

    Args:
        content, original: (frames, width).
        f0_hz: (frames,), 0 where unvoiced.
        protect: 0 (consonants stay) to 0.5 (off).
    """
    if protect >= 0.5 or content is original:
        return content
    share = torch.where(f0_hz > 0, 1.0, protect)[:, None]
    return content * share + original * (1 - share)
