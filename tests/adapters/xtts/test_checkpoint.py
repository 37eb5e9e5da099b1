"""The stored form: what is wrong with it is told before anything speaks, with the way to mend it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from adapters.engines.xtts.checkpoint import FILES, FOLDER, Checkpoint, Lock
from adapters.engines.xtts.intake import SOURCES, intake
from adapters.engines.xtts.upstream import load
from voicecore.errors import Conflict, InvalidInput, MissingModel, ModelCorrupt, StorageUnavailable


@pytest.fixture
def stored(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint, to be damaged."""
    return Path(shutil.copytree(tiny_folder / FOLDER, tmp_path / "models" / FOLDER))


@pytest.fixture
def sources(upstream_folder: Path, tmp_path: Path) -> Path:
    """A copy of upstream's four files, to be damaged."""
    return Path(shutil.copytree(upstream_folder, tmp_path / "sources"))


def _relock(folder: Path) -> None:
    """Make the lock say what the files are."""
    lock = json.loads((folder / "lock.json").read_text())
    for name in FILES:
        data = (folder / name).read_bytes()
        lock["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "lock.json").write_text(json.dumps(lock))


# --- looking at it ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_way_to_get_it(stored: Path, name: str) -> None:
    (stored / name).unlink()
    with pytest.raises(MissingModel, match=rf"{name} is missing: .*voicecore models pull xtts"):
        Checkpoint(stored)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_found_without_reading_it(stored: Path, name: str) -> None:
    size = (stored / name).stat().st_size
    (stored / name).write_bytes((stored / name).read_bytes()[:-1])
    with pytest.raises(ModelCorrupt, match=rf"{name} has {size - 1} bytes, expected {size}"):
        Checkpoint(stored)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_found_before_the_file_is_loaded(stored: Path, name: str) -> None:
    data = bytearray((stored / name).read_bytes())
    data[len(data) // 2] ^= 1
    (stored / name).write_bytes(data)
    checkpoint = Checkpoint(stored)
    with pytest.raises(ModelCorrupt, match=rf"{name} has sha256 .*expected {checkpoint.lock.files[name].sha256}"):
        checkpoint.verify()


def test_files_as_upstream_has_them_are_not_loaded_but_how_to_take_them_in_is_told(upstream_folder: Path) -> None:
    with pytest.raises(MissingModel, match=r"no lock\.json.*--from FOLDER"):
        Checkpoint(upstream_folder)


def test_an_absent_folder_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="voicecore models pull xtts"):
        Checkpoint(tmp_path / FOLDER)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"format": 99}', '{"format": 1, "version": "x"}'])
def test_a_lock_that_is_none_is_refused(stored: Path, text: str) -> None:
    (stored / "lock.json").write_text(text)
    with pytest.raises(ModelCorrupt, match=r"lock\.json"):
        Checkpoint(stored)


def test_the_digest_names_the_bytes_and_not_the_time_they_came(
    upstream_folder: Path, tmp_path: Path, stored: Path
) -> None:
    again = intake(upstream_folder, tmp_path / "again", version="another name")
    assert again.digest == Checkpoint(stored).digest
    (stored / "vocab.json").write_bytes((stored / "vocab.json").read_bytes() + b"\n")
    _relock(stored)
    assert Checkpoint(stored).digest != again.digest


def test_a_lock_reads_back_as_it_was_written(stored: Path, tmp_path: Path) -> None:
    lock: Lock = Checkpoint(stored).lock
    (stored / "lock.json").write_text(lock.to_json())
    assert Checkpoint(stored).lock == lock


# --- loading it -------------------------------------------------------------------------------------------------------
def test_a_config_of_another_architecture_is_refused_by_its_name(stored: Path) -> None:
    config = json.loads((stored / "config.json").read_text())
    (stored / "config.json").write_text(json.dumps(config | {"model": "vits"}))
    _relock(stored)
    with pytest.raises(ModelCorrupt, match=r"architecture 'vits', expected 'xtts'"):
        _ = Checkpoint(stored).config


@pytest.mark.parametrize("text", ["model: xtts", "[" * 100_000])
def test_a_config_that_is_no_json_is_refused(stored: Path, text: str) -> None:
    (stored / "config.json").write_text(text)
    _relock(stored)
    with pytest.raises(ModelCorrupt, match=r"config\.json is not a JSON file"):
        _ = Checkpoint(stored).config


