"""`voicecore convert` and `voicecore models pull openvoice` as their users meet them, with a tiny converter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adapters.audio import SandboxedCodec
from tests.cli.shell import Shell
from tests.instruments.tones import recording
from voicecore.audio import Audio
from voicecore.ports import AudioLimits
from voicecore.testing.contracts.voice_converter import buzz


@pytest.fixture
def shell(tmp_path: Path, models_dir: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment |= {"VOICECORE_MODELS_DIR": str(models_dir), "VOICECORE_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    buzz(1.5).write_wav(tmp_path / "in.wav")
    buzz(3.0, hz=220.0, seed=3).write_wav(tmp_path / "ana-1.wav")
    (tmp_path / "ana-2.wav").write_bytes(recording(3.0, hz=210.0, rate=44_100))
    return shell


def test_speech_is_converted_into_the_format_of_the_extension_and_reported(shell: Shell) -> None:
    to = ["--to", "ana-1.wav", "--to", "ana-2.wav"]
    done = shell.run("convert", "in.wav", "-o", "out.flac", *to, "--tau", "0.5", "--seed", "4", "--json")
    assert (done.code, done.err) == (0, "")
    with (shell.home / "out.flac").open("rb") as file:
        audio = SandboxedCodec().decode(file, AudioLimits())
    assert (audio.sample_rate_hz, len(audio.samples)) == (22_050, 33_075)
    assert audio.peak > 0.01
    report = done.json
    assert {name: report[name] for name in ("path", "format", "duration_s", "sample_rate_hz", "converter", "tau", "seed")} == {
        "path": "out.flac", "format": "flac", "duration_s": 1.5, "sample_rate_hz": 22_050, "converter": "openvoice",
        "tau": 0.5, "seed": 4,
    }  # fmt: skip
    assert report["bytes"] == (shell.home / "out.flac").stat().st_size
    assert report["notes"] == []


def test_the_sound_may_go_into_a_pipe_and_silence_is_told_beside_it(shell: Shell) -> None:
    Audio(np.zeros(22_050, np.float32), 22_050).write_wav(shell.home / "still.wav")
    done = shell.run("convert", "still.wav", "-o", "-", "--to", "ana-1.wav", "--to", "ana-2.wav")
    assert done.code == 0
    assert done.out.startswith(b"RIFF")
    assert "silent" in done.err


def test_a_pulled_converter_is_listed_and_verified_and_used(shell: Shell, published: Path) -> None:
    shell.environment["VOICECORE_MODELS_DIR"] = str(shell.home / "models")
    pulled = shell.run("models", "pull", "openvoice", "--from", str(published))
    assert pulled.code == 0, pulled.err
    verified = shell.run("models", "verify")
    assert "openvoice/checkpoint.safetensors: ok" in verified.out.decode()
    assert shell.run("convert", "in.wav", "-o", "out.wav", "--to", "ana-1.wav", "--to", "ana-2.wav").code == 0
    path = shell.home / "models" / "openvoice" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    damaged = shell.run("convert", "in.wav", "-o", "again.wav", "--to", "ana-1.wav", "--to", "ana-2.wav")
    assert damaged.code != 0
    assert "bytes, expected" in damaged.err
    assert not (shell.home / "again.wav").exists()
