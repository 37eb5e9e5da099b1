"""coqui-tts is loaded quietly, beside a torch for processors too."""

from __future__ import annotations

import subprocess
import sys


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_upstreams_networks_are_imported_without_a_word() -> None:
    code = (
        "from adapters.coqui import prepare_coqui; prepare_coqui(); prepare_coqui()\n"
        "import TTS.tts.models.xtts, torchaudio, torch\n"
        "print(torchaudio.functional.resample(torch.zeros(1, 441), 44100, 22050).shape[1])"
    )
    assert _run(code) == "221"


def test_a_torchaudio_that_imports_by_itself_is_left_alone() -> None:
    code = (
        "import sys, types; own = types.ModuleType('torchaudio'); sys.modules['torchaudio'] = own\n"
        "from adapters.coqui import import_torchaudio\n"
        "import_torchaudio()\n"
        "print(sys.modules['torchaudio'] is own, 'torchaudio._extension' in sys.modules)"
    )
    assert _run(code) == "True False"


def test_operators_that_are_not_there_are_said_to_be_missing() -> None:
    code = (
        "from adapters.coqui import _without_operators\n"
        "from voicecore.errors import MissingDependency\n"
        "@_without_operators().fail_if_no_align\n"
        "def align(): ...\n"
        "try: align()\n"
        "except MissingDependency as error: print(error.message)"
    )
    assert "align needs" in _run(code)
