"""Where the files of a model are on this machine, and whether they are what the manifest says."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.modelfiles import data_path
from adapters.modelfiles.manifest import ModelFile
from voicecore.errors import MissingModel

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a file.

    Attributes:
        sources: the files on the disk that are it, joined in this order; empty if it is missing.
        sha256: of what was found, in hex; None if it is missing or was not read.
        problem: one sentence, or empty if all is well.
    """

    file: ModelFile
    sources: tuple[Path, ...]
    sha256: str | None
    problem: str


def find(file: ModelFile, models_dir: Path) -> tuple[Path, ...]:
    """The files on the disk that make it up, found as the engines find them: the folder of models wins over packages."""
    if file.shipped:
        try:
            return (data_path(str(file.path)),)
        except MissingModel:
            return ()
    path = models_dir / file.path
    return (path,) if path.is_file() else package_parts(file)


def package_parts(file: ModelFile) -> tuple[Path, ...]:
    """Its parts in installed packages, found without importing them; empty unless all are there."""
    parts = [_part(package, file.package_file) for package in file.packages]
    present = tuple(each for each in parts if each is not None)
    return present if len(present) == len(parts) else ()


def _part(package: str, name: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return next((path for folder in folders if (path := Path(folder, name)).is_file()), None)


def pieces(sources: Sequence[Path]) -> Iterator[bytes]:
    """The joined bytes of the files, about a megabyte at a time."""
    for path in sources:
        with path.open("rb") as source:
            while piece := source.read(_PIECE_BYTES):
                yield piece


def look(file: ModelFile, models_dir: Path) -> Verdict:
    """Whether it is there and has its size. Fast: nothing is read."""
    sources = find(file, models_dir)
    if not sources:
        return Verdict(file, (), None, f"{file.path} is missing.")
    return Verdict(file, sources, None, _wrong_size(file, sources))


def verify(file: ModelFile, models_dir: Path) -> Verdict:
    """Whether it is there and has its digest. Reads all of it."""
    sources = find(file, models_dir)
    if not sources:
        return Verdict(file, (), None, f"{file.path} is missing.")
    found, wrong = compare(file, sources)
    return Verdict(file, sources, found, wrong)


def compare(file: ModelFile, sources: Sequence[Path]) -> tuple[str, str]:
    """The sha256 of the joined files, and what differs from what was published, or an empty text."""
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    wanted = {"sha256": file.sha256, "md5": file.md5}
    for piece in pieces(sources):
        for name, digest in digests.items():
            if name == "sha256" or wanted[name] is not None:
                digest.update(piece)
    found = digests["sha256"].hexdigest()
    for name, digest in digests.items():
        if wanted[name] is not None and digest.hexdigest() != wanted[name]:
            return found, f"{_names(sources)} has {name} {digest.hexdigest()}, expected {wanted[name]}."
    return found, "" if file.pinned else _wrong_size(file, sources)


def _wrong_size(file: ModelFile, sources: Sequence[Path]) -> str:
    size = sum(path.stat().st_size for path in sources)
    if file.size is None or size == file.size:
        return ""
    return f"{_names(sources)} has {size} bytes, expected {file.size}."


def _names(sources: Sequence[Path]) -> str:
    return " + ".join(str(path) for path in sources)
