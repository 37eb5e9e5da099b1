"""What of published files becomes the content encoder's folder, and what is refused at its door."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from adapters.converters.rvc.content.encoder import ContentEncoder
from adapters.converters.rvc.content.fairseq import fairseq_name
from adapters.converters.rvc.content.intake import intake
from adapters.converters.rvc.content.shapes import Architecture, as_config, expected_shapes
from adapters.converters.rvc.content.stored import find, read_tensors, verify
from tests.instruments.tiny_contentvec import TINY, fairseq_state, tensors, write_fairseq
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt, VoiceCoreError


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fairseq's checkpoint; not to be written to."""
    return write_fairseq(tmp_path_factory.mktemp("published")).parent


def test_nothing_pickled_is_stored_and_the_lock_tells_where_it_came_from(contentvec_models: Path) -> None:
    folder = contentvec_models / "contentvec"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "lock.json", "model.safetensors"]
    lock = json.loads((folder / "lock.json").read_text())
    assert sorted(lock["files"]) == ["config.json", "model.safetensors"]
    assert list(lock["sources"]) == ["hubert_base.pt"]
    assert [path.name for path in contentvec_models.iterdir()] == ["contentvec"]


#: Names in the released checkpoint, as fairseq's modules spell them, one of each kind.
SPELLED = {
    "feature_extractor.conv_layers.0.0.weight": (512, 1, 10),
    "feature_extractor.conv_layers.0.2.weight": (512,),
    "feature_extractor.conv_layers.6.0.weight": (512, 512, 2),
    "post_extract_proj.weight": (768, 512),
    "layer_norm.bias": (512,),
    "encoder.pos_conv.0.weight_g": (1, 1, 128),
    "encoder.pos_conv.0.weight_v": (768, 48, 128),
    "encoder.pos_conv.0.bias": (768,),
    "encoder.layer_norm.weight": (768,),
    "encoder.layers.0.self_attn.k_proj.weight": (768, 768),
    "encoder.layers.5.self_attn.out_proj.bias": (768,),
    "encoder.layers.5.self_attn_layer_norm.weight": (768,),
    "encoder.layers.11.fc1.weight": (3072, 768),
    "encoder.layers.11.fc2.weight": (768, 3072),
    "encoder.layers.11.final_layer_norm.bias": (768,),
    "final_proj.weight": (256, 768),
}


def test_every_tensor_has_its_name_and_shape_in_fairseqs_spelling() -> None:
    shapes = {fairseq_name(name): shape for name, shape in expected_shapes(Architecture()).items()}
    assert len(shapes) == 7 + 2 + 4 + 3 + 2 + 12 * 16 + 2 == 212
    assert {name: shapes[name] for name in SPELLED} == SPELLED


def test_the_tensors_of_a_fairseq_checkpoint_come_through_bit_for_bit(published: Path, tmp_path: Path) -> None:
    stored = read_tensors(verify(intake(published / "hubert_base.pt", tmp_path)))
    for name, each in fairseq_state().items():
        if name not in {"mask_emb", "label_embs_concat"}:
            ours = next(ours for ours in stored if fairseq_name(ours) == name)
            assert torch.equal(stored[ours], each.float()), name


