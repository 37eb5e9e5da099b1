"""What stays open is counted, and ends when its caller may not stay: streams, sockets, and those who watch jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from entrypoints.http import live_room, spoken_ahead
from voicecore.access import KeyLimits
from voicecore.errors import StorageUnavailable
from voicecore.testing.tone import PLAN_VARIABLE
from voicecore.usecases.authenticate import Authenticate

from .people import Person, expire, person
from .room import HELLO, PATIENCE_S, Room, eventually, furnished, refused


@pytest.fixture
def watchful(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room that looks at keys all the time, and makes no sound before its gate is opened."""
    monkeypatch.setattr(live_room, "LOOK_AT_KEY_EVERY_S", 0.0)
    room.gate.opened.clear()
    return room


def revoke(room: Room, person: Person) -> None:
    room.service.keys.revoke(person.id)


def watched(person: Person) -> bool:
    """Whether he may watch jobs now."""
    with person.client.stream("GET", "/jobs/events") as answer:
        return answer.status_code == 200


def last_event(lines: Iterator[str]) -> dict[str, Any]:
    """The data of the event that ends them, which is an error."""
    name, data = "", "{}"
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
    assert name == "error"
    found: dict[str, Any] = json.loads(data)
    return found


ENDS = pytest.mark.parametrize(("end", "word"), [(revoke, "was revoked"), (expire, "has expired")])


@ENDS
def test_a_stream_ends_with_its_key_and_its_job_is_cancelled(
    watchful: Room, end: Callable[[Room, Person], None], word: str
):
    with person(watchful, "Ana") as ana:
        with ana.client.stream("POST", "/jobs/stream?sse=true", json=HELLO) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: started"
            end(watchful, ana)
            error = last_event(lines)
        assert (error["code"], error["status"]) == ("unauthorized", 401)
        assert word in error["detail"]
        eventually(lambda: watchful.service.store.get(answer.headers["x-job-id"]).status.value == "cancelled")
        eventually(lambda: watchful.app.state.live_room.open == 0)


def test_sound_that_is_under_way_is_cut_without_its_end(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_room, "LOOK_AT_KEY_EVERY_S", 0.0)
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"segment_limit": 60}))
    text = " ".join(f"Frase número {number} de um texto comprido, que leva tempo." for number in range(30))
    body = {**HELLO, "text": text}
    with furnished(tmp_path) as room, person(room, "Ana") as ana:
        room.gate.let(2)  # of more than ten
        with ana.client.stream("POST", "/jobs/stream", json=body) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            revoke(room, ana)
            with pytest.raises(httpx.RemoteProtocolError):
                list(pieces)
        eventually(lambda: room.service.store.get(answer.headers["x-job-id"]).status.value == "cancelled")


@ENDS
def test_who_watches_jobs_is_let_go_with_the_key(watchful: Room, end: Callable[[Room, Person], None], word: str):
    with person(watchful, "Ana") as ana:
        job_id = ana.client.post("/jobs", json=HELLO).json()["id"]
        with (
            ana.client.stream("GET", "/jobs/events") as all_of_them,
            ana.client.stream("GET", f"/jobs/{job_id}/events") as one,
        ):
            assert watchful.app.state.watchers_room.open == 2
            end(watchful, ana)
            for answer in (all_of_them, one):
                error = last_event(answer.iter_lines())
                assert (error["code"], error["status"]) == ("unauthorized", 401)
                assert word in error["detail"]
        eventually(lambda: watchful.app.state.watchers_room.open == 0)


def test_a_socket_speaks_no_more_when_its_key_is_revoked(watchful: Room):
    said = {"type": "start", "source_language": "pt-BR", "mode": "dubbing"}
    with person(watchful, "Ana") as ana:
        address = watchful.url.replace("http", "ws", 1) + "/ws/speak"
        with connect(address, open_timeout=PATIENCE_S, additional_headers={"X-API-Key": ana.text}) as socket:
            socket.send(json.dumps(said))
            assert json.loads(socket.recv(timeout=PATIENCE_S))["type"] == "started"
            revoke(watchful, ana)
            socket.send(json.dumps({"type": "text", "text": "Bom dia a todos. E mais isto. "}))
            assert json.loads(socket.recv(timeout=PATIENCE_S))["code"] == "unauthorized"
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=PATIENCE_S)
        assert watchful.service.store.counts().get("completed", 0) == 0


def test_a_socket_on_which_nobody_writes_ends_with_its_key(watchful: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spoken_ahead, "_STAY_S", 0.05)
    with person(watchful, "Ana") as ana:
        address = watchful.url.replace("http", "ws", 1) + "/ws/speak"
        with connect(address, additional_headers={"X-API-Key": ana.text}) as socket:
            socket.send(json.dumps({"type": "start", "source_language": "pt-BR", "mode": "dubbing"}))
            assert json.loads(socket.recv(timeout=20))["type"] == "started"
            revoke(watchful, ana)
            assert json.loads(socket.recv(timeout=20))["code"] == "unauthorized"
        eventually(lambda: watchful.app.state.live_room.open == 0)


def test_a_key_with_another_secret_is_the_same_caller_and_an_outage_ends_nothing(
    watchful: Room, monkeypatch: pytest.MonkeyPatch
):
    still, looks = Authenticate.still, []

    def out(*args: Any) -> None:
        looks.append(args)
        if len(looks) % 2:
            raise StorageUnavailable("The store is away.")
        still(*args)

    monkeypatch.setattr(Authenticate, "still", out)
    with (
        person(watchful, "Ana") as ana,
        ana.client.stream("POST", "/jobs/stream?format=pcm&sse=true", json=HELLO) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        watchful.service.keys.rotate(ana.id)
        eventually(lambda: len(looks) > 3)
        watchful.gate.opened.set()
        assert "event: done" in list(lines)


def test_who_watches_jobs_is_counted_four_for_each_stream_of_his_key(room: Room):
    with person(room, "Ana", limits=KeyLimits(streams=1)) as ana, person(room, "Bia") as bia, ExitStack() as watches:
        job_id = bia.client.post("/jobs", json=HELLO).json()["id"]
        mine = ana.client.post("/jobs", json=HELLO).json()["id"]
        assert ana.client.get(f"/jobs/{job_id}/events").status_code == 404  # another's; it takes no place
        for _ in range(4):
            answer = watches.enter_context(ana.client.stream("GET", "/jobs/events"))
            assert answer.status_code == 200
        for path in ("/jobs/events", f"/jobs/{mine}/events"):
            answer = ana.client.get(path)
            refused(answer, 429, word="4 connections that watch jobs")
            assert answer.headers["ratelimit-policy"] == '"watches";q=4'
        assert ana.client.post("/jobs/stream?format=pcm", json=HELLO).status_code == 200
        with bia.client.stream("GET", "/jobs/events") as other:
            assert other.status_code == 200
        watches.close()
        eventually(lambda: room.app.state.watchers_room.open == 0)
        # The store hears a moment later that a place is free.
        eventually(lambda: watched(ana))


def test_a_process_serves_four_who_watch_for_each_stream(tmp_path):
    with furnished(tmp_path, max_streams=1) as room, ExitStack() as watches:
        for _ in range(4):
            watches.enter_context(room.client.stream("GET", "/jobs/events"))
        assert refused(room.client.get("/jobs/events"), 429, word="4 watches of jobs")["code"] == "queue_full"
        assert room.client.post("/jobs/stream?format=pcm", json=HELLO).status_code == 200
