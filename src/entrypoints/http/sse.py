"""Server-sent events (WHATWG HTML §9.2), written by hand: an event is a few lines, and whoever sends them keeps the time."""

from __future__ import annotations

from typing import Any

import msgspec

#: A comment, which clients pass over. Sent after this many seconds of silence, so that nothing between us and the client
#: takes the connection for dead.
PING = b": still here\n\n"
PING_EVERY_S = 15.0


def event(name: str, data: Any, event_id: str | None = None) -> bytes:
    """One event. `data` becomes JSON, which has no line breaks."""
    head = f"event: {name}\n" if event_id is None else f"id: {event_id}\nevent: {name}\n"
    return head.encode() + b"data: " + msgspec.json.encode(data) + b"\n\n"


def wants_events(accept: str | None) -> bool:
    """Whether an `Accept` header names event streams."""
    kinds = (each.split(";")[0].strip().lower() for each in (accept or "").split(","))
    return "text/event-stream" in kinds
