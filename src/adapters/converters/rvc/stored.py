"""A voice as it is kept: one safetensors file for its network, one for the vectors of its index.

The first one carries in its metadata how the network is built and what is known of it, so that it stands for itself; in a
folder, `voice.json` beside them says the same for people. Reading them needs neither torch nor faiss.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.synthesiser import expected_shapes
from adapters.converters.rvc.values import Voice, VoiceConfig
from voicecore import tensorfile
from voicecore.errors import BlobCorrupt, Conflict, DiskFull, MissingModel, ModelCorrupt, StorageUnavailable
from voicecore.ports import ModelFacts, ModelParts

WEIGHTS = "voice.safetensors"
INDEX = "index.safetensors"
CARD = "voice.json"
#: The one array of the second file.
_VECTORS = "vectors"
_FORMAT = "voicecore-rvc-1"
_MEND = "delete the model and add it again."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredVoice:
    """The content of the first file.

    Attributes:
        tensors: name → array, float16 or float32.
        info: what its maker wrote into it, one short line.
        notes: what its owner should know, one sentence each.
    """

    config: VoiceConfig
    tensors: Mapping[str, NDArray[Any]]
    info: str = ""
    notes: tuple[str, ...] = ()


def pack_voice(voice: StoredVoice) -> bytes:
    """The first file. Equal voices give equal bytes."""
    card = {"config": voice.config.as_document(), "info": voice.info, "notes": list(voice.notes)}
    return tensorfile.dump(voice.tensors, {"format": _FORMAT, "voice": json.dumps(card, sort_keys=True)})


def pack_index(vectors: NDArray[np.float16]) -> bytes:
    """The second file; `vectors` of shape (n, content width)."""
    return tensorfile.dump({_VECTORS: vectors}, {"format": _FORMAT})


def describe(parts: ModelParts) -> ModelFacts:
    """What is known of a stored voice.

    Raises:
        ModelCorrupt: one of its files is not as this version writes them.
    """
    voice, vectors = _unpack(parts)
    return ModelFacts(
        version=voice.config.version,
        f0=voice.config.f0,
        sample_rate_hz=voice.config.sample_rate_hz,
        vectors=0 if vectors is None else len(vectors),
        digest=digest_of(parts),
        notes=voice.notes,
    )


def open_voice(parts: ModelParts) -> Voice:
    """The voice, with the shapes that its config asks for.

    Raises:
        ModelCorrupt: one of its files is not as this version writes them.
    """
    voice, vectors = _unpack(parts)
    return Voice(config=voice.config, tensors=voice.tensors, vectors=vectors, digest=digest_of(parts))


def digest_of(parts: ModelParts) -> str:
    """sha256 of all of it, in hex."""
    return hashlib.sha256("".join(f"{name} {sha256}\n" for name, sha256 in _digests(parts)).encode()).hexdigest()


def write(parts: ModelParts, folder: Path) -> ModelFacts:
    """Make the folder with the voice's files in it: whole, or not at all.

    Raises:
        ModelCorrupt: as `describe`.
        Conflict: the folder exists.
        StorageUnavailable, DiskFull: it cannot be written.
    """
    facts = describe(parts)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, data in _files(parts, facts).items():
                _write_through(fresh / name, data)
            fresh.chmod(0o755)  # mkdtemp's is for its owner alone
            _rename(fresh, folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else StorageUnavailable
        raise kind(f"{folder} cannot be written: {error.strerror or error}.") from error
    return facts


def read(folder: Path) -> ModelParts:
    """The files of a folder that `write` made, compared with the digests in it.

    Raises:
        MissingModel: there is no voice.
        ModelCorrupt: a file is not the one that was written.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        parts = ModelParts(
            voice=(folder / WEIGHTS).read_bytes(),
            index=(folder / INDEX).read_bytes() if (folder / INDEX).exists() else None,
        )
        pinned = card["files"]
    except FileNotFoundError as error:
        raise MissingModel(f"There is no RVC voice in {folder}; add one: voicecore rvc add.") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"The RVC voice in {folder} cannot be read ({type(error).__name__}); {_MEND}") from error
    if pinned != dict(_digests(parts)):
        raise ModelCorrupt(f"The RVC voice in {folder} is not the one that was taken in; {_MEND}")
    return parts


