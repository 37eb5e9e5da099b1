"""A service with the port of Wyoming, and clients of it by the library that Home Assistant uses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from entrypoints.wyoming.server import WyomingServer
from tests.http.room import PATIENCE_S, Room, furnished
from tests.instruments.free_port import free_port


@dataclass(slots=True)
class Heard:
    """What came until the end of an answer, or of the connection."""

    events: list[Event]

    @property
    def kinds(self) -> list[str]:
        """Types in their order, chunks told once."""
        return [each.type for number, each in enumerate(self.events)
                if each.type != "audio-chunk" or self.events[number - 1].type != "audio-chunk"]  # fmt: skip

    @property
    def pcm(self) -> bytes:
        return b"".join(each.payload or b"" for each in self.events if each.type == "audio-chunk")

    @property
    def error(self) -> dict[str, Any]:
        (found,) = [each.data for each in self.events if each.type == "error"]
        return found


@dataclass(slots=True)
class Home:
    """A room of the REST service, and Wyoming beside it."""

    room: Room
    server: WyomingServer
    port: int

    @asynccontextmanager
    async def client(self):
        """Home Assistant's."""
        client = AsyncTcpClient("127.0.0.1", self.port, connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S)
        async with client:
            yield client

    def heard(self, *events: Event, until: str = "audio-stop") -> Heard:
        """All that comes in answer to these events."""

        async def talk() -> Heard:
            async with self.client() as client:
                for event in events:
                    await client.write_event(event)
                return await answer(client, until)

        return asyncio.run(talk())

    def said(self, data: bytes) -> bytes:
        """All that comes in answer to these bytes, until the server closes."""

        async def talk() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(data)
            try:
                return await asyncio.wait_for(reader.read(), PATIENCE_S)
            except ConnectionError:
                return b""
            finally:
                writer.transport.abort()

        return asyncio.run(talk())

    def jobs(self) -> list[dict[str, Any]]:
        """Newest last."""
        found = self.room.client.get("/jobs", params={"limit": 100}).json()["jobs"]
        return sorted(found, key=lambda job: job["created_at"])

    def job(self) -> dict[str, Any]:
        """The newest, whole."""
        return self.room.client.get(f"/jobs/{self.jobs()[-1]['id']}").json()

    def quiet(self) -> bool:
        """Whether nobody is served and no job goes on."""
        ended = ("completed", "failed", "cancelled")
        return self.server.sessions == 0 and all(job["status"] in ended for job in self.jobs())


async def answer(client: AsyncTcpClient, until: str = "audio-stop") -> Heard:
    """Events until one of this type, which belongs to them, or the end of the connection."""
    events: list[Event] = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if event.type == until:
            break
    return Heard(events)


def event(kind: str, **data: Any) -> Event:
    return Event(kind, data)


def line(kind: str, **more: Any) -> bytes:
    return json.dumps({"type": kind, **more}).encode() + b"\n"


@contextmanager
def at_home(folder: Path, prepare: Callable[[Room], object] | None = None, **settings: Any) -> Iterator[Home]:
    """A home with these settings. `prepare` may change the service before Wyoming opens."""
    port = free_port()
    with furnished(folder, wyoming_port=port, **settings) as room:
        if prepare is not None:
            prepare(room)
        with WyomingServer(room.service) as server:
            yield Home(room, server, port)
