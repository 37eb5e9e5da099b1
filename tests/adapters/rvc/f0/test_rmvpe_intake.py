"""RMVPE's weights: taken in once, checked, kept as safetensors; whatever is not RMVPE is refused in words of its own."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.converters.rvc.f0 import identity, open_tracker, unavailable
from adapters.converters.rvc.f0.rmvpe import intake
from adapters.converters.rvc.f0.rmvpe.shapes import expected_shapes
from voicecore.conversion import F0Method
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt

Change = Callable[[dict[str, Any]], Any]
CNN = "cnn.weight"
#: Of the tensors, as they are looked at: one number.
FIRST = "unet.encoder.bn.weight"


class Canary:
    """Unpickled by an unguarded reader, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def test_what_was_taken_in_is_what_was_published(published: Path, models_dir: Path) -> None:
    import torch
    from safetensors.torch import load_file

    kept = load_file(models_dir / "rmvpe" / "model.safetensors")
    source = torch.load(published / "rmvpe.pt", weights_only=True)
    assert {name: each.dtype for name, each in kept.items()} == dict.fromkeys(kept, torch.float16)
    assert sorted(kept) == sorted(name for name in source if not name.endswith("num_batches_tracked"))
    assert all(torch.equal(kept[name], source[name]) for name in kept)
    assert sorted(each.name for each in (models_dir / "rmvpe").iterdir()) == ["lock.json", "model.safetensors"]
    assert [each.name for each in models_dir.iterdir()] == ["rmvpe"]


def test_its_lock_is_read_as_that_of_every_other_model(models_dir: Path) -> None:
    document = json.loads((models_dir / "rmvpe" / "lock.json").read_text())
    (name, pin), *others = document["files"].items()
    assert not others
    assert pin["size"] == (models_dir / "rmvpe" / name).stat().st_size
    assert len(pin["sha256"]) == 64
    assert list(document["source"]) == ["rmvpe.pt"]


def test_the_file_itself_may_be_named_and_an_older_folder_goes(published: Path, tmp_path: Path) -> None:
    (tmp_path / "rmvpe").mkdir()
    (tmp_path / "rmvpe" / "old").touch()
    assert intake(published / "rmvpe.pt", tmp_path) == tmp_path / "rmvpe"
    assert sorted(each.name for each in (tmp_path / "rmvpe").iterdir()) == ["lock.json", "model.safetensors"]


def test_without_weights_the_method_is_off_and_the_command_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, None):
        assert "voicecore models pull rmvpe" in str(unavailable(F0Method.RMVPE, folder))
        with pytest.raises(MissingModel, match="voicecore models pull rmvpe"):
            open_tracker(F0Method.RMVPE, models_dir=folder, device="cpu")
        with pytest.raises(MissingModel):
            identity(F0Method.RMVPE, folder)


def test_the_weights_are_part_of_what_the_method_is(models_dir: Path) -> None:
    lock = json.loads((models_dir / "rmvpe" / "lock.json").read_text())
    assert lock["files"]["model.safetensors"]["sha256"] in identity(F0Method.RMVPE, models_dir)


def test_weights_that_changed_on_the_disk_are_not_used(published: Path, tmp_path: Path) -> None:
    intake(published, tmp_path)
    path = tmp_path / "rmvpe" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelCorrupt, match="sha256"):
        open_tracker(F0Method.RMVPE, models_dir=tmp_path, device="cpu")


@pytest.mark.parametrize(
    "lock",
    ["", "{", "[]", '{"format": 2, "files": {}}', '{"format": 1, "files": {"model.safetensors": {"size": "1"}}}'],
)
def test_a_lock_that_does_not_read_is_told(tmp_path: Path, lock: str) -> None:
    (tmp_path / "rmvpe").mkdir()
    (tmp_path / "rmvpe" / "model.safetensors").touch()
    (tmp_path / "rmvpe" / "lock.json").write_text(lock)
    with pytest.raises(ModelCorrupt, match=r"lock\.json cannot be read"):
        open_tracker(F0Method.RMVPE, models_dir=tmp_path, device="cpu")


