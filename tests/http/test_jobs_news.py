"""`/jobs/events`: a list of jobs that keeps itself up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from voicecore.access import Scope

from .people import person
from .room import Room


@contextmanager
def news(client: httpx.Client) -> Iterator[Iterator[tuple[str, dict]]]:
    with client.stream("GET", "/jobs/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> Iterator[tuple[str, dict]]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        yield read()


def until(events: Iterator[tuple[str, dict]], status: str) -> list[str]:
    """The states that are told, up to that one."""
    found = []
    for name, data in events:
        if name == "job":
            found.append(data["status"])
            if data["status"] == status:
                return found
    raise AssertionError("the stream ended")


def test_a_new_job_and_its_end_are_told_without_asking(room: Room):
    with news(room.client) as events:
        assert next(events) == ("total", {"total": 0})
        room.submit()
        assert until(events, "completed")[-1] == "completed"
    assert room.client.get("/jobs").json()["total"] == 1


def test_what_was_there_before_is_not_told_again(room: Room):
    old = room.spoken()["id"]
    with news(room.client) as events:
        assert next(events) == ("total", {"total": 1})
        new = room.submit(text="Outra frase.")["id"]
        name, data = next(events)
        while name != "job":
            name, data = next(events)
        assert data["id"] == new != old


def test_a_job_of_long_ago_that_ends_is_told_too(room: Room, monkeypatch):
    from entrypoints.http import jobs_news

    monkeypatch.setattr(jobs_news, "_LIMIT", 1)
    room.gate.opened.clear()
    first = room.submit(text="A primeira.")["id"]
    room.submit(text="A segunda.")
    with news(room.client) as events:
        next(events)
        room.gate.opened.set()
        told = {}
        for name, data in events:
            if name == "job":
                told[data["id"]] = data["status"]
            if told.get(first) == "completed":
                break
    assert told[first] == "completed"


def test_nobody_hears_of_anothers_jobs(room: Room):
    with (
        person(room, "Ana", [Scope.SPEAK]) as ana,
        person(room, "Bia", [Scope.SPEAK]) as bia,
        news(bia.client) as events,
    ):
        assert next(events) == ("total", {"total": 0})
        body = {"mode": "dubbing", "text": "Olá, mundo!", "source_language": "pt-BR"}
        assert ana.client.post("/jobs", json=body).status_code == 202
        assert bia.client.post("/jobs", json={**body, "text": "Só meu."}).status_code == 202
        _name, data = next(each for each in events if each[0] == "job")
        assert data["text"] == "Só meu."


def test_the_stream_ends_when_the_service_does(room: Room):
    with news(room.client) as events:
        next(events)
        room.service.drain()
        assert [name for name, _ in events if name == "error"] == []
