"""RMVPE's folder below the folder of models: `rmvpe/model.safetensors` and `rmvpe/lock.json`, with its size and sha256.

The digest of `rmvpe.pt` that RVC publishes is compared when it is pulled; of a file that comes by hand, what was taken in counts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicecore.errors import MissingModel, ModelCorrupt

FOLDER = "rmvpe"
WEIGHTS = "model.safetensors"
LOCK = "lock.json"
FORMAT = 1
COMMAND = "voicecore models pull rmvpe [--from FOLDER]"


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder with RMVPE's weights, as they were taken in."""

    weights: Path
    size: int
    sha256: str


def find(models_dir: Path | None) -> Path:
    """The folder, if there is one with weights; nothing is read.

    Raises:
        MissingModel: with the command that fetches them.
    """
    if models_dir is None:
        raise MissingModel(f"RMVPE has no weights (no folder of models is set): {COMMAND}.")
    folder = models_dir / FOLDER
    missing = [name for name in (WEIGHTS, LOCK) if not (folder / name).is_file()]
    if missing:
        raise MissingModel(
            f"RMVPE has no weights (the folder {FOLDER!r} among the models lacks {', '.join(missing)}): {COMMAND}."
        )
    return folder


def read_lock(folder: Path) -> Stored:
    """What was taken in; the weights themselves are not read.

    Raises:
        ModelCorrupt: if the lock cannot be read.
    """
    try:
        size, sha256 = _parse_lock((folder / LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"{folder / LOCK} cannot be read ({error}): {COMMAND}.") from error
    return Stored(folder / WEIGHTS, size, sha256)


def _parse_lock(text: str) -> tuple[int, str]:
    document: Any = json.loads(text)
    pinned = document["files"][WEIGHTS]
    size, sha256 = pinned["size"], pinned["sha256"]
    if document["format"] != FORMAT or type(size) is not int or not isinstance(sha256, str):
        raise ValueError("it is of another format")
    return size, sha256


def check(folder: Path) -> Stored:
    """Reads the weights and compares them with the lock.

    Raises:
        ModelCorrupt: if they are not what was taken in.
    """
    stored = read_lock(folder)
    found = file_sha256(stored.weights)
    if found != stored.sha256:
        raise ModelCorrupt(f"{stored.weights} has sha256 {found}, expected {stored.sha256}: {COMMAND}.")
    return stored


def write_lock(folder: Path, source: dict[str, str]) -> None:
    """Pin the weights that are in the folder. `source` tells where they came from: file name → sha256."""
    weights = folder / WEIGHTS
    files = {WEIGHTS: {"size": weights.stat().st_size, "sha256": file_sha256(weights)}}
    document = {"format": FORMAT, "files": files, "source": source}
    (folder / LOCK).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
