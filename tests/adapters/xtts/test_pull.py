"""Fetching XTTS: licence, published digests, interruption, own checkpoints, and what stands on the disk then."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from adapters import coqui
from adapters.converters.openvoice import stored
from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.intake import SOURCES
from adapters.modelfiles.manifest import Model, ModelFile, read_manifest
from entrypoints.cli.stored_models import INCOMING, take
from tests.cli.shell import Shell
from tests.instruments import tiny_openvoice
from tests.instruments.model_server import Publisher, publishing
from voicecore.errors import InvalidInput, MissingDependency, MissingModel, ModelCorrupt, StorageUnavailable

ACCEPTED = frozenset({"xtts"})


@pytest.fixture
def publisher(upstream_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    certificates, folder = tmp_path / "certificates", tmp_path / "published"
    certificates.mkdir()
    shutil.copytree(upstream_folder, folder)
    with publishing(folder, certificates, monkeypatch) as running:
        yield running


def _model(url: str, upstream: Path) -> Model:
    """The manifest's entry, with this server and the size and md5 of the tiny weights."""
    (real,) = (each for each in read_manifest() if each.name == "xtts")
    weights = (upstream / "model.pth").read_bytes()
    files = tuple(
        ModelFile(
            path=PurePosixPath(file.path), url=f"{url}/{file.path.name}",
            **({"size": len(weights), "md5": hashlib.md5(weights).hexdigest()} if file.md5 else {}),
        )
        for file in real.files
    )  # fmt: skip
    return Model(
        name=real.name, title=real.title, licence=real.licence, origin=real.origin, files=files, stored=real.stored,
        version=real.version, licence_url=real.licence_url, licence_summary=real.licence_summary,
        must_accept=real.must_accept,
    )  # fmt: skip


@pytest.fixture
def model(publisher: Publisher, upstream_folder: Path) -> Model:
    return _model(publisher.url, upstream_folder)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_names_upstreams_four_files_and_the_published_md5_of_the_weights() -> None:
    (real,) = (each for each in read_manifest() if each.name == "xtts")
    assert {file.path.name for file in real.files} == set(SOURCES)
    (weights,) = (file for file in real.files if file.pinned)
    assert (weights.path.name, weights.md5, weights.size) == (
        "model.pth", "10f92b55c512af7a8d39d650547a15a7", 1_867_854_695,
    )  # fmt: skip
    assert real.stored == FOLDER
    assert real.must_accept


def test_without_the_licence_accepted_nothing_is_fetched(tmp_path: Path, model: Model, publisher: Publisher) -> None:
    with pytest.raises(InvalidInput, match=r"non-commercial.*coqui\.ai/cpml.*--accept-licence xtts") as caught:
        take(model, tmp_path / "models", None, unpublished=False, accepted=frozenset())
    assert "VOICECORE_ACCEPT_LICENCES=xtts" in caught.value.message
    assert publisher.asked == []
    assert not (tmp_path / "models").exists()


def test_what_was_fetched_stands_in_the_form_for_use_and_nothing_pickled_is_left(tmp_path: Path, model: Model) -> None:
    taken = take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    assert taken.folder == tmp_path / "models" / FOLDER
    assert _files(tmp_path / "models") == {
        f"{FOLDER}/{name}"
        for name in ("config.json", "vocab.json", "model.safetensors", "speakers.safetensors", "lock.json")
    }
    checkpoint = Checkpoint(taken.folder)
    checkpoint.verify()
    assert checkpoint.lock.published
    assert checkpoint.lock.version == "v2.0.3"


def test_files_that_nobody_published_a_digest_of_are_told_with_what_was_pinned(tmp_path: Path, model: Model) -> None:
    taken = take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    lock = json.loads((taken.folder / "lock.json").read_text())
    assert set(taken.unpinned) == {"config.json", "vocab.json", "speakers_xtts.pth"}
    assert {name: lock["sources"][name]["sha256"] for name in taken.unpinned} == dict(taken.unpinned)


def test_a_broken_download_goes_on_where_it_stopped(tmp_path: Path, model: Model, publisher: Publisher) -> None:
    publisher.stop_after["model.pth"] = 1_000_000
    with pytest.raises(StorageUnavailable, match="run the command again"):
        take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    assert not (tmp_path / "models" / FOLDER).exists()
    have = (tmp_path / "models" / INCOMING / FOLDER / "model.pth.part").stat().st_size
    assert 0 < have <= 1_000_000
    publisher.stop_after.clear()
    take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    Checkpoint(tmp_path / "models" / FOLDER).verify()
    assert publisher.asked[-1] == ("model.pth", f"bytes={have}-")


def test_a_file_without_a_published_digest_is_never_pieced_together_of_two_versions(
    tmp_path: Path, model: Model, publisher: Publisher
) -> None:
    publisher.stop_after["vocab.json"] = 100
    with pytest.raises(StorageUnavailable):
        take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    publisher.stop_after.clear()
    take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    assert {ranges for name, ranges in publisher.asked if name == "vocab.json"} == {None}


def test_weights_with_another_md5_are_deleted_and_never_read(
    tmp_path: Path, model: Model, publisher: Publisher
) -> None:
    weights = publisher.folder / "model.pth"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelCorrupt, match=rf"model\.pth has md5 {hashlib.md5(data).hexdigest()}.*deleted"):
        take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    assert not any("model.pth" in name for name in _files(tmp_path / "models"))
    assert not (tmp_path / "models" / FOLDER).exists()


