"""ElevenLabs' own client, of a room; it does not try again by itself."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
from elevenlabs import ElevenLabs

from .room import PATIENCE_S, Room

OPENED = ExitStack()
#: For every call: whatever is refused is seen.
ONCE = {"max_retries": 0}


def labs_client(room: Room, key: str = "none") -> ElevenLabs:
    """Closed when the test is over."""
    http = OPENED.enter_context(httpx.Client(timeout=PATIENCE_S))
    return ElevenLabs(base_url=room.url, api_key=key, httpx_client=http)
