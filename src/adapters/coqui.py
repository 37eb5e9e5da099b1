"""Makes coqui-tts importable, quietly: for the XTTS engine and the OpenVoice converter, which both use its networks.

Imported before anything of `TTS` or `torchaudio`. It does nothing twice and costs seconds the first time, since torch,
torchaudio and transformers are loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import types
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from voicecore.errors import MissingDependency

#: Module → package of what coqui-tts needs here. It declares neither torch, torchaudio nor six; and with torch from 2.9 on
#: its import demands that torchcodec is installed, though nothing of ours makes it load (TTS/__init__.py, 0.28.0).
PACKAGES: Mapping[str, str] = types.MappingProxyType({
    "torch": "torch", "torchaudio": "torchaudio", "torchcodec": "torchcodec", "TTS": "coqui-tts",
    "transformers": "transformers", "six": "six", "safetensors": "safetensors",
})  # fmt: skip
#: Loggers that comment on every load or sentence: limits that this project holds itself, notes for trainers.
_CHATTY = ("TTS", "transformers", "trainer", "torchaudio", "numba")


def missing_packages() -> list[str]:
    """Names of the packages that are absent, found without importing any."""
    return [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]


def prepare_coqui(extra: str = "xtts") -> None:
    """Load torch and torchaudio so that `import TTS` works and says nothing.

    Raises:
        MissingDependency: naming what is absent and `pip install 'voicecore[extra]'`, or when the packages that are there do
            not fit together.
    """
    if missing := missing_packages():
        raise MissingDependency(f"coqui-tts needs {', '.join(missing)} here: pip install 'voicecore[{extra}]'.")
    with warnings.catch_warnings():
        # What libraries say to each other while they are imported: deprecations that only their authors can mend.
        warnings.simplefilter("ignore")
        try:
            import_torchaudio()
            importlib.import_module("TTS")
            importlib.import_module("transformers")  # sets the level of its own logger when it is imported
        except (ImportError, OSError) as error:
            raise MissingDependency(
                f"The installed torch, torchaudio and coqui-tts do not fit together ({error}): "
                f"pip install --force-reinstall 'voicecore[{extra}]'."
            ) from error
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)


def import_torchaudio() -> None:
    """The real torchaudio, where need be without its compiled operators.

    The x86-64 wheel on PyPI is built for CUDA: beside a torch for processors its library cannot be loaded (an OSError that
    names libc10_cuda.so). Resampling and mel spectrograms are Python over torch and work without it, so the small module
    that loads the library is given as one that found none. Where the import works, nothing is touched.
    """
    if "torchaudio" in sys.modules:
        return
    try:
        importlib.import_module("torchaudio")
    except OSError:
        for name in [each for each in sys.modules if each.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        sys.modules["torchaudio._extension"] = _without_operators()
        importlib.import_module("torchaudio")


def _without_operators() -> types.ModuleType:
    """What the rest of torchaudio 2.11 asks of `torchaudio._extension`, saying that there is no compiled library."""
    module: Any = types.ModuleType("torchaudio._extension")
    module._IS_TORCHAUDIO_EXT_AVAILABLE = False  # noqa: SLF001 - upstream's name
    module._IS_ALIGN_AVAILABLE = False  # noqa: SLF001 - upstream's name
    module._check_cuda_version = _nothing_to_check  # noqa: SLF001 - upstream's name
    module.fail_if_no_align = _fail_when_called
    stub: types.ModuleType = module
    return stub


def _nothing_to_check() -> None:
    """The version of CUDA matters to the compiled library only."""


def _fail_when_called(function: Callable[..., Any]) -> Callable[..., Any]:
    """Forced alignment is compiled code."""

    def refuse(*_args: object, **_options: object) -> None:
        raise MissingDependency(f"torchaudio's {function.__name__} needs a torchaudio built for this torch.")

    return refuse
