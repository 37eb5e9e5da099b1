"""Voice prints and the safetensors library: each reads what the other writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_by_library
from safetensors.numpy import save as save_by_library

from voicecore import tensorfile
from voicecore.errors import BlobCorrupt
from voicecore.voice import VoicePrint

DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")


def arrays_of_every_kind() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(7)
    arrays = {f"of {dtype}": (chance.random((3, 2)) * 100).astype(dtype) for dtype in DTYPES}
    return {
        **arrays,
        "scalar": np.array(0.5, np.float32),
        "empty": np.zeros((0, 4), np.float32),
        "acentuação": np.ones(3),
    }


def latents() -> VoicePrint:
    chance = np.random.default_rng(1)
    arrays = {"gpt": chance.normal(size=(32, 1024)), "speaker": chance.normal(size=512)}
    return VoicePrint("xtts", "ab" * 32, {name: array.astype(np.float32) for name, array in arrays.items()})


def test_the_library_reads_a_stored_print_with_its_metadata(tmp_path: Path) -> None:
    file = tmp_path / "print.safetensors"
    file.write_bytes(latents().to_bytes())
    with safe_open(file, framework="pt") as opened:
        assert opened.metadata() == {"engine": "xtts", "model_digest": "ab" * 32}
        for name, array in latents().arrays.items():
            assert torch.equal(opened.get_tensor(name), torch.from_numpy(np.array(array)))


def test_every_kind_of_array_reaches_the_library_and_comes_back() -> None:
    arrays = arrays_of_every_kind()
    read = load_by_library(tensorfile.dump(arrays, {"a": "b"}))
    assert read.keys() == arrays.keys()
    written = save_by_library(arrays, metadata={"engine": "xtts", "ção": "ç"})
    again, metadata = tensorfile.load(written)
    assert metadata == {"engine": "xtts", "ção": "ç"}
    for name, array in arrays.items():
        for other in (read[name], again[name]):
            assert (other.dtype, other.shape) == (array.dtype, array.shape)
            assert np.array_equal(other, array)


def test_the_bytes_are_those_that_the_library_would_write() -> None:
    voice = latents()
    by_library = save_by_library(dict(voice.arrays), metadata={"engine": "xtts"})
    assert tensorfile.dump(voice.arrays, {"engine": "xtts"}) == by_library


def test_what_the_library_refuses_is_refused_here_too() -> None:
    whole = latents().to_bytes()
    for damaged in (whole[:-1], whole + b"\0", whole[8:], b"\xff" * 8 + whole[8:]):
        with pytest.raises(SafetensorError):
            load_by_library(damaged)
        with pytest.raises(BlobCorrupt):
            VoicePrint.from_bytes(damaged)
