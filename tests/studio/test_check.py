"""What CI checks of the studio before its browser tests does not fail by a registry that stutters."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def check_studio(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, as a module."""
    # It puts its folder before what is there.
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("check_studio", SCRIPTS / "check_studio.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class Registry:
    """Fails so many times before it answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked <= self.failures:
            raise subprocess.CalledProcessError(1, "npm")


def test_a_registry_that_stutters_is_asked_again_after_a_pause_and_the_output_says_so(check_studio, capsys):
    registry, paused = Registry(2), []
    check_studio.patiently(registry, "npm ci", paused.append)
    assert registry.asked == 3
    assert paused == list(check_studio.PAUSES_S[:2])
    assert capsys.readouterr().out.count("npm ci failed") == 2


def test_a_registry_that_never_answers_is_given_up(check_studio, capsys):
    registry, paused = Registry(1_000), []
    with pytest.raises(subprocess.CalledProcessError):
        check_studio.patiently(registry, "npm ci", paused.append)
    assert paused == list(check_studio.PAUSES_S)
    assert registry.asked == len(paused) + 1
    assert "again in 5 s" in capsys.readouterr().out


def test_one_that_answers_is_asked_once(check_studio, capsys):
    registry = Registry(0)
    check_studio.patiently(registry, "npm ci", pytest.fail)
    assert registry.asked == 1
    assert capsys.readouterr().out == ""
