"""`voicecore convert` without weights: what it checks first, and what it says. With a converter: tests/adapters/openvoice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.shell import Result
from tests.instruments.tones import recording

Command = Callable[..., Result]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "in.wav").write_bytes(recording(2.0))
    (tmp_path / "ana.wav").write_bytes(recording(6.0, hz=220.0))
    (tmp_path / "scrap.wav").write_bytes(recording(0.3))
    (tmp_path / "noise.wav").write_bytes(b"no sound at all")
    return tmp_path


def test_without_weights_it_names_the_command_that_fetches_them(command: Command, files: Path) -> None:
    done = command("convert", "in.wav", "-o", "out.wav", "--to", "ana.wav")
    assert (done.code, done.out) == (3, b"")
    assert "voicecore models pull openvoice" in done.err
    assert done.err.count("\n") == 1
    assert not (files / "out.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["in.wav", "-o", "out.wav"], "--to"),
        (["in.wav", "--to", "ana.wav"], "--output"),
        (["missing.wav", "-o", "out.wav", "--to", "ana.wav"], "missing.wav"),
        (["in.wav", "-o", "out.wav", "--to", "missing.wav"], "missing.wav"),
        (["in.wav", "-o", "out.doc", "--to", "ana.wav"], "known format"),
        (["in.wav", "-o", "no/folder/out.wav", "--to", "ana.wav"], "no folder"),
        (["in.wav", "-o", "out.wav", "--to", "ana.wav", "--tau", "1.1"], "tau"),
        (["in.wav", "-o", "out.wav", "--to", "ana.wav", "--seed", "-1"], "seed"),
        (["in.wav", "-o", "out.wav", "--to", "ana.wav", "--converter", "other"], "openvoice"),
        (["noise.wav", "-o", "out.wav", "--to", "ana.wav"], "noise.wav"),
        (["in.wav", "-o", "out.wav", "--to", "noise.wav"], "noise.wav"),
        (["scrap.wav", "-o", "out.wav", "--to", "ana.wav"], "0.30 s"),
        (["in.wav", "-o", "out.wav", "--to", "scrap.wav", "--to", "in.wav"], "2.3 s"),
    ],
)
def test_wrong_input_ends_with_2_and_one_line(command: Command, files: Path, arguments: list[str], told: str) -> None:
    done = command("convert", *arguments)
    assert done.code == 2
    assert told in done.err
    assert done.err.startswith("voicecore: ")
    assert done.err.count("\n") == 1
    assert not (files / "out.wav").exists()
