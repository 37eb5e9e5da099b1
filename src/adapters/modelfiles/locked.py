"""Models that are turned into another form for use: what their folder's `lock.json` says of the files in it.

Whoever made the form wrote the lock: `{"files": {NAME: {"size": BYTES, "sha256": HEX}}, "sources": …}`. Nothing else of it is
read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from adapters.modelfiles.locate import Verdict, look, verify
from adapters.modelfiles.manifest import Model, ModelFile

LOCK = "lock.json"


def is_present(model: Model, models_dir: Path) -> bool:
    """Whether the model is there, right or wrong. A model that is used as it comes always counts."""
    return not model.stored or (models_dir / model.stored / LOCK).is_file()


def verdicts(model: Model, models_dir: Path, *, reading: bool) -> list[Verdict]:
    """What there is to say of each file of a model; empty for an extra that is absent.

    Args:
        reading: whether digests are compared, or sizes only.
    """
    judge = verify if reading else look
    if not model.stored:
        return [judge(file, models_dir) for file in model.files]
    if not is_present(model, models_dir):
        return []
    path = models_dir / model.stored / LOCK
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["files"]
        files = [
            ModelFile(path=_inside(model.stored, name), size=int(pin["size"]), sha256=str(pin["sha256"]))
            for name, pin in _some(stored).items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        lock = ModelFile(path=PurePosixPath(model.stored, LOCK))
        return [Verdict(lock, (path,), None, f"{path} does not read ({error}): voicecore models pull {model.name}.")]
    return [judge(file, models_dir) for file in files]


def _some(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    if not stored:
        raise ValueError("it names no files")
    return stored


def _inside(folder: str, name: str) -> PurePosixPath:
    if PurePosixPath(name).name != name or name in {"", ".."}:
        raise ValueError(f"{name!r} is no name of a file")
    return PurePosixPath(folder, name)