@pytest.fixture(scope="module")
def meagre() -> dict[str, Any]:
    """Every tensor in its shape, but of one number that is repeated: a file of some kilobytes that claims 362 MB."""
    import torch

    return {name: torch.zeros(1).expand(shape) for name, shape in expected_shapes().items()}


def _without(name: str) -> Change:
    return lambda tensors: {each: tensors[each] for each in tensors if each != name}


def _with(name: str, make: Callable[[Any], Any]) -> Change:
    return lambda tensors: {**tensors, name: make(tensors.get(name))}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(_without(CNN), "lacks a tensor 'cnn.weight'", id="a tensor is missing"),
        pytest.param(_with("extra", lambda _: None), "has a tensor 'extra'", id="one is too many"),
        pytest.param(_with(FIRST, lambda each: each.repeat(2)), "has the shape", id="another shape"),
        pytest.param(_with(FIRST, lambda each: each.double()), "not a tensor of float16", id="another kind of numbers"),
        pytest.param(_with(FIRST, lambda each: each.tolist()), "not a tensor of float16", id="no tensor"),
        pytest.param(dict, "fewer numbers than its shape", id="one number pretends to be many"),
        pytest.param(lambda tensors: list(tensors.values()), "no tensors by name", id="no names"),
        pytest.param(lambda tensors: {"model": tensors}, "has a tensor 'model'|lacks a tensor", id="nested"),
    ],
)
def test_another_network_is_refused(tmp_path: Path, meagre: dict[str, Any], change: Change, told: str) -> None:
    import torch

    torch.save(change(meagre), tmp_path / "rmvpe.pt")
    with pytest.raises(ModelCorrupt, match=told):
        intake(tmp_path, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_weights_that_are_no_numbers_are_refused(published: Path, tmp_path: Path) -> None:
    import torch

    tensors = torch.load(published / "rmvpe.pt", weights_only=True)
    tensors[CNN][0, 0, 0, 0] = float("nan")
    torch.save(tensors, tmp_path / "rmvpe.pt")
    with pytest.raises(ModelCorrupt, match=r"cnn\.weight .* not finite"):
        intake(tmp_path, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_pickle_with_code_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    import torch

    canary = tmp_path / "sang"
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({CNN: Canary(canary)}))
    torch.save({CNN: Canary(canary)}, tmp_path / "zipped.pt")
    for name in ("plain.pt", "zipped.pt"):
        with pytest.raises(ModelCorrupt, match="cannot be read as a checkpoint"):
            intake(tmp_path / name, tmp_path / "models")
    assert not canary.exists()


def test_what_unfolds_to_more_than_it_is_is_refused_unread(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rmvpe.pt", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data/0", b"\0" * 10_000_000)
    with pytest.raises(ModelCorrupt, match="compressed"):
        intake(tmp_path, tmp_path / "models")


def test_what_is_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "rmvpe.pt").open("wb") as file:
        file.truncate(500_000_000)  # a hole: it takes no room
    with pytest.raises(ModelCorrupt, match="400000000 are the limit"):
        intake(tmp_path, tmp_path / "models")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02.", b"<html>moved</html>", bytes(5_000)])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rmvpe.pt").write_bytes(content)
    with pytest.raises(ModelCorrupt):
        intake(tmp_path, tmp_path / "models")


def test_a_file_cut_short_is_refused(published: Path, tmp_path: Path) -> None:
    whole = (published / "rmvpe.pt").read_bytes()
    (tmp_path / "rmvpe.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelCorrupt):
        intake(tmp_path, tmp_path / "models")


def test_where_there_is_none_the_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"no rmvpe\.pt"):
        intake(tmp_path, tmp_path / "models")


def test_a_file_that_lies_where_the_model_goes_is_not_overwritten(published: Path, tmp_path: Path) -> None:
    place = tmp_path / "rmvpe"
    place.mkdir()
    (place / "rmvpe.pt").symlink_to(place / "mine.pt")
    (place / "mine.pt").write_bytes((published / "rmvpe.pt").read_bytes())
    with pytest.raises(InvalidInput, match="move the file elsewhere"):
        intake(place, tmp_path)
    assert (place / "mine.pt").is_file()
