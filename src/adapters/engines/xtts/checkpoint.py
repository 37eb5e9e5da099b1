"""The stored form of an XTTS checkpoint: found and checked without torch.

`MODELS_DIR/xtts/` holds `config.json`, `vocab.json`, `model.safetensors`, `speakers.safetensors` and `lock.json`, which
pins the other four. `intake` makes it of upstream's files; nothing pickled is left in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from voicecore.errors import MissingModel, ModelCorrupt

FOLDER = "xtts"
LOCK = "lock.json"
CONFIG, VOCAB, WEIGHTS, SPEAKERS = "config.json", "vocab.json", "model.safetensors", "speakers.safetensors"
FILES = (CONFIG, VOCAB, WEIGHTS, SPEAKERS)
#: Raise it when the form of the stored files changes.
LOCK_FORMAT = 1
#: Raise it when decoding, guards, vocoding or conditioning change what is heard: it is part of the model's digest.
SOUND_VERSION = 1
HOW_TO_GET = "voicecore models pull xtts --accept-licence xtts"
_AGAIN = f"make it again with {HOW_TO_GET}"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FilePin:
    """What a file must be: its length in bytes and its sha256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What `intake` wrote down of a checkpoint.

    Attributes:
        version: of the model, such as `v2.0.3`; empty where nobody said.
        licence: of the weights.
        published: whether the weights are those that Coqui published, byte for byte.
        files: name → pin of the four stored files.
        sources: name → pin of the files they were made of.
        made_at: when, ISO 8601.
    """

    version: str
    licence: str
    published: bool
    files: Mapping[str, FilePin]
    sources: Mapping[str, FilePin]
    made_at: str

    @property
    def digest(self) -> str:
        """sha256 over the digests of the stored files and `SOUND_VERSION`: names the model in fingerprints."""
        lines = [f"{name} {self.files[name].sha256}" for name in FILES]
        return hashlib.sha256("\n".join([*lines, str(SOUND_VERSION)]).encode()).hexdigest()

    def to_json(self) -> str:
        """The text of `lock.json`."""
        return json.dumps(
            {
                "format": LOCK_FORMAT, "model": "XTTS-v2", "version": self.version, "licence": self.licence,
                "published": self.published, "made_at": self.made_at, "files": _plain(self.files),
                "sources": _plain(self.sources),
            },
            indent=2,
        ) + "\n"  # fmt: skip


class Checkpoint:
    """A folder in the stored form, its lock read and the sizes of its files checked."""

    def __init__(self, folder: Path) -> None:
        """Fast: nothing but the lock is read.

        Raises:
            MissingModel: if the folder, its lock or one of its files is missing.
            ModelCorrupt: if the lock cannot be read or a file has another length.
        """
        self.folder = folder
        self.lock = _read_lock(folder)
        for name in FILES:
            path, size = folder / name, self.lock.files[name].size
            if not path.is_file():
                raise MissingModel(f"{path} is missing: {_AGAIN}.")
            if (found := path.stat().st_size) != size:
                raise ModelCorrupt(f"{path} has {found} bytes, expected {size}: {_AGAIN}.")

    @property
    def config_path(self) -> Path:
        return self.folder / CONFIG

    @property
    def vocab_path(self) -> Path:
        return self.folder / VOCAB

    @property
    def weights_path(self) -> Path:
        return self.folder / WEIGHTS

    @property
    def speakers_path(self) -> Path:
        return self.folder / SPEAKERS

    @property
    def digest(self) -> str:
        """sha256 in hex; see `Lock.digest`."""
        return self.lock.digest

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """`config.json`, of which it is certain that it says XTTS. Raises `ModelCorrupt` else."""
        return read_config(self.config_path)

    @cached_property
    def speaker_names(self) -> tuple[str, ...]:
        """Names of the studio speakers, in their order. Reads the head of a file. Raises `ModelCorrupt`."""
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - optional

        try:
            with safe_open(self.speakers_path, framework="numpy") as stored:
                return tuple(json.loads((stored.metadata() or {})["names"]))
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise ModelCorrupt(f"{self.speakers_path} does not read ({error}): {_AGAIN}.") from error

    def verify(self) -> None:
        """Compare the sha256 of every file with the lock: reads 1.9 GB of the released model.

        Raises:
            ModelCorrupt: naming the first that differs.
        """
        for name in FILES:
            path, wanted = self.folder / name, self.lock.files[name].sha256
            if (found := sha256_of(path)) != wanted:
                raise ModelCorrupt(f"{path} has sha256 {found}, expected {wanted}: {_AGAIN}.")


def sha256_of(path: Path) -> str:
    """In hex; the file is read a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def read_config(path: Path) -> Mapping[str, Any]:
    """An XTTS `config.json`, upstream's or ours.

    Raises:
        ModelCorrupt: if it is not JSON or of another architecture.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelCorrupt(f"{path} is not a JSON file ({error}): {_AGAIN}.") from error
    kind = config.get("model") if isinstance(config, dict) else None
    if kind != "xtts":
        raise ModelCorrupt(
            f"{path} describes the architecture {kind!r}, expected 'xtts': give the folder of an XTTS v2."
        )
    return MappingProxyType(config)


def _read_lock(folder: Path) -> Lock:
    path = folder / LOCK
    if not path.is_file():
        state = "has no lock.json" if folder.is_dir() else "is missing"
        raise MissingModel(f"{folder} {state}: {HOW_TO_GET} makes it (with --from FOLDER of files that you have).")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != LOCK_FORMAT:
            raise ModelCorrupt(f"{path} has format {stored['format']}, expected {LOCK_FORMAT}: {_AGAIN}.")
        return Lock(
            version=str(stored["version"]),
            licence=str(stored["licence"]),
            published=bool(stored["published"]),
            files={name: FilePin(**stored["files"][name]) for name in FILES},
            sources={name: FilePin(**pin) for name, pin in stored["sources"].items()},
            made_at=str(stored["made_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelCorrupt(f"{path} does not read ({error}): {_AGAIN}.") from error


def _plain(pins: Mapping[str, FilePin]) -> dict[str, dict[str, int | str]]:
    return {name: {"size": pin.size, "sha256": pin.sha256} for name, pin in pins.items()}
