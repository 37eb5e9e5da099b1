"""What lies in the folder of models, and what is refused at its door."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from adapters.converters.openvoice import OpenVoiceConverter, intake
from tests.instruments.tiny_openvoice import CONFIG, write_published
from voicecore.engine_settings import EngineSettings
from voicecore.errors import InvalidInput, MissingDependency, MissingModel, ModelCorrupt, VoiceCoreError


def opened(models_dir: Path, **settings: Any) -> OpenVoiceConverter:
    return OpenVoiceConverter.open(EngineSettings(models_dir=models_dir, **settings))


@pytest.fixture
def own(models_dir: Path, tmp_path: Path) -> Path:
    """A folder of models that may be damaged."""
    return Path(shutil.copytree(models_dir, tmp_path / "own"))


@pytest.fixture
def source(published: Path, tmp_path: Path) -> Path:
    """A published folder that may be damaged."""
    return Path(shutil.copytree(published, tmp_path / "source"))


def test_nothing_pickled_is_stored(models_dir: Path) -> None:
    assert sorted(path.name for path in (models_dir / "openvoice").iterdir()) == [
        "checkpoint.safetensors",
        "config.json",
        "lock.json",
    ]
    lock = json.loads((models_dir / "openvoice" / "lock.json").read_text())
    assert sorted(lock["files"]) == ["checkpoint.safetensors", "config.json"]
    assert list(lock["source"]) == ["checkpoint.pth"]


def test_the_same_files_give_the_same_digest_and_others_another(
    published: Path, models_dir: Path, tmp_path: Path
) -> None:
    intake(published, tmp_path / "again")
    intake(write_published(tmp_path / "other", seed=2), tmp_path / "different")
    digests = [opened(folder).model_digest for folder in (models_dir, tmp_path / "again", tmp_path / "different")]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 64


@pytest.mark.parametrize("name", ["", "checkpoint.pth"])
def test_the_checkpoint_its_folder_and_the_folder_around_it_are_taken(source: Path, tmp_path: Path, name: str) -> None:
    assert intake(source / name, tmp_path / "models") == tmp_path / "models" / "openvoice"
    shutil.copytree(source, tmp_path / "repository" / "converter")
    intake(tmp_path / "repository", tmp_path / "models")
    assert opened(tmp_path / "models").sample_rate_hz == 22_050
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["openvoice"]


def test_weights_under_the_names_that_their_publisher_uses_are_taken(
    source: Path, models_dir: Path, tmp_path: Path
) -> None:
    tensors = torch.load(source / "checkpoint.pth", weights_only=True)["model"]
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): each
        for name, each in tensors.items()
    }
    assert "dec.ups.0.weight_g" in old
    torch.save({"model": old}, source / "checkpoint.pth")
    intake(source, tmp_path)
    assert opened(tmp_path).model_digest == opened(models_dir).model_digest


def test_without_weights_the_command_that_fetches_them_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="voicecore models pull openvoice"):
        opened(tmp_path)
    with pytest.raises(MissingModel, match="voicecore models pull openvoice"):
        OpenVoiceConverter.open(EngineSettings())


def truncate(folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def flip(folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def change_config(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(path.read_text().replace("22050", "22051"))


def break_lock(folder: Path) -> None:
    (folder / "lock.json").write_text('{"format": 1, "files": {}}')


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (truncate, "bytes, expected"),
        (flip, "sha256"),
        (change_config, "config.json has sha256"),
        (break_lock, "lock.json"),
    ],
)
def test_a_stored_file_that_is_not_what_was_taken_in_is_refused(
    own: Path, damage: Callable[[Path], None], told: str
) -> None:
    damage(own / "openvoice")
    with pytest.raises(ModelCorrupt, match=told):
        opened(own)


def set_config(source: Path, section: str, **changes: Any) -> None:
    document = json.loads(json.dumps(CONFIG))
    document[section] |= changes
    (source / "config.json").write_text(json.dumps(document))


def other_width(source: Path) -> None:
    set_config(source, "model", gin_channels=64)


def missing_layer(source: Path) -> None:
    document = torch.load(source / "checkpoint.pth", weights_only=True)
    del document["model"]["ref_enc.proj.bias"]
    torch.save(document, source / "checkpoint.pth")


def not_finite(source: Path) -> None:
    document = torch.load(source / "checkpoint.pth", weights_only=True)
    document["model"]["ref_enc.proj.bias"][0] = float("nan")
    torch.save(document, source / "checkpoint.pth")


def half_a_file(source: Path) -> None:
    path = source / "checkpoint.pth"
    path.write_bytes(path.read_bytes()[:100_000])


def compressed(source: Path) -> None:
    path = source / "checkpoint.pth"
    with zipfile.ZipFile(path) as plain:
        entries = {name: plain.read(name) for name in plain.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)


def no_weights(source: Path) -> None:
    torch.save([1, 2, 3], source / "checkpoint.pth")


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("touched").write_text, ("by a pickle",))


def harmful(source: Path) -> None:
    torch.save({"model": {"a": Harmful()}}, source / "checkpoint.pth")


def no_json(source: Path) -> None:
    (source / "config.json").write_text("{")


def odd_rates(source: Path) -> None:
    set_config(source, "model", upsample_rates=[8, 8, 2, 4])


def huge(source: Path) -> None:
    set_config(source, "model", gin_channels=10**9)


def no_rate(source: Path) -> None:
    set_config(source, "data", sampling_rate="22050")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (other_width, "another network"), (missing_layer, "ref_enc.proj.bias"), (not_finite, "finite"),
        (half_a_file, "cannot be read"), (compressed, "compressed entries"), (no_weights, "no tensors"), (harmful, "cannot be read"),
        (no_json, "config.json"), (odd_rates, "upsample_rates"), (huge, "1000000000"), (no_rate, "22050"),
    ],
)  # fmt: skip
def test_a_published_file_that_cannot_be_used_is_refused_and_what_is_there_stays(
    source: Path, own: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], told: str
) -> None:
    monkeypatch.chdir(own.parent)
    before = opened(own).model_digest
    damage(source)
    with pytest.raises(ModelCorrupt, match=told):
        intake(source, own)
    assert not (own.parent / "touched").exists()
    assert [path.name for path in own.iterdir()] == ["openvoice"]
    assert opened(own).model_digest == before


def test_an_incomplete_source_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"checkpoint\.pth"):
        intake(tmp_path, tmp_path / "models")
    (source / "config.json").unlink()
    with pytest.raises(MissingModel, match=r"config\.json"):
        intake(source, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_graphics_card_that_is_not_there_is_not_quietly_replaced(models_dir: Path) -> None:
    with pytest.raises(MissingDependency, match="cuda:99"):
        opened(models_dir, device="cuda:99")


def test_a_folder_that_cannot_be_written_is_told(published: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(VoiceCoreError, match="cannot be written"):
        intake(published, tmp_path / "models")


def test_everybody_may_read_what_was_stored(models_dir: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o444 for path in (models_dir / "openvoice").iterdir()}
    assert set(modes.values()) == {0o444}, modes


def test_files_that_lie_where_the_model_is_going_to_be_are_not_lost(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "models" / "openvoice" / "converter"
    shutil.copytree(source, place)
    with pytest.raises(InvalidInput, match="move the files"):
        intake(place.parent, tmp_path / "models")
    assert (place / "checkpoint.pth").is_file()
