"""The converter's folder below the folder of models, and whether its files are the ones that were taken in.

`openvoice/config.json` (OpenVoice's own), `openvoice/checkpoint.safetensors`, and `openvoice/lock.json`: sizes and sha256 of
both as of the intake. Nobody publishes digests of these files, so the first ones that came are the ones that count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicecore.errors import MissingModel, ModelCorrupt

FOLDER = "openvoice"
CONFIG = "config.json"
CHECKPOINT = "checkpoint.safetensors"
LOCK = "lock.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pinned:
    """A file as of the intake."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A complete folder, whose files are what `lock.json` says; `model_digest` stands for all of them."""

    folder: Path
    model_digest: str

    @property
    def config(self) -> Path:
        """OpenVoice's own settings."""
        return self.folder / CONFIG

    @property
    def checkpoint(self) -> Path:
        """The tensors."""
        return self.folder / CHECKPOINT


def find(models_dir: Path | None) -> Path:
    """The converter's folder, if there is one with weights; nothing is read.

    Raises:
        MissingModel: with the command that fetches them.
    """
    folder = (models_dir or Path("models")) / FOLDER
    missing = [name for name in (CHECKPOINT, CONFIG, LOCK) if not (folder / name).is_file()]
    if models_dir is None or missing:
        where = "no folder of models is set" if models_dir is None else f"{folder} lacks {', '.join(missing)}"
        raise MissingModel(
            f"The OpenVoice converter has no weights ({where}): voicecore models pull openvoice [--from FOLDER]."
        )
    return folder


def check(folder: Path) -> Stored:
    """Reads all files of the folder and compares them with its lock.

    Raises:
        ModelCorrupt: naming the file that is not what was taken in.
    """
    pinned = _read_lock(folder / LOCK)
    for name, expected in pinned.items():
        path = folder / name
        size = path.stat().st_size
        if size != expected.size:
            raise ModelCorrupt(f"{path} has {size} bytes, expected {expected.size}; {_MEND}")
        if (found := file_sha256(path)) != expected.sha256:
            raise ModelCorrupt(f"{path} has sha256 {found}, expected {expected.sha256}; {_MEND}")
    return Stored(folder, _model_digest(pinned))


def write_lock(folder: Path, source: Mapping[str, str]) -> None:
    """Pin the files that are in the folder. `source` tells where they came from: file name → sha256."""
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": file_sha256(folder / name)}
        for name in (CHECKPOINT, CONFIG)
    }
    document = {"format": FORMAT, "files": files, "source": dict(source)}
    (folder / LOCK).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


_MEND = "delete the folder and run: voicecore models pull openvoice [--from FOLDER]."


def _read_lock(path: Path) -> dict[str, Pinned]:
    try:
        return _parse_lock(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} cannot be read ({type(error).__name__}: {error}); {_MEND}") from error


def _parse_lock(text: str) -> dict[str, Pinned]:
    document: Any = json.loads(text)
    if document["format"] != FORMAT:
        raise ValueError(f"its format is {document['format']!r}, not {FORMAT}")
    return {name: _pinned(document["files"][name]) for name in (CHECKPOINT, CONFIG)}


def _pinned(entry: Any) -> Pinned:
    size, sha256 = entry["size"], entry["sha256"]
    if not isinstance(size, int) or not isinstance(sha256, str):
        raise TypeError("a file lacks its size or digest")
    return Pinned(size, sha256)


def _model_digest(pinned: Mapping[str, Pinned]) -> str:
    lines = "".join(f"{name} {pinned[name].sha256}\n" for name in sorted(pinned))
    return hashlib.sha256(lines.encode()).hexdigest()
