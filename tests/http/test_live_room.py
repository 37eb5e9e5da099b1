"""Streams come and go; what they freed goes back to the system now and then, and not after each."""

from __future__ import annotations

import anyio

from entrypoints.http import live_room
from entrypoints.http.live_room import LiveRoom


async def come_and_go(room: LiveRoom, streams: int, beside: int = 0) -> None:
    for _ in range(beside):
        room.take()
    for _ in range(streams):
        room.take()
        room.give_back()
        await room.tidy()


def test_freed_memory_is_given_back_after_some_streams_and_sooner_when_nobody_listens(monkeypatch):
    given_back = []
    monkeypatch.setattr(live_room, "return_freed", lambda: given_back.append(1))
    for beside, expected in ((0, 4), (1, 1)):
        given_back.clear()
        anyio.run(come_and_go, LiveRoom(100), 64, beside)
        assert len(given_back) == expected
