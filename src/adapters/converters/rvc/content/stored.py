"""`MODELS_DIR/contentvec/`: `config.json` and `model.safetensors` as transformers names things, and `lock.json`, which pins both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicecore.errors import MissingDependency, MissingModel, ModelCorrupt

from .shapes import Architecture, expected_shapes, read_architecture

FOLDER = "contentvec"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
LOCK = "lock.json"
FILES = (CONFIG, WEIGHTS)
FORMAT = 1
_MEND = "delete the folder and run: voicecore models pull contentvec [--from FOLDER]"


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder whose files are what its lock says.

    Attributes:
        digest: sha256 that stands for all of them, in hex.
    """

    folder: Path
    architecture: Architecture
    digest: str


def find(models_dir: Path | None) -> Path:
    """The folder with the encoder; nothing is read.

    Raises:
        MissingModel: with the command that fetches it.
    """
    if models_dir is None:
        raise MissingModel(_absent("no folder of models is set"))
    folder = models_dir / FOLDER
    if missing := [name for name in (*FILES, LOCK) if not (folder / name).is_file()]:
        raise MissingModel(_absent(f"{folder} lacks {', '.join(missing)}"))
    return folder


def verify(folder: Path) -> Stored:
    """Read every file of the folder, which `find` found, and compare it with its lock.

    Raises:
        ModelCorrupt: naming the file that is not what was taken in.
    """
    pinned = _read_lock(folder / LOCK)
    for name, (size, sha256) in pinned.items():
        path = folder / name
        if path.stat().st_size != size:
            raise ModelCorrupt(f"{path} has {path.stat().st_size} bytes, expected {size}; {_MEND}.")
        if (found := file_sha256(path)) != sha256:
            raise ModelCorrupt(f"{path} has sha256 {found}, expected {sha256}; {_MEND}.")
    return Stored(folder, read_architecture(folder / CONFIG), _digest(pinned))


def locked_digest(folder: Path) -> str:
    """The digest as the lock tells it; the files are not read. Raises `ModelCorrupt` for a damaged lock."""
    return _digest(_read_lock(folder / LOCK))


def read_tensors(stored: Stored) -> dict[str, Any]:
    """The weights as torch's float32, with the shapes that the config promises.

    Raises:
        ModelCorrupt: if one is missing or of another shape.
        MissingDependency: without safetensors.
    """
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency("The content encoder needs safetensors: pip install 'voicecore[rvc]'.") from error
    path = stored.folder / WEIGHTS
    try:
        with safe_open(path, framework="pt") as source:
            return {
                name: _checked(source.get_tensor(name), shape, name, path)
                for name, shape in expected_shapes(stored.architecture).items()
            }
    except SafetensorError as error:
        raise ModelCorrupt(f"{path} cannot be read ({error}); {_MEND}.") from error


def write_lock(folder: Path, sources: Mapping[str, str]) -> None:
    """Pin the files that are in the folder.

    Args:
        sources: file name → sha256 of what they were made of.
    """
    files = {name: {"size": (folder / name).stat().st_size, "sha256": file_sha256(folder / name)} for name in FILES}
    document = {"format": FORMAT, "files": files, "sources": dict(sources)}
    (folder / LOCK).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _absent(why: str) -> str:
    return f"The content encoder of RVC has no weights ({why}): voicecore models pull contentvec [--from FOLDER]."


def _checked(tensor: Any, shape: tuple[int, ...], name: str, path: Path) -> Any:
    if tuple(tensor.shape) != shape:
        raise ModelCorrupt(f"{name} in {path} has shape {tuple(tensor.shape)}, expected {shape}; {_MEND}.")
    return tensor.float()


def _read_lock(path: Path) -> dict[str, tuple[int, str]]:
    try:
        return _parse_lock(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelCorrupt(f"{path} cannot be read ({type(error).__name__}: {error}); {_MEND}.") from error


def _parse_lock(text: str) -> dict[str, tuple[int, str]]:
    document = json.loads(text)
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}, not {FORMAT}")
    entries = {name: document["files"][name] for name in FILES}
    return {name: (int(entry["size"]), str(entry["sha256"])) for name, entry in entries.items()}


def _digest(pinned: Mapping[str, tuple[int, str]]) -> str:
    lines = "".join(f"{name} {pinned[name][1]}\n" for name in sorted(pinned))
    return hashlib.sha256(lines.encode()).hexdigest()
