"""The way of a model from a stranger's `.pth` to converted speech, by the commands, with the real converter on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.shell import Result, Shell
from tests.instruments import tiny_contentvec, tiny_rvc
from tests.instruments.tones import recording
from voicecore.audio import Audio


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands as processes, with the engine that ships and a content encoder of random weights."""
    tiny_contentvec.write(tmp_path / "data" / "models")
    made = Shell(tmp_path)
    made.environment |= {"VOICECORE_ENGINE": "kokoro", "OMP_NUM_THREADS": "1"}
    return made


def ran(shell: Shell, *arguments: str) -> Result:
    done = shell.run(*arguments)
    assert done.code == 0, done.err
    return done


def wav(path: Path) -> Audio:
    return Audio.from_wav_bytes(path.read_bytes())


def test_a_model_is_added_and_converts_by_its_name_as_it_does_from_its_files(shell: Shell) -> None:
    home = shell.home
    weights, index = tiny_rvc.make_voice(home / "files"), tiny_rvc.make_index(home / "files")
    (home / "in.wav").write_bytes(recording(2.0))

    added = ran(shell, "rvc", "add", "Narrator", "--pth", str(weights), "--index", str(index), "--json").json
    assert (added["version"], added["f0"], added["sample_rate_hz"], added["index_vectors"]) == (
        "v2",
        True,
        40_000,
        2_000,
    )
    kept = sorted(path.suffix for path in (home / "data" / "blobs").rglob("*.*") if added["id"] in str(path))
    assert kept == [".safetensors", ".safetensors"]
    (home / "text.pth").write_text("not a model")
    refused = shell.run("rvc", "add", "Text", "--pth", "text.pth")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, b"", 1)
    assert "no file that torch has saved" in refused.err
    listed = ran(shell, "rvc", "list", "--json").json
    assert [each["id"] for each in listed["models"]] == [added["id"]]
    methods = {each["id"]: each["available"] for each in listed["f0_methods"]}
    assert (methods["rmvpe"], methods["harvest"], methods["fcpe"]) == (False, True, True)

    knobs = ("--rvc-f0-method", "dio", "--rvc-pitch", "0", "--seed", "3", "--json")
    named = ran(shell, "convert", "in.wav", "-m", "narrator", "-o", "name.wav", *knobs).json
    once = ran(
        shell,
        "convert",
        "in.wav",
        "-m",
        str(weights),
        "--index",
        str(index),
        "-o",
        "file.wav",
        "--threads",
        "1",
        *knobs,
    ).json
    for report in (named, once):
        assert (report["rvc_f0_method"], report["index_used"], report["index_reason"]) == ("dio", True, None)
        assert (report["sample_rate_hz"], report["duration_s"]) == (40_000, pytest.approx(2.0))
        assert report["model_digest"] == added["sha256"]
    by_name, by_file = wav(home / "name.wav"), wav(home / "file.wav")
    assert by_name.peak > 0.001
    # A job keeps its recording and its result as 16-bit WAV.
    assert np.abs(by_name.samples - by_file.samples).max() < 1e-3
