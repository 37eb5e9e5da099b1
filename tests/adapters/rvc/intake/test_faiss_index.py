"""The reader of indexes beside the real faiss, and before files that faiss should not be given."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc.intake.faiss_index import read_index
from tests.adapters.rvc.intake.indexes import as_bytes, flat, inverted, on_disk, vectors
from voicecore.errors import InvalidInput, ModelCorrupt

WIDTH = 8


def read(data: bytes, *, width: int = WIDTH, max_vectors: int = 200_000) -> np.ndarray:
    return read_index(io.BytesIO(data), len(data), width=width, max_vectors=max_vectors)


@given(
    count=st.integers(1, 150), lists=st.integers(1, 40), direct_map=st.sampled_from([0, 1, 2]), seed=st.integers(0, 99)
)
def test_the_vectors_of_an_inverted_index_are_those_that_were_added_in_their_order(
    count: int, lists: int, direct_map: int, seed: int
) -> None:
    added = vectors(count, WIDTH, seed)
    index = inverted(added, lists, direct_map=direct_map)
    found = read(as_bytes(index))
    assert found.dtype == np.float16
    assert np.array_equal(found, added.astype(np.float16))
    if direct_map != 2:
        index.make_direct_map()
        assert np.array_equal(found, index.reconstruct_n(0, count).astype(np.float16))


@given(count=st.integers(1, 150), inner_product=st.booleans())
def test_the_vectors_of_a_flat_index_are_those_that_were_added(count: int, inner_product: bool) -> None:
    added = vectors(count, WIDTH)
    assert np.array_equal(read(as_bytes(flat(added, inner_product=inner_product))), added.astype(np.float16))


def test_an_index_that_the_factory_trained_and_a_file_wrote_is_read(tmp_path: Path) -> None:
    added = vectors(400, 768)
    index = faiss.index_factory(768, "IVF10,Flat")
    faiss.extract_index_ivf(index).nprobe = 1
    index.train(added)
    index.add(added)
    path = tmp_path / "added_IVF10_Flat_nprobe_1_voice_v2.index"
    faiss.write_index(index, str(path))
    with path.open("rb") as file:
        found = read_index(file, path.stat().st_size, width=768, max_vectors=400)
    assert np.array_equal(found, added.astype(np.float16))


def test_more_vectors_than_are_read_at_once_are_read() -> None:
    added = vectors(10_000, WIDTH)
    assert np.array_equal(read(as_bytes(flat(added))), added.astype(np.float16))


GOOD = as_bytes(inverted(vectors(50, WIDTH), 7))
SPARSE = as_bytes(inverted(vectors(3, WIDTH), 20))
MAPPED = as_bytes(inverted(vectors(50, WIDTH), 7, direct_map=2))
FLAT = as_bytes(flat(vectors(20, WIDTH)))
HEADER = 4 + 4 + 8 + 16 + 1 + 4


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def refused(data: bytes, *, width: int = WIDTH, max_vectors: int = 200_000) -> str:
    with pytest.raises((ModelCorrupt, InvalidInput)) as caught:
        read(data, width=width, max_vectors=max_vectors)
    return caught.value.message


def test_an_index_that_names_another_file_is_refused_and_the_file_stays_untouched(tmp_path: Path) -> None:
    other = tmp_path / "secret"
    data = on_disk(vectors(50, WIDTH), 7, other)
    assert str(other).encode() in data
    before = other.read_bytes()
    assert "names another file" in refused(data)
    assert other.read_bytes() == before


def test_an_index_of_another_width_is_refused_with_both_widths() -> None:
    assert "vectors of 8 numbers, the model hears 768" in refused(GOOD, width=768)


@pytest.mark.parametrize("claim", [2**40, 2**62, 2**63 - 1])
def test_a_huge_count_is_refused_before_anything_is_allocated(claim: int) -> None:
    tracemalloc.start()
    try:
        for data in (GOOD, FLAT):
            assert "do not fit" in refused(patched(data, 8, "<q", claim))
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_a_negative_count_is_refused() -> None:
    assert "do not fit" in refused(patched(GOOD, 8, "<q", -5))


def test_an_index_without_vectors_names_the_file_that_has_them() -> None:
    empty = faiss.IndexIVFFlat(faiss.IndexFlatL2(WIDTH), WIDTH, 1)
    empty.is_trained = True
    assert "added_" in refused(as_bytes(empty))
    assert "added_" in refused(as_bytes(faiss.IndexFlatL2(WIDTH)))


def test_more_vectors_than_allowed_are_refused_with_the_limit() -> None:
    assert "50 vectors; the limit is 49" in refused(GOOD, max_vectors=49)
    assert len(read(GOOD, max_vectors=50)) == 50


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("IVF2,PQ4x4", "quantised"),
        ("PCA4,IVF2,Flat", "transforms"),
        ("IDMap,Flat", "names"),
        ("HNSW4", "IHN"),
        ("SQ8", "IxSQ"),
    ],
)
def test_other_kinds_of_index_are_refused_by_name(recipe: str, said: str) -> None:
    index = faiss.index_factory(WIDTH, recipe)
    found = vectors(700, WIDTH)
    index.train(found)
    index.add_with_ids(found, np.arange(700)) if recipe.startswith("IDMap") else index.add(found)
    assert said in refused(as_bytes(index))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20])
def test_numbers_that_float16_has_not_are_refused(value: float) -> None:
    one = struct.pack("<f", vectors(20, WIDTH)[13, 5])
    for index in (flat(vectors(20, WIDTH)), inverted(vectors(20, WIDTH), 3)):
        data = as_bytes(index)
        assert data.count(one) == 1
        assert "not finite" in refused(data.replace(one, struct.pack("<f", value)))


def test_two_vectors_of_one_number_are_refused() -> None:
    data = as_bytes(inverted(vectors(2, WIDTH), 1))
    ids = len(data) - 16
    assert struct.unpack_from("<qq", data, ids) == (0, 1)
    assert "one number to two" in refused(patched(data, ids, "<qq", 1, 1))
    assert "outside of 0 to 1" in refused(patched(data, ids, "<q", 2))
    assert "outside of 0 to 1" in refused(patched(data, ids, "<q", -1))
    assert np.array_equal(read(patched(data, ids, "<qq", 1, 0)), read(data)[::-1])


def test_lists_that_do_not_make_up_the_count_are_refused() -> None:
    at = GOOD.index(b"full") + 12
    first = struct.unpack_from("<q", GOOD, at)[0]
    for wrong in (first + 1, -1, 2**61):
        assert "do not make up" in refused(patched(GOOD, at, "<q", wrong))
    at = SPARSE.index(b"sprs") + 12
    assert "do not make up" in refused(patched(SPARSE, at, "<q", 20))  # a list that is not there
    assert "do not make up" in refused(patched(SPARSE, at, "<q", -1))


def test_a_metric_that_rvc_does_not_use_is_refused() -> None:
    index = faiss.IndexFlat(WIDTH, faiss.METRIC_L1)
    index.add(vectors(3, WIDTH))
    assert "by method 2" in refused(as_bytes(index))


def test_an_index_whose_centres_are_of_another_width_is_refused() -> None:
    at = GOOD.index(b"IxF2") + 4
    assert "do not belong together" in refused(patched(GOOD, at, "<i", 4))


def test_bytes_behind_the_end_are_refused() -> None:
    for data in (GOOD, SPARSE, MAPPED, FLAT):
        assert "3 bytes behind its end" in refused(data + b"abc")


@pytest.mark.parametrize("data", [GOOD, SPARSE, MAPPED, FLAT], ids=["full", "sparse", "mapped", "flat"])
def test_an_index_cut_short_anywhere_is_refused(data: bytes) -> None:
    for length in range(len(data)):
        assert refused(data[:length])


def test_no_index_at_all_is_refused_in_words() -> None:
    assert "0 bytes" in refused(b"")
    assert "RVC does not write" in refused(b"just some words, and a few more of them")
    assert "archive" in refused(b"PK\x03\x04" + bytes(100))


def harmless(data: bytes) -> None:
    """Refused in words, or read as finite vectors that the bytes can hold; never with more memory than a few times those."""
    found, said = None, ""
    tracemalloc.start()
    try:
        found = read(data)
    except (ModelCorrupt, InvalidInput) as error:
        said = error.message
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * len(data) + 100_000
    if found is None:
        assert said.endswith(".")
        assert len(said) < 300
    else:
        assert found.shape[1] == WIDTH
        assert 1 <= len(found) <= len(data) // (4 * WIDTH)
        assert np.isfinite(found).all()


_FILES = st.sampled_from([GOOD, SPARSE, MAPPED, FLAT])


@settings(max_examples=400, deadline=None)
@given(data=_FILES, changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_changed_bytes_do_no_harm(data: bytes, changes: list[tuple[float, int]]) -> None:
    changed = bytearray(data)
    for where, value in changes:
        changed[int(where * len(changed))] = value
    harmless(bytes(changed))


@settings(max_examples=400, deadline=None)
@given(
    data=_FILES,
    at=st.integers(0, 400),
    value=st.sampled_from([-1, 0, 1, 2**31 - 1, 2**31, 2**40, 2**61, 2**62, 2**63 - 1, -(2**63)])
    | st.integers(-300, 300),
    end=st.integers(0, 3_000),
)
def test_changed_numbers_do_no_harm(data: bytes, at: int, value: int, end: int) -> None:
    if at + 8 <= len(data):
        data = patched(data, at, "<q", value)
    harmless(data[:end] if end < 2_000 else data)


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from([b"IwFl", b"IxF2", b"IxFI", b""]), rest=st.binary(max_size=400))
def test_noise_does_no_harm(kind: bytes, rest: bytes) -> None:
    harmless(kind + rest)
    harmless(kind + struct.pack("<iqqqBi", WIDTH, 3, 0, 0, 1, 1) + rest)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("IVF2_HNSW4,Flat", "IHN"), ("IDMap2,IVF2,Flat", "IxM2"), ("IVF2,Flat,RFlat", "IxRF"), ("L2norm,PCA4,Flat", "transforms"),
        ("PCA4,IDMap,IVF2,Flat", "transforms"), ("LSH", "IxHe"), ("IVF2,SQ8", "quantised"),
    ],
)  # fmt: skip
def test_indexes_within_indexes_are_refused_by_the_first_that_is_none_of_rvcs(recipe: str, said: str) -> None:
    index = faiss.index_factory(WIDTH, recipe)
    found = vectors(700, WIDTH)
    index.train(found)
    index.add_with_ids(found, np.arange(700)) if "IDMap" in recipe else index.add(found)
    assert said in refused(as_bytes(index))


def test_an_index_of_bits_is_refused() -> None:
    index = faiss.IndexBinaryFlat(8 * WIDTH)
    index.add(np.zeros((3, WIDTH), np.uint8))
    assert "IBxF" in refused(bytes(faiss.serialize_index_binary(index)))
