"""`models/manifest.json`: every model file that voicecore ships or loads, its licence, its digest, and where it can come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from adapters.modelfiles import data_path
from voicecore.errors import ModelCorrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model.

    Attributes:
        path: below the folder of models, or below the data that ships with voicecore.
        size: bytes.
        sha256: in hex.
        shipped: whether it comes with voicecore itself.
        packages: Python packages (import names) of which each holds `package_file`; joined in this order they are the file.
        url: where its publisher offers it.
    """

    path: PurePosixPath
    size: int
    sha256: str
    shipped: bool = False
    packages: tuple[str, ...] = ()
    package_file: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model: some files under one licence."""

    name: str
    title: str
    licence: str
    origin: str
    files: tuple[ModelFile, ...]

    @property
    def fetchable(self) -> tuple[ModelFile, ...]:
        """The files that do not come with voicecore itself."""
        return tuple(each for each in self.files if not each.shipped)


def read_manifest(manifest: Path | None = None) -> tuple[Model, ...]:
    """All models, in the manifest's order; None reads the one that ships.

    Raises:
        MissingModel: if this installation lacks the manifest.
        ModelCorrupt: if it cannot be read.
    """
    path = manifest or data_path("manifest.json")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_model(each) for each in document["models"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelCorrupt(f"The manifest {path} cannot be read ({error}); install voicecore again.") from error


def _model(entry: dict[str, Any]) -> Model:
    fields = {**entry, "files": tuple(_file(each) for each in entry["files"])}
    return Model(**fields)


def _file(entry: dict[str, Any]) -> ModelFile:
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{path} leaves the folder of models")
    return ModelFile(**{**entry, "path": path, "packages": tuple(entry.get("packages", ()))})
