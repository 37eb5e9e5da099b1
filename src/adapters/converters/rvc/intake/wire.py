"""What the intake's parent and child say to each other: an order in JSON, and one line of JSON as the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from voicecore.errors import (
    DiskFull,
    InvalidInput,
    MissingDependency,
    ModelCorrupt,
    NotInstalled,
    StorageUnavailable,
    TooLarge,
    VoiceCoreError,
)

#: Of an answer; what is longer was not written by our code.
ANSWER_BYTES = 4_096
#: Errors that a child may report. It reads strangers' files, so nothing else of what it says becomes an error.
_KINDS: Mapping[str, type[VoiceCoreError]] = {
    each.code: each
    for each in (ModelCorrupt, InvalidInput, TooLarge, NotInstalled, MissingDependency, StorageUnavailable, DiskFull)
}
_MESSAGE_LENGTH = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a child is to do. The numbers of descriptors are those of files that it inherits.

    Attributes:
        weights, weights_bytes: the `.pth`, and its size.
        index, index_bytes: the `.index`; -1 if there is none.
        voice_out, index_out: where the stored form goes.
    """

    weights: int
    weights_bytes: int
    index: int
    index_bytes: int
    voice_out: int
    index_out: int
    max_vectors: int
    max_memory_bytes: int
    max_cpu_s: int
    max_file_bytes: int

    def json(self) -> str:
        """`parse` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Order:
        """From the parent, which is trusted."""
        return cls(**json.loads(text))


def done() -> bytes:
    """All was written."""
    return b'{"done": true}\n'


def failed(error: VoiceCoreError) -> bytes:
    """Nothing came of it."""
    message = error.message[:_MESSAGE_LENGTH]
    return json.dumps({"error": error.code, "message": message}).encode() + b"\n"


def check_answer(data: bytes) -> bool:
    """Whether the child has done what it was told; False if it said nothing that can be understood.

    Raises:
        ModelCorrupt, InvalidInput, NotInstalled, StorageUnavailable: as the child says.
    """
    try:
        answer: Any = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if answer == {"done": True}:
        return True
    if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
        return False
    kind = _KINDS.get(str(answer.get("error")))
    if kind is None:
        return False
    text = "".join(each for each in answer["message"] if each.isprintable())
    raise kind(text[:_MESSAGE_LENGTH])
