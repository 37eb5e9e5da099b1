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
        size: bytes; None where nobody has published it.
        sha256: in hex; None where nobody has published it.
        md5: in hex, where that is all that was published.
        shipped: whether it comes with voicecore itself.
        packages: Python packages (import names) of which each holds `package_file`; joined in this order they are the file.
        url: where its publisher offers it.
    """

    path: PurePosixPath
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    shipped: bool = False
    packages: tuple[str, ...] = ()
    package_file: str = ""
    url: str | None = None

    @property
    def pinned(self) -> bool:
        """Whether anybody published what its bytes are."""
        return self.sha256 is not None or self.md5 is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model: some files under one licence.

    Attributes:
        stored: folder, below the folder of models, into which the files are turned for use, with a `lock.json` that pins what
            became of them; empty for files that are used as they come. Such a model is an extra: it may be absent.
        version: of the model, where its publisher counts.
        licence_url, licence_summary: where the licence is, and what a user must know of it.
        must_accept: whether the operator has to accept the licence before anything is fetched.
    """

    name: str
    title: str
    licence: str
    origin: str
    files: tuple[ModelFile, ...]
    stored: str = ""
    version: str = ""
    licence_url: str = ""
    licence_summary: str = ""
    must_accept: bool = False

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
