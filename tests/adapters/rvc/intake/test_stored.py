"""A voice as it is kept: what was written is what is read, or it is said to be damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc import stored
from adapters.converters.rvc.stored import StoredVoice, pack_index, pack_voice
from adapters.converters.rvc.values import VoiceConfig
from tests.instruments.tiny_rvc import config_list, weights
from voicecore import tensorfile
from voicecore.errors import Conflict, MissingModel, ModelCorrupt, StorageUnavailable
from voicecore.ports import ModelParts

CONFIG = VoiceConfig.of(config_list(), version="v2", f0=True, speakers=3)
TENSORS = weights(CONFIG)
VOICE = StoredVoice(config=CONFIG, tensors=TENSORS, info="made by nobody", notes=("It sounds odd.",))
VECTORS = np.random.default_rng(0).standard_normal((12, 768)).astype(np.float16)
PARTS = ModelParts(pack_voice(VOICE), pack_index(VECTORS))


def test_a_voice_comes_back_as_it_was() -> None:
    opened = stored.open_voice(PARTS)
    assert opened.config == CONFIG
    assert {*opened.tensors} == {*TENSORS}
    assert all(np.array_equal(opened.tensors[name], TENSORS[name]) for name in TENSORS)
    assert opened.vectors is not None
    assert np.array_equal(opened.vectors, VECTORS)
    assert stored.open_voice(ModelParts(PARTS.voice)).vectors is None


def test_the_facts_are_those_of_the_voice() -> None:
    facts = stored.describe(PARTS)
    assert (facts.version, facts.f0, facts.sample_rate_hz, facts.vectors) == ("v2", True, 40_000, 12)
    assert facts.notes == ("It sounds odd.",)


def test_the_digest_is_of_both_files() -> None:
    other = ModelParts(PARTS.voice, pack_index(VECTORS + 1))
    digests = {stored.digest_of(each) for each in (PARTS, other, ModelParts(PARTS.voice))}
    assert len(digests) == 3
    assert stored.digest_of(ModelParts(pack_voice(VOICE), pack_index(VECTORS))) in digests


def test_a_folder_gives_back_the_parts_and_tells_people_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "mary"
    facts = stored.write(PARTS, folder)
    read = stored.read(folder)
    assert (read.voice, read.index) == (PARTS.voice, PARTS.index)
    card = json.loads((folder / "voice.json").read_text())
    assert (card["digest"], card["vectors"], card["info"]) == (facts.digest, 12, "made by nobody")
    assert all((folder / name).stat().st_mode & 0o777 == 0o644 for name in ("voice.json", "voice.safetensors"))
    assert [each.name for each in tmp_path.iterdir()] == ["mary"]


def test_a_folder_that_exists_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "mary"
    stored.write(PARTS, folder)
    with pytest.raises(Conflict):
        stored.write(ModelParts(PARTS.voice), folder)
    assert stored.read(folder).index == PARTS.index
    assert [each.name for each in tmp_path.iterdir()] == ["mary"]


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        stored.write(PARTS, tmp_path / "file" / "mary")
    with pytest.raises(ModelCorrupt):
        stored.write(ModelParts(b"words"), tmp_path / "john")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_folder_with_another_file_in_it_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "mary"
    stored.write(PARTS, folder)
    (folder / "index.safetensors").write_bytes(pack_index(VECTORS + 1))
    with pytest.raises(ModelCorrupt, match="not the one that was taken in"):
        stored.read(folder)
    (folder / "index.safetensors").unlink()
    with pytest.raises(ModelCorrupt, match="not the one that was taken in"):
        stored.read(folder)
    (folder / "voice.json").write_text("[" * 100_000)
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        stored.read(folder)
    with pytest.raises(MissingModel):
        stored.read(tmp_path / "nobody")


def repacked(metadata: dict[str, str], **changes: np.ndarray) -> ModelParts:
    return ModelParts(tensorfile.dump({**TENSORS, **changes}, metadata))


def said(parts: ModelParts) -> str:
    with pytest.raises(ModelCorrupt) as caught:
        stored.open_voice(parts)
    with pytest.raises(ModelCorrupt):
        stored.describe(parts)
    return caught.value.message


def test_a_voice_that_another_version_wrote_is_refused() -> None:
    _, metadata = tensorfile.load(PARTS.voice)
    card = json.loads(metadata["voice"])
    assert "another format" in said(repacked({**metadata, "format": "voicecore-rvc-9"}))
    assert "another format" in said(repacked({}))
    for wrong in (
        "words",
        "[]",
        "{}",
        json.dumps(card | {"config": []}),
        json.dumps(card | {"notes": "x"}),
        json.dumps(card | {"info": 1}),
    ):
        assert "does not say how it is built" in said(repacked({**metadata, "voice": wrong}))
    fewer = {name: value for name, value in card["config"].items() if name != "n_heads"}
    assert "other fields" in said(repacked({**metadata, "voice": json.dumps(card | {"config": fewer})}))
    lies = card["config"] | {"hidden_channels": 32}
    assert "other arrays" in said(repacked({**metadata, "voice": json.dumps(card | {"config": lies})}))


def test_a_voice_with_other_arrays_is_refused() -> None:
    _, metadata = tensorfile.load(PARTS.voice)
    assert "other arrays" in said(repacked(metadata, extra=np.zeros(1, np.float16)))
    assert "neither float16 nor float32" in said(repacked(metadata, **{"dec.conv_pre.bias": np.zeros(64)}))


@pytest.mark.parametrize(
    "arrays",
    [
        {"vectors": VECTORS[:, :256]},
        {"vectors": VECTORS[:0]},
        {"vectors": VECTORS.astype(np.float32)},
        {"vectors": VECTORS.reshape(-1)},
        {"other": VECTORS},
        {"vectors": VECTORS, "more": VECTORS},
    ],
)
def test_an_index_of_another_kind_is_refused(arrays: dict[str, np.ndarray]) -> None:
    data = tensorfile.dump(arrays, {"format": "voicecore-rvc-1"})
    assert "index of the RVC voice" in said(ModelParts(PARTS.voice, data))


@settings(max_examples=60, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), end=st.floats(0, 1))
def test_changed_and_cut_files_do_no_harm(where: float, value: int, end: float) -> None:
    data = bytearray(PARTS.voice)
    data[int(where * 70_000)] = value
    try:
        opened = stored.open_voice(ModelParts(bytes(data)))
    except ModelCorrupt:
        opened = None
    assert opened is None or {*opened.tensors} == {*TENSORS}
    cut = PARTS.voice[: int(end * len(PARTS.voice))]
    if cut != PARTS.voice:
        said(ModelParts(cut))