def _unpack(parts: ModelParts) -> tuple[StoredVoice, NDArray[np.float16] | None]:
    try:
        tensors, metadata = tensorfile.load(parts.voice)
        voice = _voice(tensors, metadata)
        vectors = None if parts.index is None else _vectors(parts.index, voice.config.content_width)
    except BlobCorrupt as error:
        raise ModelCorrupt(f"The stored RVC voice is damaged ({error.message.rstrip('.')}); {_MEND}") from error
    return voice, vectors


def _voice(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> StoredVoice:
    if metadata.get("format") != _FORMAT:
        raise ModelCorrupt(f"The stored RVC voice has another format than {_FORMAT}; {_MEND}")
    try:
        card = json.loads(metadata["voice"])
        document, info, notes = card["config"], card["info"], card["notes"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelCorrupt(f"The stored RVC voice does not say how it is built; {_MEND}") from error
    if not isinstance(document, dict) or not isinstance(info, str) or not _are_texts(notes):
        raise ModelCorrupt(f"The stored RVC voice does not say how it is built; {_MEND}")
    if not all(each.dtype in (np.float16, np.float32) for each in tensors.values()):
        raise ModelCorrupt(f"The stored RVC voice has arrays that are neither float16 nor float32; {_MEND}")
    config = VoiceConfig.from_document(document)
    if {name: each.shape for name, each in tensors.items()} != expected_shapes(config):
        raise ModelCorrupt(f"The stored RVC voice has other arrays than its config asks for; {_MEND}")
    return StoredVoice(config=config, tensors=tensors, info=info, notes=tuple(notes))


def _vectors(data: bytes, width: int) -> NDArray[np.float16]:
    arrays, metadata = tensorfile.load(data)
    vectors = arrays.get(_VECTORS)
    if metadata.get("format") != _FORMAT or vectors is None or len(arrays) != 1:
        raise ModelCorrupt(f"The stored index of the RVC voice has another format than {_FORMAT}; {_MEND}")
    if vectors.dtype != np.float16 or vectors.ndim != 2 or vectors.shape[1] != width or not len(vectors):
        raise ModelCorrupt(f"The stored index of the RVC voice is not one of vectors of {width} numbers; {_MEND}")
    return vectors


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _digests(parts: ModelParts) -> list[tuple[str, str]]:
    files = {WEIGHTS: parts.voice} if parts.index is None else {WEIGHTS: parts.voice, INDEX: parts.index}
    return [(name, hashlib.sha256(data).hexdigest()) for name, data in files.items()]


def _files(parts: ModelParts, facts: ModelFacts) -> dict[str, bytes]:
    voice, _ = _unpack(ModelParts(parts.voice))
    card = {
        "format": _FORMAT,
        "version": facts.version,
        "f0": facts.f0,
        "sample_rate_hz": facts.sample_rate_hz,
        "vectors": facts.vectors,
        "digest": facts.digest,
        "info": voice.info,
        "notes": list(facts.notes),
        "config": voice.config.as_document(),
        "files": dict(_digests(parts)),
    }
    files = {WEIGHTS: parts.voice, CARD: (json.dumps(card, indent=2) + "\n").encode()}
    return files if parts.index is None else files | {INDEX: parts.index}


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
    path.chmod(0o644)  # the service may run as another user than the one who added it


def _rename(fresh: Path, folder: Path) -> None:
    try:
        fresh.rename(folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise Conflict(f"{folder} exists; delete it first, or choose another name.") from error
        raise


def _sync(path: Path) -> None:
    """Survives a power cut, where the system lets folders be synced."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
