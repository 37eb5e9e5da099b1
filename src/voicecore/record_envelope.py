"""What is around every stored record: its version and its kind. Reading is strict, and says who can read what it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from voicecore.errors import InvalidInput, StorageUnavailable, UnsupportedLanguage

T = TypeVar("T")
Document = dict[str, Any]


def plain(value: object, fields: Mapping[str, Any]) -> Document:
    """These attributes of a value, by name."""
    return {name: getattr(value, name) for name in fields}


def dump(kind: str, version: int, body: Document) -> str:
    """A record: JSON, ASCII, one line. Raises `InvalidInput` for numbers that are not finite."""
    try:
        return json.dumps({"v": version, "kind": kind, **body}, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise InvalidInput(f"This {kind} cannot be stored ({error}); its numbers must be finite.") from error


def load(
    kind: str,
    upgrades: Sequence[Callable[[Document], Document]],
    record: str | bytes,
    read: Callable[[Document], T],
) -> T:
    """What a record holds, by `read`; upgrade n leads from version n + 1 to the next.

    Raises:
        StorageUnavailable: for a record that this program does not know.
    """
    newest = len(upgrades) + 1
    try:
        document = json.loads(record)
        version, written_kind = document.pop("v"), document.pop("kind")
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise StorageUnavailable(f"A stored {kind} is not a record of voicecore; restore the store.") from error
    if type(version) is not int or not 1 <= version <= newest or written_kind != kind:
        raise StorageUnavailable(
            f"A stored {kind} has version {version!r} and kind {written_kind!r}; this program reads versions 1 to {newest}: "
            "run the version of voicecore that wrote it, or a newer one."
        )
    try:
        for upgrade in upgrades[version - 1 :]:
            document = upgrade(document)
        return read(document)
    except (TypeError, ValueError, KeyError, IndexError, InvalidInput, UnsupportedLanguage) as error:
        raise StorageUnavailable(
            f"The stored {kind} {document.get('id')!r} cannot be read ({error}); "
            "run the version of voicecore that wrote it."
        ) from error
