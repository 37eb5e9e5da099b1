"""What an installation without any extra does: the core works, everything else says what to install."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import voicecore
from voicecore.errors import MissingDependency


def test_no_extra_is_installed_here():
    """Otherwise the tests below would show nothing."""
    for module in ("onnxruntime", "litestar", "click", "soundfile"):
        assert importlib.util.find_spec(module) is None


def test_the_tone_engine_speaks():
    with voicecore.open("tone") as studio:
        assert studio.say("Olá").duration_s > 0


def test_kokoro_says_which_extra_it_needs():
    with pytest.raises(MissingDependency, match=r"pip install 'voicecore\[kokoro\]'"):
        voicecore.open("kokoro")


def test_the_command_says_which_extra_it_needs_in_one_line_and_without_a_traceback():
    done = subprocess.run([sys.executable, "-m", "entrypoints.cli"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "voicecore[cli]" in done.stderr
    assert "Traceback" not in done.stderr
