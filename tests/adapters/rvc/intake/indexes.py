"""Indexes by the real faiss, small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np

faiss.omp_set_num_threads(1)


def vectors(count: int, width: int, seed: int = 0) -> np.ndarray:
    """Shape (count, width), float32."""
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def inverted(found: np.ndarray, lists: int, *, direct_map: int = 0) -> Any:
    """As RVC makes it: "IVF{lists},Flat"."""
    width = found.shape[1]
    # Faiss complains in words when it trains on few vectors, so the centres are put there.
    centres = faiss.IndexFlatL2(width)
    centres.add(vectors(lists, width, seed=1))
    index = faiss.IndexIVFFlat(centres, width, lists)
    index.is_trained = True
    index.add(found)
    if direct_map:
        index.set_direct_map_type(direct_map)
    return index


def flat(found: np.ndarray, *, inner_product: bool = False) -> Any:
    """Without lists."""
    index = (faiss.IndexFlatIP if inner_product else faiss.IndexFlatL2)(found.shape[1])
    index.add(found)
    return index


def as_bytes(index: Any) -> bytes:
    """The file that faiss would write."""
    return bytes(faiss.serialize_index(index))


def on_disk(found: np.ndarray, lists: int, other: Path) -> bytes:
    """An index whose vectors lie in `other`, a file that it names."""
    index = inverted(found, lists)
    elsewhere = faiss.OnDiskInvertedLists(lists, index.code_size, str(other))
    elsewhere.merge_from_1(index.invlists)
    index.replace_invlists(elsewhere, False)
    written = as_bytes(index)
    index.replace_invlists(faiss.ArrayInvertedLists(lists, index.code_size), False)
    return written