def test_weights_of_another_size_than_the_config_says_are_named(stored: Path) -> None:
    config = json.loads((stored / "config.json").read_text())
    config["model_args"]["gpt_n_model_channels"] = config["model_args"]["decoder_input_dim"] = 128
    (stored / "config.json").write_text(json.dumps(config))
    _relock(stored)
    with pytest.raises(ModelCorrupt, match=r"does not fit its config\.json: size mismatch for \S+: .*64"):
        load(Checkpoint(stored))


def test_a_missing_tensor_is_named(stored: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(stored / "model.safetensors")
    del state["gpt.final_norm.weight"]
    save_file(state, stored / "model.safetensors")
    _relock(stored)
    with pytest.raises(ModelCorrupt, match=r'Missing key.*"gpt\.final_norm\.weight"'):
        load(Checkpoint(stored))


def test_weights_that_are_no_safetensors_are_refused(stored: Path) -> None:
    (stored / "model.safetensors").write_bytes(b"\x80\x04 not tensors")
    _relock(stored)
    with pytest.raises(ModelCorrupt, match="not a safetensors file"):
        load(Checkpoint(stored))


def test_nothing_is_unpickled_when_a_stored_checkpoint_is_loaded(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    for owner, name in ((pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (torch, "load")):
        monkeypatch.setattr(owner, name, refuse)
    assert load(Checkpoint(tiny_folder / FOLDER)).speakers


# --- taking it in -----------------------------------------------------------------------------------------------------
class _Hostile:
    """What a pickle could do when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("open('harm', 'w').close()",))


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
def test_code_in_a_checkpoint_does_not_run(
    sources: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": _Hostile()}, sources / name)
    with pytest.raises(ModelCorrupt, match=rf"{name} is not a file of plain tensors"):
        intake(sources, tmp_path / "models" / FOLDER)
    assert not (tmp_path / "harm").exists()
    assert list((tmp_path / "models").iterdir()) == []


def test_the_settings_objects_that_the_released_checkpoint_mentions_do_no_harm(sources: Path, tmp_path: Path) -> None:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    state = torch.load(sources / "model.pth", weights_only=True)["model"]
    torch.save({"config": XttsConfig(model_args=XttsArgs()), "model": state}, sources / "model.pth")
    plain = intake(sources, tmp_path / "with" / FOLDER)
    assert plain.files["model.safetensors"].sha256 == _weights_digest(sources, tmp_path, state)


def test_a_checkpoint_of_upstreams_trainer_is_stored_as_the_plain_one(sources: Path, tmp_path: Path) -> None:
    state = torch.load(sources / "model.pth", weights_only=True)["model"]
    plain = _weights_digest(sources, tmp_path, state)
    trained = {f"xtts.{name}": tensor for name, tensor in state.items()}
    trained |= {"dvae.codebook": torch.zeros(3), "torch_mel_spectrogram_dvae.window": torch.zeros(3)}
    trained |= {"xtts.gpt.gpt_inference.x": torch.zeros(3), "xtts.gpt.gpt.wte.weight": torch.zeros(3)}
    assert _weights_digest(sources, tmp_path, trained) == plain


def _weights_digest(sources: Path, tmp_path: Path, state: dict[str, torch.Tensor]) -> str:
    torch.save({"model": state}, sources / "model.pth")
    return intake(sources, tmp_path / "digest" / FOLDER).files["model.safetensors"].sha256


def test_a_pth_without_a_model_in_it_is_refused(sources: Path, tmp_path: Path) -> None:
    torch.save({"state": {}}, sources / "model.pth")
    with pytest.raises(ModelCorrupt, match="no dictionary 'model'"):
        intake(sources, tmp_path / FOLDER)


def test_a_number_among_the_weights_is_refused(sources: Path, tmp_path: Path) -> None:
    torch.save({"model": {"gpt.mel_head.bias": 3}}, sources / "model.pth")
    with pytest.raises(ModelCorrupt, match="something else than tensors"):
        intake(sources, tmp_path / FOLDER)


def test_two_weights_in_the_same_memory_are_stored_twice(sources: Path, tmp_path: Path) -> None:
    state = torch.load(sources / "model.pth", weights_only=True)["model"]
    norm = next(name for name in state if name.endswith("ln_1.weight"))
    plain = _weights_digest(sources, tmp_path, state | {"gpt.final_norm.weight": state[norm].clone()})
    assert _weights_digest(sources, tmp_path, state | {"gpt.final_norm.weight": state[norm]}) == plain


def test_files_that_lie_where_the_model_is_going_to_be_are_not_lost(sources: Path) -> None:
    with pytest.raises(InvalidInput, match="move the files"):
        intake(sources, sources)
    with pytest.raises(InvalidInput, match="move the files"):
        intake(sources, sources.parent)
    assert {path.name for path in sources.iterdir()} >= set(SOURCES)


def test_a_disk_that_takes_no_more_is_told_and_nothing_half_is_left(sources: Path, tmp_path: Path) -> None:
    # In a process of its own, whose files may not grow beyond a few kilobytes: a full disk would say the same.
    (tmp_path / "models").mkdir()
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from adapters.engines.xtts.intake import intake\n"
        "from voicecore.errors import StorageUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "limit = (Path(sys.argv[1]) / 'vocab.json').stat().st_size + 4096\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try: intake(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except StorageUnavailable as error: print(error.message)\n"
    )
    # -B: a module that it compiles would be cut off at the limit, too, and kept so for everybody (gh-126606 of CPython).
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, sources, tmp_path / "models" / FOLDER],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "model.safetensors cannot be written" in done.stdout
    assert list((tmp_path / "models").iterdir()) == []


def test_everybody_may_read_what_was_stored(sources: Path, tmp_path: Path) -> None:
    intake(sources, tmp_path / FOLDER)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / FOLDER).iterdir()} == {0o644}


@pytest.mark.parametrize("voices", [[1], {"A": {}}, {"A": {"gpt_cond_latent": 1, "speaker_embedding": 2}}])
def test_speakers_in_another_shape_are_refused(sources: Path, tmp_path: Path, voices: object) -> None:
    torch.save(voices, sources / "speakers_xtts.pth")
    with pytest.raises(ModelCorrupt, match="studio speakers"):
        intake(sources, tmp_path / FOLDER)


@pytest.mark.parametrize("name", SOURCES)
def test_a_folder_that_lacks_one_of_the_four_files_is_told_which(sources: Path, tmp_path: Path, name: str) -> None:
    (sources / name).unlink()
    with pytest.raises(MissingModel, match=name):
        intake(sources, tmp_path / FOLDER)


def test_a_failed_intake_leaves_the_former_model_as_it_was(sources: Path, stored: Path) -> None:
    before = Checkpoint(stored).digest
    torch.save({"state": {}}, sources / "model.pth")
    with pytest.raises(ModelCorrupt):
        intake(sources, stored)
    assert Checkpoint(stored).digest == before
    assert [path.name for path in stored.parent.iterdir()] == [FOLDER]


def test_a_new_model_takes_the_place_of_the_former_with_all_that_belonged_to_it(sources: Path, stored: Path) -> None:
    (stored / "selftest.json").write_text("{}")
    intake(sources, stored, version="newer")
    assert Checkpoint(stored).lock.version == "newer"
    assert not (stored / "selftest.json").exists()
    assert [path.name for path in stored.parent.iterdir()] == [FOLDER]


def test_a_place_that_cannot_be_written_is_told(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"a file where a folder should be")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        intake(sources, tmp_path / "models" / FOLDER)


def test_what_a_killed_intake_left_is_cleared_by_the_next(sources: Path, tmp_path: Path) -> None:
    for name in (f".{FOLDER}.new", f".{FOLDER}.old"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "model.safetensors").write_bytes(b"half")
    intake(sources, tmp_path / "models" / FOLDER)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [FOLDER]
    Checkpoint(tmp_path / "models" / FOLDER).verify()


def test_two_intakes_at_once_do_not_mix_their_files(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    other = os.open(tmp_path / "models", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Conflict, match="Another process"):
        intake(sources, tmp_path / "models" / FOLDER)
    os.close(other)
    intake(sources, tmp_path / "models" / FOLDER)


def test_weights_by_the_names_that_older_versions_of_torch_gave_them_are_the_same(
    sources: Path, tmp_path: Path
) -> None:
    plain = load(_taken(sources, tmp_path / "plain"))
    state = torch.load(sources / "model.pth", weights_only=True)["model"]
    older = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in state.items()
    }
    assert set(older) != set(state)
    torch.save({"model": older}, sources / "model.pth")
    loaded = load(_taken(sources, tmp_path / "older"))
    for name, tensor in plain.model.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name]), name


def _taken(sources: Path, models_dir: Path) -> Checkpoint:
    intake(sources, models_dir / FOLDER)
    return Checkpoint(models_dir / FOLDER)
