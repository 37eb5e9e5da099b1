"""Records that nobody here can read, a damaged one perhaps: they stay where they are, and hold up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from voicecore.errors import StorageUnavailable

_log = logging.getLogger("voicecore.stores")

Row = TypeVar("Row")
Item = TypeVar("Item")


def readable(rows: Iterable[Row], load: Callable[[Row], Item]) -> list[Item]:
    """What `load` makes of the rows, without those for which it raises `StorageUnavailable`; these are logged."""
    found = []
    for row in rows:
        try:
            found.append(load(row))
        except StorageUnavailable as error:
            _log.error("a stored job is left alone: %s", error.message)
    return found
