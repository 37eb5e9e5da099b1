"""The door for upstream's files: the only place where a `.pth` is read, once, and never again in service.

PyTorch's restricted unpickler (`weights_only=True`) reads tensors and plain containers; what else a checkpoint mentions
becomes an inert placeholder or is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.coqui import prepare_coqui
from adapters.engines.xtts.checkpoint import (
    CONFIG,
    FILES,
    LOCK,
    SPEAKERS,
    VOCAB,
    WEIGHTS,
    FilePin,
    Lock,
    read_config,
    sha256_of,
)
from adapters.tensor_file import write_tensors
from voicecore.errors import Conflict, DiskFull, InvalidInput, MissingModel, ModelCorrupt, StorageUnavailable

#: Upstream's four files.
SOURCES = ("config.json", "model.pth", "vocab.json", "speakers_xtts.pth")
LICENCE = "Coqui Public Model License 1.0.0"
#: Left out of the stored weights: upstream makes these again of others, or needs them in training only
#: (`Xtts.get_compatible_checkpoint_state_dict`).
_SUPERFLUOUS = ("gpt.gpt_inference.", "gpt.gpt.wte.", "torch_mel_spectrogram", "dvae.")
#: Classes that the released checkpoint names beside its tensors, under the modules they then lived in.
_MENTIONED = (
    "TTS.tts.configs.xtts_config.XttsConfig", "TTS.tts.configs.xtts_config.XttsArgs",
    "TTS.tts.configs.xtts_config.XttsAudioConfig", "TTS.tts.models.xtts.XttsArgs", "TTS.tts.models.xtts.XttsAudioConfig",
    "TTS.config.shared_configs.BaseDatasetConfig",
)  # fmt: skip


def intake(sources: Path, target: Path, *, version: str = "", published: bool = False) -> Lock:
    """Make the stored form in `target` of upstream's four files in the folder `sources`, which is left as it is.

    It is written whole or not at all: beside `target` first, and then renamed; what was there before is replaced.

    Args:
        version: of the model, as the lock shall say.
        published: whether the caller has compared the files with the published digests.

    Raises:
        MissingModel: if one of the four is not there.
        InvalidInput: if they lie in `target` itself, which would be replaced with them in it.
        ModelCorrupt: if one of them is not what it should be.
        MissingDependency: without torch and safetensors.
        Conflict: while another process takes a model in.
        StorageUnavailable, DiskFull: if it cannot be written.
    """
    for name in SOURCES:
        if not (sources / name).is_file():
            raise MissingModel(f"There is no {name} in {sources}; an XTTS v2 folder holds {', '.join(SOURCES)}.")
    if sources.resolve().is_relative_to(target.resolve()):
        raise InvalidInput(
            f"{sources} is where the model is going to be, and what lies there goes: move the files elsewhere."
        )
    read_config(sources / "config.json")
    prepare_coqui()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            fresh = target.with_name(f".{target.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)  # of one that was killed
            try:
                fresh.mkdir()
                lock = _write(sources, fresh, version=version, published=published)
                _put_in_place(fresh, target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        kind = DiskFull if error.errno == 28 else StorageUnavailable  # 28 is ENOSPC everywhere
        raise kind(f"{target} cannot be written: {error.strerror or error}.") from error
    return lock


def _write(sources: Path, fresh: Path, *, version: str, published: bool) -> Lock:
    shutil.copyfile(sources / "config.json", fresh / CONFIG)
    shutil.copyfile(sources / "vocab.json", fresh / VOCAB)
    write_tensors(_weights(sources / "model.pth"), fresh / WEIGHTS)
    names, tensors = _speakers(sources / "speakers_xtts.pth")
    write_tensors(tensors, fresh / SPEAKERS, {"names": json.dumps(names)})
    lock = Lock(
        version=version,
        licence=LICENCE,
        published=published,
        files={name: _pin(fresh / name) for name in FILES},
        sources={name: _pin(sources / name) for name in SOURCES},
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    (fresh / LOCK).write_text(lock.to_json(), encoding="utf-8")
    for name in (*FILES, LOCK):
        (fresh / name).chmod(0o644)  # the service may run as another user than the one who fetched
        _sync(fresh / name)
    _sync(fresh)
    return lock


def _weights(path: Path) -> dict[str, Any]:
    """The tensors of the networks by upstream's names; a trainer's prefix is taken off."""
    loaded = _read(path)
    state = loaded.get("model") if isinstance(loaded, Mapping) else None
    if not isinstance(state, Mapping):
        raise ModelCorrupt(f"{path} holds no dictionary 'model' of weights; it is not an XTTS v2 checkpoint.")
    named = {str(name).removeprefix("xtts."): tensor for name, tensor in state.items()}
    kept = {name: tensor for name, tensor in named.items() if not name.startswith(_SUPERFLUOUS)}
    try:
        return _apart(kept)
    except AttributeError as error:
        raise ModelCorrupt(f"{path} holds something else than tensors among its weights ({error}).") from error


def _apart(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Each tensor with memory of its own, as safetensors wants it; copied only where need be, since all are 1.9 GB."""
    apart: dict[str, Any] = {}
    taken: set[int] = set()
    for name, tensor in tensors.items():
        bare = tensor.detach().contiguous()
        memory = bare.untyped_storage()
        alone = memory.nbytes() == bare.nbytes and memory.data_ptr() not in taken
        taken.add(memory.data_ptr())
        apart[name] = bare if alone else bare.clone()
    return apart


def _speakers(path: Path) -> tuple[list[str], dict[str, Any]]:
    """Names and tensors `000.gpt` of shape (32, C), `000.speaker` of shape (512,), and so on."""
    loaded = _read(path)
    names: list[str] = []
    tensors: dict[str, Any] = {}
    try:
        for number, (name, voice) in enumerate(loaded.items()):
            names.append(str(name))
            latents, embedding = voice["gpt_cond_latent"], voice["speaker_embedding"]
            tensors[f"{number:03}.gpt"] = latents.detach().float().reshape(latents.shape[-2:]).contiguous().clone()
            tensors[f"{number:03}.speaker"] = embedding.detach().float().reshape(-1).contiguous().clone()
    except (AttributeError, KeyError, TypeError, RuntimeError) as error:
        raise ModelCorrupt(f"{path} does not hold studio speakers as XTTS v2 stores them ({error!r}).") from error
    return names, tensors


class _Inert:
    """Stands for an object that a checkpoint mentions and nobody needs: it keeps what it is given and does nothing."""


def _read(path: Path) -> Any:
    """A `.pth` by PyTorch's restricted unpickler."""
    import torch  # noqa: PLC0415 - optional, and heavy

    stand_ins: list[Any] = [(type(name, (_Inert,), {}), name) for name in _MENTIONED]
    try:
        with torch.serialization.safe_globals(stand_ins):
            # Mapped into memory where the format allows it, so that the bytes are there once.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:
        # The unpickler raises whatever a broken or hostile file makes it raise.
        raise ModelCorrupt(
            f"{path} is not a file of plain tensors ({type(error).__name__}); it was not loaded."
        ) from error


def _pin(path: Path) -> FilePin:
    return FilePin(path.stat().st_size, sha256_of(path))


def _put_in_place(fresh: Path, target: Path) -> None:
    """A folder cannot be renamed over a full one: the old one steps aside first, and back if that fails."""
    aside = target.with_name(f".{target.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists():
        target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
    _sync(target.parent)
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process at a time takes models into the folder; the lock goes with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict(f"Another process is taking a model into {folder}: wait for it, then try again.") from error
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """Survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