def transformers_folder(folder: Path, *, pickled: bool) -> Path:
    """As `HubertModel.save_pretrained` of transformers 5 writes it."""
    folder.mkdir()
    named = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): each.half()
        for name, each in tensors().items()
    } | {"masked_spec_embed": torch.zeros(768)}
    (folder / "config.json").write_text(json.dumps(as_config(TINY) | {"hidden_act": "gelu", "architectures": ["X"]}))
    if pickled:
        torch.save(named, folder / "pytorch_model.bin")
    else:
        save_file(named, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("pickled", [False, True])
def test_a_folder_as_transformers_saves_it_gives_the_same_encoder(
    contentvec_models: Path, tmp_path: Path, pickled: bool
) -> None:
    ours = verify(intake(transformers_folder(tmp_path / "hf", pickled=pickled), tmp_path / "models"))
    assert ours.digest == verify(find(contentvec_models)).digest


class Dictionary:
    """As fairseq's, which the released checkpoint holds."""

    def __init__(self) -> None:
        self.symbols = ["<s>", "<pad>"]
        self.indices = {"<s>": 0}


def as_module(monkeypatch: pytest.MonkeyPatch, name: str, kind: type) -> None:
    """Lets `kind` be pickled as a class of that module."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        package = ".".join(parts[:end])
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    monkeypatch.setattr(sys.modules[name], kind.__name__, kind, raising=False)
    monkeypatch.setattr(kind, "__module__", name)


@pytest.mark.parametrize("zipped", [True, False])
def test_objects_of_fairseq_beside_the_weights_become_inert_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    with monkeypatch.context() as patch:
        as_module(patch, "fairseq.data.dictionary", Dictionary)
        document = {
            "args": argparse.Namespace(arch="hubert"),
            "model": fairseq_state(),
            "task_state": {"dictionaries": [Dictionary()]},
        }
        torch.save(document, tmp_path / "checkpoint_best_legacy_500.pt", _use_new_zipfile_serialization=zipped)
    # Nothing by this name can be imported now: whoever read the object's class would fail.
    assert "fairseq" not in sys.modules
    assert ContentEncoder.open(intake(tmp_path, tmp_path / "models")).nbytes > 0


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("touched").write_text, ("by a pickle",))


class HarmfulByName:
    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return (os.system, ("touch touched",))


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        document = torch.load(path, weights_only=True)
        change(document)
        torch.save(document, path)

    return damage


def set_model(name: str, tensor: Any) -> Callable[[Path], None]:
    return rewritten(lambda document: document["model"].update({name: tensor}))


def half_a_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


def text(path: Path) -> None:
    path.write_text("<!DOCTYPE html>")


def deflated(path: Path) -> None:
    with zipfile.ZipFile(path) as plain:
        entries = {name: plain.read(name) for name in plain.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)


NOT_FINITE = torch.full((768,), float("nan")).half()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (rewritten(lambda document: document.update(extra=Harmful())), "nothing in it was run"),
        (rewritten(lambda document: document.update(extra=HarmfulByName())), "nothing in it was run"),
        (half_a_file, "nothing in it was run"),
        (deflated, "compressed entries"),
        (text, "nothing in it was run"),
        (rewritten(lambda document: document.pop("model")), "no tensors under 'model'"),
        (rewritten(lambda document: document["model"].pop("encoder.layers.7.fc2.bias")), r"encoder\.layers\.7\.fc2\.bias"),
        (set_model("encoder.layer_norm.bias", NOT_FINITE), "not finite"),
        (set_model("encoder.layer_norm.bias", torch.zeros(1).half().expand(768)), "plain float"),
        (set_model("encoder.layer_norm.bias", torch.zeros(768, dtype=torch.int8)), "plain float"),
        (set_model("encoder.layer_norm.bias", torch.zeros(767).half()), r"\(767,\), expected \(768,\)"),
        (set_model("encoder.layers.0.fc1.weight", torch.zeros(64, 1024).half()), "RVC hears layer 12 of 768"),
        (set_model("encoder.layers.0.fc1.weight", torch.zeros(64).half()), "no HuBERT-base"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_cannot_be_used_is_refused_and_what_is_there_stays(
    published: Path, contentvec_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    own = Path(shutil.copytree(contentvec_models, tmp_path / "models"))
    source = Path(shutil.copy(published / "hubert_base.pt", tmp_path))
    damage(source)
    with pytest.raises(ModelCorrupt, match=told):
        intake(source, own)
    assert not (tmp_path / "touched").exists()
    assert [path.name for path in own.iterdir()] == ["contentvec"]
    assert verify(find(own)).digest == verify(find(contentvec_models)).digest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"feat_extract_norm": "layer"}, "feat_extract_norm"),
        ({"do_stable_layer_norm": True}, "do_stable_layer_norm"),
        ({"hidden_act": "relu"}, "hidden_act"),
        ({"num_hidden_layers": 9}, "layer 12"),
        ({"num_hidden_layers": 10**9}, "whole number"),
        ({"conv_dim": "many"}, "whole number"),
        ({"conv_stride": [5, 2, 2, 2, 2, 2, 1]}, "400 samples"),
        ({"hidden_size": 1024}, "1024"),
        ({"conv_kernel": None}, "config"),
    ],
)
def test_a_config_of_another_network_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    folder = transformers_folder(tmp_path / "hf", pickled=False)
    (folder / "config.json").write_text(json.dumps(as_config(TINY) | changes))
    with pytest.raises(ModelCorrupt, match=told):
        intake(folder, tmp_path / "models")


def truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def flip(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def break_lock(folder: Path) -> None:
    (folder / "lock.json").write_text("{}")


@pytest.mark.parametrize(("damage", "told"), [(truncate, "bytes, expected"), (flip, "sha256"), (break_lock, "lock")])
def test_a_stored_file_that_is_not_what_was_taken_in_is_refused(
    contentvec_models: Path, tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    own = Path(shutil.copytree(contentvec_models, tmp_path / "models"))
    damage(own / "contentvec")
    with pytest.raises(ModelCorrupt, match=told):
        ContentEncoder.open(find(own))


def test_without_weights_the_command_that_fetches_them_is_named(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        with pytest.raises(MissingModel, match="voicecore models pull contentvec"):
            find(folder)


def test_an_empty_source_and_one_in_the_way_are_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="hubert_base"):
        intake(tmp_path, tmp_path / "models")
    inside = Path(shutil.copytree(published, tmp_path / "models" / "contentvec" / "source"))
    with pytest.raises(InvalidInput, match="move the files"):
        intake(inside, tmp_path / "models")


def test_a_folder_that_cannot_be_written_is_told(published: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(VoiceCoreError, match="cannot be written"):
        intake(published, tmp_path / "models")
