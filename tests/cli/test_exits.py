"""Every documented exit code, and one line on stderr for each failure."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoints.cli.exits import Exit, exit_code, exit_code_of
from tests.cli.shell import Result, Shell
from voicecore import errors

Command = Callable[..., Result]


def one_line(text: str) -> bool:
    return text.startswith("voicecore: ") and text.count("\n") == 1 and text.endswith("\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["say", "Olá", "-o", "ola.doc"], "known format"),
        (["say", "", "-o", "ola.wav"], "empty"),
        (["say", "   ", "-o", "ola.wav"], "empty"),
        (["say", "a\x07b", "-o", "ola.wav"], "U+0007"),
        (["say", "Olá", "-o", "ola.wav", "-l", "klingon!"], "language tag"),
        (["say", "Olá", "-o", "ola.wav", "-l", "sw"], "pt-BR"),
        (["say", "Olá", "-o", "ola.wav", "--speed", "9"], "speed"),
        (["say", "Olá", "-o", "ola.wav", "--speed", "nan"], "speed"),
        (["say", "Olá", "-o", "ola.wav", "--seed", "-1"], "seed"),
        (["say", "Olá", "-o", "ola.wav", "--threads", "99999"], "256"),
        (["say", "Olá", "-o", "ola.wav", "--format", "aiff"], "aiff"),
        (["say", "Olá", "-o", "no/such/folder/ola.wav"], "no folder"),
        (["say", "Olá", "-o", ".", "--format", "wav"], "folder"),
        (["say", "Olá", "-o", "x" * 300 + ".wav"], "too long"),
        (["shout", "Olá"], "shout"),
        (["say", "Olá", "--volume", "11"], "--volume"),
        (["clone", "Ana"], "FILES"),
        (["clone", "Ana", "nothing.wav"], "nothing.wav"),
        (["models", "pull", "kokoro", "--from", "http://example.com/model.onnx"], "https"),
        (["models", "pull", "kokoro-voices"], "comes with voicecore"),
        (["voices", "list", "--url", "ftp://example.com"], "ftp"),
    ],
)  # fmt: skip
def test_wrong_usage_and_bad_input_end_with_2(
    command: Command, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert one_line(done.err), done.err
    assert told in done.err
    assert not list(tmp_path.iterdir())


def test_a_text_that_is_not_utf8_ends_with_2(shell: Shell) -> None:
    done = shell.run("say", "-o", "ola.wav", stdin=b"ol\xe1")
    assert done.code == 2
    assert "UTF-8" in done.err
    assert one_line(done.err)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["say", "Olá", "-o", "ola.wav", "-v", "nobody"], "female_generic"),
        (["say", "Olá", "-o", "ola.wav", "-v", "../../etc/passwd"], "female_generic"),
        (["say", "Olá", "-o", "ola.wav", "--profile", "nothing"], "nothing"),
        (["say", "Olá", "-o", "ola.wav", "--engine", "nothing"], "tone"),
        (["models", "pull", "nothing"], "kokoro"),
    ],
)
def test_what_is_not_there_ends_with_4(command: Command, arguments: list[str], told: str) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (4, b"")
    assert one_line(done.err)
    assert told in done.err


def test_a_service_that_is_not_there_ends_with_5(command: Command) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        for asked in (["jobs", "list"], ["voices", "list"], ["say", "Olá", "-o", "ola.wav"]):
            done = command(*asked, "--url", url)
            assert done.code == 5
            assert one_line(done.err)
            assert url in done.err
            assert "voicecore serve" in done.err


def test_an_unknown_setting_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECORE_ENGIEN", "tone")
    done = command("say", "Olá", "-o", "ola.wav")
    assert done.code == 2
    assert one_line(done.err)
    assert "VOICECORE_ENGINE" in done.err


def test_debug_shows_the_traceback(shell: Shell) -> None:
    done = shell.run("--debug", "say", "Olá", "-o", "ola.wav", "-v", "nobody")
    assert done.code == 1
    assert "Traceback" in done.err
    assert "NotFound" in done.err


def test_help_and_version_end_with_0(command: Command) -> None:
    assert command("--help").code == 0
    assert command("--version").out.startswith(b"voicecore 0.")
    for name in ("say", "serve", "clone", "voices", "jobs", "models", "doctor"):
        shown = command(name, "--help")
        assert shown.code == 0
        assert name.encode() in shown.out


@pytest.mark.parametrize("extra_missing", ["click", "rich", "httpx"])
def test_without_the_extra_the_command_names_it_and_ends_with_3(tmp_path: Path, extra_missing: str) -> None:
    # A finder that refuses the package stands for an environment without it.
    program = f"""
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == {extra_missing!r} else find(name, *more)
from entrypoints.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == f"voicecore: the command line needs {extra_missing}: pip install 'voicecore[cli]'\n"


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["say", "Olá", "-o", "ola.wav"]])
def test_speaking_does_not_load_the_service(shell: Shell, command: list[str]) -> None:
    program = f"""
import sys
from entrypoints.cli.app import run
code = run({command!r})
services = {{"litestar", "msgspec", "uvicorn", "httpx", "dependency_injector", "rich", "soundfile", "av"}}
heavy = sorted(services & set(sys.modules))
sys.exit(f"loaded: {{heavy}}" if heavy else code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shell.home,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidText(), 2), (errors.TooLarge(), 2), (errors.UnsupportedAudioFormat(), 2), (errors.MissingModel(), 3),
        (errors.MissingDependency(), 3), (errors.ModelCorrupt(), 3), (errors.NotFound(), 4), (errors.Gone(), 4),
        (errors.EngineCrashed(), 1), (errors.DiskFull(), 1), (errors.NameTaken(), 1), (errors.QueueFull(), 1),
    ],
)  # fmt: skip
def test_an_error_ends_alike_here_and_at_a_service(error: errors.VoiceCoreError, code: int) -> None:
    assert exit_code(error) == code
    assert exit_code_of(error.code, 500) == code


def test_an_answer_without_a_known_code_ends_by_its_status() -> None:
    assert exit_code_of("something_new", 400) is Exit.USAGE
    assert exit_code_of("something_new", 404) is Exit.NOT_FOUND
    assert exit_code_of("something_new", 501) is Exit.NOT_INSTALLED
    assert exit_code_of("something_new", 503) is Exit.FAILED


@pytest.mark.parametrize("asked", [["serve"], ["voices", "list"], ["say", "Olá", "-v", "Ana", "-o", "ola.wav"]])
def test_commands_of_the_service_name_its_extra_where_it_is_missing(shell: Shell, asked: list[str]) -> None:
    (shell.home / "data").mkdir()  # where a voice called Ana might be
    program = f"""
import sys
sys.modules["litestar"] = sys.modules["dependency_injector"] = None  # as if they were not installed
from entrypoints.cli.app import run
sys.exit(run({asked!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shell.home,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert one_line(done.stderr)
    assert "pip install 'voicecore[service]'" in done.stderr
    assert not (shell.home / "ola.wav").exists()
