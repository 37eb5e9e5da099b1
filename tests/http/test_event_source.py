"""The service seen by clients of server-sent events and WebSockets that others wrote, while servers come and go."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse
from websockets.asyncio.client import connect

from tests.instruments.free_port import free_port

from .room import HELLO, PATIENCE_S, Room
from .server_process import serving
from .test_streams import LONG, pcm_of


class EventSource:
    """What browsers do with an address of events (https://html.spec.whatwg.org, 9.2): come back whenever the connection is lost, with
    the id of the last event, until told 204. The parser is httpx-sse's.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.last_id = ""
        #: Last-Event-ID of each connection that was answered.
        self.sent: list[str] = []

    def __iter__(self) -> Iterator[ServerSentEvent]:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if not (yield from self._connected()):
                    return
                end = time.monotonic() + PATIENCE_S
            except httpx.TransportError:
                pass
            time.sleep(0.1)  # a browser waits for seconds
        raise AssertionError("the events did not end")

    def _connected(self) -> Iterator[ServerSentEvent]:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with (
            httpx.Client(timeout=PATIENCE_S) as client,
            connect_sse(client, "GET", self.url, headers=headers) as source,
        ):
            self.sent.append(self.last_id)
            if source.response.status_code == 204:
                return False
            assert source.response.status_code == 200, source.response.read()
            for event in source.iter_sse():
                self.last_id = event.id or self.last_id
                yield event
        return True


def test_an_event_source_goes_on_where_it_was_though_the_server_was_killed_and_started_again(tmp_path: Path):
    plan = {"VOICECORE_LEASE_S": "3", "VOICECORE_PORT": str(free_port())}
    # The first server does not come to the end of the text, however long it takes to kill it.
    hangs = {"VOICECORE_TESTING_TONE": json.dumps({"hang_on": "número 11", "batch_size": 1})}
    events: list[ServerSentEvent] = []
    before = 0
    with serving(tmp_path, **plan, **hangs) as first:
        job_id = first.post("/jobs", json=LONG).json()["id"]
        source = EventSource(f"{first.url}/jobs/{job_id}/events")
        heard = iter(source)
        while before < 3:
            events.append(next(heard))
            before += events[-1].event == "segment"
        place = source.last_id
        first.popen.kill()
    with serving(tmp_path, **plan) as second:
        events.extend(heard)
        job = second.get(f"/jobs/{job_id}").json()
    # What was in the socket when the server was killed may still have come.
    assert source.sent[0] == ""
    assert all(source.sent[1:])
    assert len(source.sent) >= 3
    assert source.sent[-1] == source.last_id != place
    assert events[-1].event == "done"
    assert job["status"] == "completed"
    assert job["attempt"] >= 2
    statuses = [(event.json()["attempt"], event.json()["status"]) for event in events if event.event == "status"]
    assert len(set(statuses)) == len(statuses), "a status was told twice"
    indexes = [event.json()["index"] for event in events if event.event == "segment"]
    assert set(indexes) == set(range(job["segments"]["total"]))
    assert [event.event for event in events].count("done") == 1


@pytest.mark.parametrize(("method", "path"), [("POST", "/jobs/stream"), ("GET", "/jobs/{id}/stream")])
def test_the_events_of_a_stream_are_its_sound_for_a_client_of_events(shared: Room, method: str, path: str):
    job_id = "" if method == "POST" else shared.submit(**LONG)["id"]
    body = LONG if method == "POST" else None
    with (
        httpx.Client(base_url=shared.url, timeout=PATIENCE_S) as client,
        connect_sse(client, method, path.format(id=job_id), params={"format": "pcm"}, json=body) as source,
    ):
        events = list(source.iter_sse())
    assert (events[0].event, events[-1].event) == ("started", "done")
    sound = b"".join(base64.b64decode(event.json()["audio"]) for event in events if event.event == "audio")
    assert sound == pcm_of(shared, events[0].json()["job_id"])


# --- a WebSocket ---------------------------------------------------------------------------------------------------------
async def _spoken(room: Room, type_text: Callable[[Any], Any]) -> tuple[list[dict[str, Any]], bytes]:
    """One task types while another one hears, as a player does."""
    messages: list[dict[str, Any]] = []
    sound = bytearray()
    async with connect(room.url.replace("http", "ws") + "/ws/speak") as socket, asyncio.timeout(PATIENCE_S):
        await socket.send(json.dumps({"type": "start", "mode": "dubbing", "source_language": "pt-BR"}))
        typing = asyncio.create_task(type_text(socket))
        async for message in socket:
            if isinstance(message, bytes):
                sound += message
            else:
                messages.append(json.loads(message))
        await typing
        assert socket.close_code == 1000
    return messages, bytes(sound)


def test_a_client_that_types_and_hears_at_once_gets_what_one_gets_who_sent_it_whole(shared: Room):
    words = LONG["text"].split(" ")

    async def word_by_word(socket: Any) -> None:
        for number, word in enumerate(words):
            said = json.dumps({"type": "text", "text": word if number == 0 else f" {word}"})
            await socket.send([said[:5], said[5:]])  # in two frames
            await socket.ping()
        await socket.send(json.dumps({"type": "end"}))

    async def whole(socket: Any) -> None:
        await socket.send(json.dumps({"type": "text", "text": LONG["text"]}))
        await socket.send(json.dumps({"type": "end"}))

    typed, typed_sound = asyncio.run(_spoken(shared, word_by_word))
    given, given_sound = asyncio.run(_spoken(shared, whole))
    assert typed_sound == given_sound
    assert typed_sound
    assert typed[-1]["type"] == given[-1]["type"] == "done"
    assert typed[-1]["characters"] == given[-1]["characters"] == len(LONG["text"])
    places = [(each["start"], each["end"]) for each in typed if each["type"] == "utterance"]
    assert places == [(each["start"], each["end"]) for each in given if each["type"] == "utterance"]


def test_several_sockets_at_once_never_hear_each_other(shared: Room):
    """Each speaks a text of its own, and gets what it gets when it is alone."""
    texts = [" ".join([f"Aqui fala a pessoa {number}, que diz {'muito ' * number}isto."] * 3) for number in range(6)]

    def saying(text: str) -> Callable[[Any], Any]:
        async def whole(socket: Any) -> None:
            await socket.send(json.dumps({"type": "text", "text": text}))
            await socket.send(json.dumps({"type": "end"}))

        return whole

    async def together() -> list[tuple[list[dict[str, Any]], bytes]]:
        return await asyncio.gather(*(_spoken(shared, saying(text)) for text in texts))

    sounds = [sound for _, sound in asyncio.run(together())]
    assert sounds == [asyncio.run(_spoken(shared, saying(text)))[1] for text in texts]
    assert len(set(sounds)) == len(sounds)


def test_the_example_of_the_page_is_read_by_the_client_too(shared: Room):
    """`EventSource` of docs/streaming.md listens to these names."""
    job_id = shared.submit(**HELLO)["id"]
    names = {event.event for event in EventSource(f"{shared.url}/jobs/{job_id}/events")}
    assert {"progress", "done"} <= names
