"""What a ring looks like in Redis: msgpack, and nothing in it is trusted.

arq's own codec is pickle, by which whoever may write to Redis may run code here. This one knows maps of plain values
only, and answers anything else with a task that does nothing: an error in a decoder would end up in arq's log with its
whole trace, and a time of enqueueing out of range would end arq's worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack  # type: ignore[import-untyped]

#: The task that wakes a waiting slot, and the one that drops what nobody understands.
RING, DISCARD = "ring", "discard"
#: A ring is far smaller; nothing larger is unpacked.
LIMIT_BYTES = 4_096
#: Milliseconds since 1970; what arq turns into a `datetime` without an error, for some thousand years.
_LATEST_MS = 100_000_000_000_000


def encode(message: Mapping[str, Any]) -> bytes:
    """As msgpack; an exception, which arq puts into the results of failed jobs, becomes its name."""
    return bytes(msgpack.packb(message, default=lambda value: type(value).__name__, use_bin_type=True))


def decode(data: bytes, known: frozenset[str]) -> dict[str, Any]:
    """The job as arq wants it (t: try, f: function, a, k: arguments, et: enqueued at, ms). Never raises.

    Args:
        data: what lay in Redis, whoever wrote it.
        known: the functions that may be named, beside `RING`.
    """
    message = _unpacked(data)
    name, arguments, enqueued_ms = message.get("f"), message.get("a"), message.get("et")
    if type(enqueued_ms) is not int or not 0 <= enqueued_ms <= _LATEST_MS or not isinstance(name, str):
        return _job(DISCARD, 0)
    if name in known:
        return _job(name, enqueued_ms)
    if name == RING and isinstance(arguments, list) and len(arguments) == 1 and isinstance(arguments[0], str):
        return _job(RING, enqueued_ms, arguments[0])
    return _job(DISCARD, 0)


def _job(name: str, enqueued_ms: int, *arguments: str) -> dict[str, Any]:
    return {"t": None, "f": name, "a": arguments, "k": {}, "et": enqueued_ms}


def _unpacked(data: bytes) -> dict[object, object]:
    if len(data) > LIMIT_BYTES:
        return {}
    try:
        message = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except Exception:  # noqa: BLE001 - whatever the bytes did to the decoder, they are no ring
        return {}
    return message if isinstance(message, dict) else {}


async def discard(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
    """Nothing: for what does not belong into a queue."""
