"""rvc, say --rvc and convert -m, with the test converter: in this process and against a running service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cli.shell import Result, Shell
from tests.cli.test_service_commands import serving
from tests.instruments.tones import recording
from voicecore.audio import Audio
from voicecore.conversion import CONVERSION_PARAMETERS
from voicecore.testing.shifter import PLAN_VARIABLE, shifter_file

Command = Callable[..., Result]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "narrator.pth").write_bytes(shifter_file())
    (tmp_path / "narrator.index").write_bytes(b"12345")
    (tmp_path / "broken.pth").write_bytes(b"no model")
    (tmp_path / "in.wav").write_bytes(recording(2.0))
    (tmp_path / "scrap.wav").write_bytes(recording(0.3))
    return tmp_path


@pytest.fixture
def service(shell: Shell) -> Iterator[str]:
    with serving(shell) as url:
        yield url


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Tells the test converter what shall go wrong."""
    return lambda **plan: monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan))


def wav(path: Path) -> Audio:
    return Audio.from_wav_bytes(path.read_bytes())


def story(command: Command, folder: Path, *where: str) -> None:
    """The life of a model, told by commands."""
    added = command(
        "rvc", "add", "Narrator", "--pth", "narrator.pth", "--index", "narrator.index", "--description", "Deep", "--json",
        *where,
    )  # fmt: skip
    assert (added.code, added.err) == (0, "")
    model = added.json
    assert (model["name"], model["description"], model["index_vectors"]) == ("Narrator", "Deep", 5)
    assert (folder / "narrator.pth").exists()
    assert command("rvc", "list", "--json", *where).json["models"] == [model]
    assert model["id"].encode() in command("rvc", "list", *where).out
    assert command("rvc", "show", "NARRATOR", "--json", *where).json == model
    taken = command("rvc", "add", "narrator", "--pth", "narrator.pth", *where)
    assert (taken.code, taken.err.count("\n")) == (1, 1)

    said = command("say", "Olá", "--rvc", "narrator", "--rvc-pitch", "0", "-o", "said.wav", "--json", *where)
    assert (said.code, said.err) == (0, "")
    assert (said.json["rvc_applied"], said.json["rvc_fallback_reason"], said.json["sample_rate_hz"]) == (
        True,
        None,
        32_000,
    )
    assert (said.json["rvc"]["model_id"], said.json["rvc"]["index_used"]) == (model["id"], True)
    command("say", "Olá", "--rvc", model["id"], "--rvc-pitch", "7", "-o", "higher.wav", *where)
    assert not np.array_equal(wav(folder / "said.wav").samples, wav(folder / "higher.wav").samples)

    made = command("convert", "in.wav", "-m", "Narrator", "-o", "out.wav", "--rvc-index-rate", "0", "--json", *where)
    assert (made.code, made.err) == (0, "")
    report = made.json
    assert (report["converter"], report["model"], report["model_digest"]) == ("rvc", model["id"], model["sha256"])
    assert (report["rvc_index_rate"], report["rvc_pitch"], report["rvc_f0_method"]) == (0, 0, "rmvpe")
    assert (report["index_used"], report["index_reason"]) == (False, "rvc_index_rate is 0.")
    assert wav(folder / "out.wav").sample_rate_hz == report["sample_rate_hz"] == 32_000
    assert wav(folder / "out.wav").duration_s == pytest.approx(2.0) == pytest.approx(report["duration_s"])

    removed = command("rvc", "remove", "narrator", *where)
    assert (removed.code, removed.err) == (0, "")
    assert command("rvc", "list", "--json", *where).json["models"] == []
    for gone in (["rvc", "show", "narrator"], ["say", "Olá", "--rvc", "narrator", "-o", "gone.wav"],
                 ["convert", "in.wav", "-m", "narrator", "-o", "gone.wav"]):  # fmt: skip
        done = command(*gone, *where)
        assert (done.code, done.err.count("\n")) == (4, 1)
    assert not (folder / "gone.wav").exists()


def test_a_model_lives_in_this_process(command: Command, files: Path) -> None:
    story(command, files)


def test_a_model_lives_in_a_running_service(command: Command, service: str, files: Path) -> None:
    story(command, files, "--url", service)


