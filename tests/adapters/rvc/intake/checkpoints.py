"""Files that somebody could send as a voice."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from adapters.converters.rvc.intake.archive import loadable
from adapters.converters.rvc.intake.checkpoint import read_checkpoint
from adapters.converters.rvc.intake.unpickled import unpickled
from adapters.converters.rvc.stored import StoredVoice
from tests.instruments.tiny_rvc import checkpoint

Document = dict[str, Any]


def saved(document: Any, *, as_zip: bool = True) -> bytes:
    """What `torch.save` writes."""
    target = io.BytesIO()
    torch.save(document, target, _use_new_zipfile_serialization=as_zip)
    return target.getvalue()


def read(data: bytes) -> StoredVoice:
    """All that the child does with a `.pth`, in this process."""
    return read_checkpoint(unpickled(loadable(io.BytesIO(data), len(data))), len(data))


def voice(**changes: Any) -> Document:
    """A good checkpoint with other entries; None takes one away."""
    document = checkpoint() | changes
    return {name: value for name, value in document.items() if value is not None}


def with_tensors(change: Callable[[dict[str, Any]], None]) -> Document:
    """A good checkpoint whose tensors were changed."""
    document = checkpoint()
    change(document["weight"])
    return document


def with_config(at: int, value: Any) -> Document:
    """A good checkpoint whose config has another entry."""
    document = checkpoint()
    document["config"][at] = value
    return document


def rezipped(data: bytes, *, compression: int = zipfile.ZIP_STORED, more: Mapping[str, bytes] | None = None) -> bytes:
    """The archive packed in another way, and with more in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return target.getvalue()


class Runs:
    """Pickled, it makes whoever unpickles it create a file."""

    def __init__(self, canary: Path) -> None:
        self._canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self._canary}",)


class Evaluates(Runs):
    """The same by Python's own means."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"open({str(self._canary)!r}, 'w').close()",)


class Wants:
    """Pickled, it makes the unpickler ask for so many bytes; the unpickler allows this one."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __reduce__(self) -> tuple[Any, ...]:
        return bytearray, (self._count,)


class Hashes:
    """Pickled, it makes the unpickler hash what takes for ever, in no memory: pairs of pairs of pairs."""

    def __reduce__(self) -> tuple[Any, ...]:
        key: tuple[Any, ...] = (0, 0)
        for _ in range(60):
            key = (key, key)
        return OrderedDict, (), None, None, iter([(key, 0)])


def with_code(canary: Path) -> dict[str, bytes]:
    """Voices that run code where they are unpickled without care."""
    document = checkpoint()
    return {
        "in a zip": saved(document | {"info": Runs(canary)}),
        "in the old format": saved(document | {"info": Runs(canary)}, as_zip=False),
        "instead of all": saved(Runs(canary)),
        "as a key": saved(document | {"weight": {Evaluates(canary): torch.zeros(1)}}),
        "in the config": saved(document | {"config": [Evaluates(canary)] * 18}),
        "without torch": pickle.dumps(Runs(canary), protocol=2),
    }


def good(kind: str) -> bytes:
    """A good voice, saved in one of the two formats."""
    return saved(checkpoint(), as_zip=kind == "zip")
