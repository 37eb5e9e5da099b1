"""The nearest vectors of an index, beside faiss and beside what RVC makes of faiss's answer."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc import retrieval
from adapters.converters.rvc.retrieval import VectorIndex, blended, protected
from tests.instruments.tiny_rvc import make_index


def rounded(index: faiss.Index) -> tuple[np.ndarray, faiss.Index]:
    """The vectors of an index as they are kept, and the same index over these."""
    vectors = index.reconstruct_n(0, index.ntotal).astype(np.float16)
    index.reset()
    index.add(vectors.astype(np.float32))
    return vectors, index


def as_rvc_does(index: faiss.Index, content: np.ndarray, rate: float) -> np.ndarray:
    """The lines of `vc` in infer/modules/vc/pipeline.py, in our words."""
    score, found = index.search(content, 8)
    weight = (1 / score) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    near = index.reconstruct_n(0, index.ntotal)[found]
    return (near * weight[:, :, None]).sum(axis=1) * rate + (1 - rate) * content


@pytest.mark.parametrize("width", [256, 768])
@pytest.mark.parametrize("rate", [0.25, 0.75, 1.0])
def test_it_retrieves_what_rvc_retrieves_when_it_looks_everywhere(tmp_path: Path, width: int, rate: float) -> None:
    vectors, index = rounded(faiss.read_index(str(make_index(tmp_path, width, 3_000))))
    faiss.extract_index_ivf(index).nprobe = index.nlist
    near = vectors[:200].astype(np.float32) + 0.3 * np.random.default_rng(1).standard_normal((200, width))
    content = np.concatenate([near, np.random.default_rng(2).standard_normal((100, width))]).astype(np.float32)
    ours = blended(torch.from_numpy(content), VectorIndex(vectors, device="cpu"), rate).numpy()
    assert np.abs(ours - as_rvc_does(index, content, rate)).max() < 1e-4


def test_blocks_of_vectors_and_frames_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0)
    vectors = numbers.standard_normal((500, 256)).astype(np.float16)
    content = torch.from_numpy(numbers.standard_normal((70, 256)).astype(np.float32))
    whole = VectorIndex(vectors, device="cpu").retrieved(content)
    monkeypatch.setattr(retrieval, "_VECTORS_AT_ONCE", 3)
    monkeypatch.setattr(retrieval, "_FRAMES_AT_ONCE", 11)
    assert (VectorIndex(vectors, device="cpu").retrieved(content) - whole).abs().max() < 1e-5


@settings(deadline=None, max_examples=40)
@given(
    count=st.integers(1, 40), frames=st.integers(0, 20), seed=st.integers(0, 99), spread=st.sampled_from([1e-3, 1, 50])
)
def test_it_is_the_weighted_mean_of_the_eight_nearest_or_of_all(
    count: int, frames: int, seed: int, spread: float
) -> None:
    numbers = np.random.default_rng(seed)
    vectors = (numbers.standard_normal((count, 256)) * spread).astype(np.float16)
    content = (numbers.standard_normal((frames, 256)) * spread).astype(np.float32)
    ours = VectorIndex(vectors, device="cpu").retrieved(torch.from_numpy(content)).numpy()
    assert ours.shape == content.shape
    for frame, found in zip(content, ours, strict=True):
        scores = np.maximum(((vectors.astype(np.float64) - frame) ** 2).sum(axis=1), 1e-6)
        nearest = np.argsort(scores)[:8]
        weights = scores[nearest] ** -2.0
        wanted = (weights[:, None] * vectors[nearest].astype(np.float64)).sum(axis=0) / weights.sum()
        assert np.allclose(found, wanted, atol=1e-3 * spread)


def test_a_frame_that_is_one_of_the_vectors_gives_that_vector_and_not_nan() -> None:
    vectors = np.random.default_rng(0).standard_normal((50, 768)).astype(np.float16)
    vectors[7] = vectors[3]  # twice the same
    content = torch.from_numpy(vectors[[3, 20]].astype(np.float32))
    found = VectorIndex(vectors, device="cpu").retrieved(content)
    assert (found - content).abs().max() < 1e-4


def test_a_rate_of_zero_and_no_index_look_nothing_up() -> None:
    content = torch.randn(5, 768, generator=torch.Generator().manual_seed(0))
    index = VectorIndex(np.ones((4, 768), np.float16), device="cpu")
    assert blended(content, index, 0) is content
    assert blended(content, None, 0.75) is content
    assert torch.equal(blended(content, index, 1), torch.ones(5, 768))


def test_protection_keeps_the_original_where_there_is_no_pitch() -> None:
    original, content = torch.zeros(4, 3), torch.ones(4, 3)
    f0_hz = torch.tensor([0.0, 120.0, 0.0, 300.0])
    kept = {protect: protected(content, original, f0_hz, protect)[:, 0].tolist() for protect in (0, 0.25, 0.5)}
    assert kept == {0: [0, 1, 0, 1], 0.25: [0.25, 1, 0.25, 1], 0.5: [1, 1, 1, 1]}


def test_it_takes_the_memory_of_its_vectors_in_half_precision() -> None:
    index = VectorIndex(np.zeros((1_000, 768), np.float16), device="cpu")
    assert len(index) == 1_000
    assert index.nbytes == 1_000 * 768 * 2 + 1_000 * 4