def test_adding_prints_the_id_and_says_the_rest_on_stderr(command: Command, files: Path) -> None:
    added = command("rvc", "add", "Narrator", "--pth", "narrator.pth")
    assert added.code == 0
    assert added.out.decode().strip().startswith("rvc_")
    assert "note: It has no index." in added.err
    assert added.out.decode().strip() in added.err
    assert files.joinpath("narrator.pth").exists()


def test_a_file_that_is_no_model_is_refused_with_the_reason(command: Command, files: Path) -> None:
    refused = command("rvc", "add", "Broken", "--pth", "broken.pth")
    assert (refused.code, refused.out) == (2, b"")
    assert refused.err.startswith("voicecore: This is not a model")
    assert refused.err.count("\n") == 1
    here = command("convert", "in.wav", "-m", "broken.pth", "-o", "out.wav")
    assert (here.code, here.err.count("\n")) == (2, 1)
    assert "not a model" in here.err
    assert not (files / "out.wav").exists()


def test_a_model_is_used_from_its_files_and_nothing_is_kept(command: Command, files: Path) -> None:
    done = command(
        "convert", "in.wav", "-m", "narrator.pth", "--index", "narrator.index", "-o", "out.flac", "--rvc-pitch", "3",
        "--rvc-f0-method", "swift", "--seed", "4", "--json",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    report = done.json
    assert (report["model"], report["rvc_pitch"], report["rvc_f0_method"], report["seed"]) == (
        "narrator.pth",
        3,
        "swift",
        4,
    )
    assert (report["index_used"], report["index_reason"], report["sample_rate_hz"]) == (True, None, 32_000)
    assert report["duration_s"] == pytest.approx(2.0)
    assert (files / "out.flac").read_bytes().startswith(b"fLaC")
    assert not (files / "data").exists()


def test_from_files_and_from_the_catalogue_it_sounds_the_same(command: Command, files: Path) -> None:
    command("rvc", "add", "Narrator", "--pth", "narrator.pth")
    command("convert", "in.wav", "-m", "narrator", "-o", "name.wav", "--seed", "9")
    command("convert", "in.wav", "-m", "narrator.pth", "-o", "file.wav", "--seed", "9")
    by_name, by_file = wav(files / "name.wav").samples, wav(files / "file.wav").samples
    assert by_name == pytest.approx(by_file, abs=2 / 32_768)  # a job keeps its recording as 16-bit WAV


def test_an_index_that_was_not_used_is_told_on_stderr(command: Command, files: Path) -> None:
    done = command("convert", "in.wav", "-m", "narrator.pth", "-o", "out.wav")
    assert done.code == 0
    assert "The index was not used: The model has no index." in done.err


def test_a_voice_that_was_not_converted_is_told_on_stderr(
    command: Command, files: Path, planned: Callable[..., None]
) -> None:
    command("rvc", "add", "Narrator", "--pth", "narrator.pth")
    planned(trouble="fail")
    done = command("say", "Olá", "--rvc", "narrator", "-o", "plain.wav", "--json")
    assert done.code == 0
    assert done.json["rvc_applied"] is False
    assert "told to fail" in done.json["rvc_fallback_reason"]
    assert done.err.startswith("voicecore: this is the plain voice, it was not converted: ")
    assert "told to fail" in done.err
    assert wav(files / "plain.wav").sample_rate_hz == 16_000
    required = command("say", "Olá", "--rvc", "narrator", "--rvc-required", "-o", "never.wav")
    assert required.code == 1
    assert "told to fail" in required.err
    assert not (files / "never.wav").exists()
    for model in ("narrator", "narrator.pth"):
        failed = command("convert", "in.wav", "-m", model, "-o", "never.wav")
        assert failed.code == 1
        assert "told to fail" in failed.err
    assert not (files / "never.wav").exists()


def test_a_pitch_tracker_that_is_off_is_replaced_and_told_or_refused_if_it_was_named(
    command: Command, files: Path, planned: Callable[..., None]
) -> None:
    planned(methods_off=["rmvpe"])
    listed = command("rvc", "list")
    assert "rmvpe is off: " in listed.err
    assert "voicecore models pull" in listed.err
    command("rvc", "add", "Narrator", "--pth", "narrator.pth", "--index", "narrator.index")
    for model in ("narrator", "narrator.pth"):
        done = command("convert", "in.wav", "-m", model, "-o", "out.wav")
        assert done.code == 0
        assert "fcpe in place of rmvpe" in done.err
        named = command("convert", "in.wav", "-m", model, "-o", "named.wav", "--rvc-f0-method", "rmvpe")
        assert (named.code, named.err.count("\n")) == (2, 1)
        assert "voicecore models pull" in named.err
    said = command("say", "Olá", "--rvc", "narrator", "-o", "said.wav")
    assert said.code == 0
    assert "fcpe in place of rmvpe" in said.err
    assert not (files / "named.wav").exists()


def test_where_the_converter_cannot_open_it_says_how_to_mend_it(
    command: Command, files: Path, planned: Callable[..., None]
) -> None:
    planned(problem="The weights of the encoder are missing: voicecore models pull contentvec.")
    listed = command("rvc", "list")
    assert "voicecore models pull contentvec" in listed.err
    done = command("convert", "in.wav", "-m", "narrator.pth", "-o", "out.wav")
    assert (done.code, done.err.count("\n")) == (3, 1)
    assert "voicecore models pull contentvec" in done.err
    assert not (files / "out.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["convert", "in.wav", "-o", "out.wav"], "either -m MODEL or --to RECORDING"),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--to", "in.wav"], "either -m MODEL or --to"),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--tau", "0.3"], "--tau is for --to"),
        (["convert", "in.wav", "-o", "out.wav", "--to", "in.wav", "--rvc-pitch", "0"], "--rvc-pitch is for -m"),
        (
            ["convert", "in.wav", "-o", "out.wav", "-m", "narrator", "--index", "narrator.index"],
            "--index is for a .pth",
        ),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--rvc-pitch", "13"], "-12 to 12"),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--rvc-pitch", "nan"], "-12 to 12"),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--rvc-filter-radius", "1.5"], "1.5"),
        (["convert", "in.wav", "-o", "out.wav", "-m", "narrator.pth", "--rvc-f0-method", "guess"], "harvest"),
        (["convert", "scrap.wav", "-o", "out.wav", "-m", "narrator.pth"], "0.30 s"),
        (["convert", "in.wav", "-o", "out.pcm", "-m", "narrator"], "pcm"),
        (["say", "Olá", "-o", "out.wav", "--rvc-pitch", "3"], "--rvc-pitch needs --rvc MODEL"),
        (["say", "Olá", "-o", "out.wav", "--rvc-required"], "--rvc-required needs --rvc MODEL"),
        (["rvc", "add", "Narrator"], "--pth"),
        (["rvc", "add", "Narrator", "--pth", "missing.pth"], "missing.pth"),
        (["rvc", "add", " ", "--pth", "narrator.pth"], "name"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(command: Command, files: Path, arguments: list[str], told: str) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert told in done.err
    assert done.err.startswith("voicecore: ")
    assert done.err.count("\n") == 1
    assert not list(files.glob("out.*"))


@pytest.mark.parametrize("name", CONVERSION_PARAMETERS)
def test_every_knob_out_of_range_or_no_number_ends_with_2_and_one_line(
    command: Command, files: Path, name: str
) -> None:
    parameter = CONVERSION_PARAMETERS[name]
    for value in (parameter.minimum - 1, parameter.maximum + 1, "nan", "inf"):
        option = f"--{name.replace('_', '-')}={value}"
        for how in (["convert", "in.wav", "-m", "narrator.pth"], ["say", "Olá", "--rvc", "narrator"]):
            done = command(*how, "-o", "out.wav", option)
            assert (done.code, done.err.count("\n")) == (2, 1), done.err
            assert done.err.startswith("voicecore: ")
    assert not list(files.glob("out.*"))


def test_a_model_file_that_is_not_there_is_not_found(command: Command, files: Path) -> None:
    done = command("convert", "in.wav", "-o", "out.wav", "-m", "missing.pth")
    assert (done.code, done.err.count("\n")) == (4, 1)
    assert "missing.pth" in done.err
    assert not (files / "out.wav").exists()


def test_stdout_carries_the_sound_and_stderr_the_report(command: Command, files: Path) -> None:
    done = command("convert", "in.wav", "-m", "narrator.pth", "-o", "-", "--json")
    assert done.out.startswith(b"RIFF")
    assert json.loads(done.err)["path"] == "-"
    assert files.exists()