def test_a_second_pull_fetches_nothing(tmp_path: Path, model: Model, publisher: Publisher) -> None:
    take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    publisher.asked.clear()
    assert not take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED).fresh
    assert publisher.asked == []


def test_a_damaged_model_is_fetched_again(tmp_path: Path, model: Model) -> None:
    folder = take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED).folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    assert take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED).fresh
    Checkpoint(folder).verify()


@pytest.mark.parametrize("change", [{"format": 0}, {"files": {}}, {"version": None}])
def test_a_model_whose_lock_the_engine_refuses_is_fetched_again(
    tmp_path: Path, model: Model, change: dict[str, Any]
) -> None:
    folder = take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED).folder
    lock = json.loads((folder / "lock.json").read_text()) | change
    (folder / "lock.json").write_text(json.dumps({name: value for name, value in lock.items() if value is not None}))
    with pytest.raises(ModelCorrupt, match="voicecore models pull xtts"):
        Checkpoint(folder)
    assert take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED).fresh
    Checkpoint(folder).verify()


def test_an_own_checkpoint_is_refused_unless_it_is_said_to_be_one(tmp_path: Path, upstream_folder: Path) -> None:
    (real,) = (each for each in read_manifest() if each.name == "xtts")
    with pytest.raises(ModelCorrupt, match=r"10f92b55c512af7a8d39d650547a15a7.*--unpublished"):
        take(real, tmp_path, str(upstream_folder), unpublished=False, accepted=ACCEPTED)
    assert list(tmp_path.iterdir()) == []
    before = _files(upstream_folder)
    taken = take(real, tmp_path, str(upstream_folder), unpublished=True, accepted=ACCEPTED)
    assert set(taken.unpinned) == set(SOURCES)
    checkpoint = Checkpoint(taken.folder)
    assert not checkpoint.lock.published
    assert checkpoint.lock.version == ""
    assert _files(upstream_folder) == before


def test_a_folder_with_the_published_weights_is_as_good_as_a_download(
    tmp_path: Path, model: Model, upstream_folder: Path
) -> None:
    taken = take(model, tmp_path / "models", str(upstream_folder), unpublished=False, accepted=ACCEPTED)
    assert Checkpoint(taken.folder).lock.published


def test_a_folder_that_lacks_a_file_is_told_with_what_it_must_hold(tmp_path: Path, model: Model) -> None:
    with pytest.raises(MissingModel, match=r"config\.json.*speakers_xtts\.pth"):
        take(model, tmp_path / "models", str(tmp_path), unpublished=False, accepted=ACCEPTED)


def test_a_url_cannot_be_four_files(tmp_path: Path, model: Model) -> None:
    with pytest.raises(InvalidInput, match="give a folder"):
        take(model, tmp_path / "models", "https://models.example/xtts", unpublished=False, accepted=ACCEPTED)


# --- the command --------------------------------------------------------------------------------------------------------
def test_the_command_takes_an_own_checkpoint_in_and_never_asks(tmp_path: Path, upstream_folder: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run(
        "models", "pull", "xtts", "--from", str(upstream_folder), "--unpublished", "--accept-licence", "xtts"
    )
    assert done.code == 0, done.err
    place = tmp_path / "data" / "models" / FOLDER
    assert str(place / "model.safetensors") in done.out.decode().splitlines()
    assert "model.pth: nobody published a digest" in done.err
    assert "non-commercial" in done.err
    Checkpoint(place).verify()
    assert b"xtts/model.safetensors: ok" in shell.run("models", "verify").out


def test_the_licence_may_be_accepted_by_the_setting(tmp_path: Path, upstream_folder: Path) -> None:
    shell = Shell(tmp_path)
    shell.environment["VOICECORE_ACCEPT_LICENCES"] = "xtts"
    done = shell.run("models", "pull", "xtts", "--from", str(upstream_folder), "--unpublished", "--json")
    assert done.code == 0, done.err
    assert set(done.json["unpinned"]) == set(SOURCES)
    assert len(done.json["files"]) == 4


def test_without_the_packages_nothing_is_fetched_that_could_not_be_read(
    tmp_path: Path, model: Model, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = coqui.importlib.util.find_spec
    monkeypatch.setattr(coqui.importlib.util, "find_spec", lambda name: None if name == "TTS" else real(name))
    with pytest.raises(MissingDependency, match=r"coqui-tts: pip install 'voicecore\[xtts\]'"):
        take(model, tmp_path / "models", None, unpublished=False, accepted=ACCEPTED)
    assert publisher.asked == []


@pytest.mark.parametrize("below", ["", "converter"])
def test_openvoice_goes_the_same_way_and_needs_no_consent(tmp_path: Path, below: str) -> None:
    tiny_openvoice.write_published(tmp_path / "published" / below)
    shell = Shell(tmp_path)
    done = shell.run("models", "pull", "openvoice", "--from", str(tmp_path / "published"), "--json")
    assert done.code == 0, done.err
    assert set(done.json["unpinned"]) == {"config.json", "checkpoint.pth"}
    assert stored.check(tmp_path / "data" / "models" / stored.FOLDER).model_digest
    assert b"openvoice/checkpoint.safetensors: ok" in shell.run("models", "verify").out
