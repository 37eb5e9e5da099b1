"""Every route with every kind of caller. The routes are the application's own, so a new one is in here by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute, WebSocketRoute
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from entrypoints.container import build
from entrypoints.http.app import create_app
from entrypoints.http.door import ANY_KEY, OPEN, Needs, needs_of
from entrypoints.settings import Settings
from tests.instruments.tones import recording
from voicecore.access import KeyLimits, Scope
from voicecore.testing.shifter import shifter_file

from .people import MOST, Person, acting, expire, person
from .room import HELLO, PATIENCE_S, Room, furnished

#: Parameters of paths that name what belongs to somebody.
OWNED = ("job_id", "voice_id", "consent_id")
HER_VOICE = "Of Ana alone"
#: The service's front page and its state are nobody's secret.
OPEN_PATHS = {
    "/",
    "/studio/{name}",
    "/health",
    "/live",
    "/ready",
    "/openapi.json",
    "/schema",
    "/schema/openapi.json",
    "/schema/{path}",
}


@dataclass(frozen=True)
class Way:
    """A method of a path, and what it says that it needs."""

    method: str
    path: str
    needs: Needs
    says: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def owned(self) -> bool:
        return any(f"{{{name}}}" in self.path for name in OWNED)


def ways_of(handler: BaseRouteHandler, path: str, methods: list[str]) -> list[Way]:
    plain = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
    return [Way(method, plain, needs_of(handler), "needs" in handler.opt) for method in methods if method != "OPTIONS"]


def all_ways() -> tuple[list[Way], list[Way]]:
    """Of HTTP, and of WebSockets."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        service = build(Settings(engine="tone", data_dir=Path(folder))).service()
        routes = create_app(service).routes
        service.close()
    http = [
        way
        for route in routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for way in ways_of(handler, route.path, sorted(handler.http_methods))
    ]
    sockets = [
        way
        for route in routes
        if isinstance(route, WebSocketRoute)
        for way in ways_of(route.route_handler, route.path, ["GET"])
    ]
    # The framework's sets have no order.
    return sorted(http, key=str), sorted(sockets, key=str)


HTTP, SOCKETS = all_ways()


@dataclass
class House:
    """A service with what belongs to Ana in it."""

    room: Room
    ana: Person
    bia: Person
    late: Person
    only: dict[Scope, Person]
    hers: dict[str, str]

    def ask(self, way: Way, key: str | None = None, *, hers: bool = False, header: str = "X-API-Key") -> httpx.Response:
        names = re.findall(r"\{(\w+)\}", way.path)
        values = {name: self.hers.get(name, "absent") if hers else "absent" for name in names}
        # What waits for a job gives up at once, and what streams is not read.
        headers = {} if key is None else {header: key}
        with self.room.client.stream(way.method, way.path.format(**values), headers=headers) as answer:
            if answer.status_code >= 400:
                answer.read()
            return answer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with furnished(tmp_path_factory.mktemp("data")) as room, ExitStack() as stack:
        free = KeyLimits(requests_per_minute=0)
        make = lambda name, scopes=MOST: stack.enter_context(person(room, name, scopes, free))  # noqa: E731
        ana, bia, late = make("Ana"), make("Bia"), make("Late")
        only = {scope: make(f"only {scope.value}", [scope]) for scope in Scope}
        expire(room, late)
        with acting(room, ana) as hers:
            spoken = hers.spoken()
            voice = hers.enrolled(HER_VOICE)["voice_id"]
            kept = hers.client.post("/consents", json={"by": "Ana", "language": "pt-BR"}).json()["id"]
        yield House(room, ana, bia, late, only, {"job_id": spoken["id"], "voice_id": voice, "consent_id": kept})


def test_every_route_says_what_it_needs():
    assert [str(way) for way in HTTP + SOCKETS if not way.says] == []


def test_only_the_front_page_and_the_state_are_open():
    assert {way.path for way in HTTP + SOCKETS if way.needs == OPEN} <= OPEN_PATHS


@pytest.mark.parametrize("way", HTTP, ids=str)
def test_without_a_good_key_nobody_gets_in(house: House, way: Way):
    id_of, _, _ = house.ana.text.rpartition("_")
    unknown = "vk_" + "a" * 20 + "_" + "b" * 32
    for key in (None, "", "nonsense", unknown, f"{id_of}_{'b' * 32}", house.late.text):
        answer = house.ask(way, key)
        if way.needs == OPEN:
            assert answer.status_code not in (401, 403), (key, answer.status_code)
        else:
            assert answer.status_code == 401, (key, answer.status_code)
            assert answer.headers["www-authenticate"] == 'Bearer realm="voicecore"'


@pytest.mark.parametrize("way", [way for way in HTTP if way.needs != OPEN], ids=str)
def test_a_key_needs_a_scope_that_the_route_needs_and_no_more(house: House, way: Way):
    for scope, holder in house.only.items():
        answer = house.ask(way, holder.text)
        if scope is Scope.ADMIN or scope in way.needs:
            assert answer.status_code not in (401, 403), (scope, answer.status_code)
        else:
            assert answer.status_code == 403, (scope, answer.status_code)
            assert scope.value in answer.text


@pytest.mark.parametrize("way", [way for way in HTTP if way.owned], ids=str)
def test_what_is_anothers_is_not_there(house: House, way: Way):
    answer, never = house.ask(way, house.bia.text, hers=True), house.ask(way, house.bia.text)
    assert answer.status_code == never.status_code, answer.status_code
    # A route may look at its body first; nothing but 404 may depend on whose it is.
    assert answer.status_code in (400, 404, 405, 415), answer.status_code
    if way.method in ("GET", "HEAD", "DELETE"):
        assert answer.status_code == 404


def clip(name: str) -> dict:
    return {name: ("a.wav", recording(), "audio/wav")}


CLONE = {"name": "Mine", "language": "pt-BR"}
PARTS = [{"voice_id": "{voice_id}", "weight": 1}, {"preset": "male_deep", "weight": 1}]
TTS = "/v1/text-to-speech/{voice_id}"
#: Every way to name what belongs to somebody, in every dialect, with all that the request needs beside it.
NAMING = {
    "a job": ("POST", "/jobs", {"json": {**HELLO, "mode": "dubbing_with_clone", "voice_id": "{voice_id}"}}),
    "a stream": ("POST", "/jobs/stream", {"json": {**HELLO, "mode": "dubbing_with_clone", "voice_id": "{voice_id}"}}),
    "a speech": ("POST", "/v1/audio/speech", {"json": {"model": "tts-1", "input": "Oi.", "voice": "{voice_id}"}}),
    "a speech of an object": (
        "POST", "/v1/audio/speech", {"json": {"model": "tts-1", "input": "Oi.", "voice": {"id": "{voice_id}"}}}
    ),
    "a speech by name": ("POST", "/v1/audio/speech", {"json": {"model": "tts-1", "input": "Oi.", "voice": "{name}"}}),
    "a speech by name and model": (
        "POST", "/v1/audio/speech", {"json": {"model": "tts-1", "input": "Oi.", "voice": "{name}+x"}}
    ),
    "elevenlabs": ("POST", TTS, {"json": {"text": "Oi."}}),
    "elevenlabs by name": ("POST", "/v1/text-to-speech/{name}", {"json": {"text": "Oi."}}),
    "elevenlabs stream": ("POST", f"{TTS}/stream", {"json": {"text": "Oi."}}),
    "elevenlabs times": ("POST", f"{TTS}/with-timestamps", {"json": {"text": "Oi."}}),
    "elevenlabs streamed times": ("POST", f"{TTS}/stream/with-timestamps", {"json": {"text": "Oi."}}),
    "elevenlabs edit": ("POST", "/v1/voices/{voice_id}/edit", {"data": {"name": "Mine"}}),
    "elevenlabs conversion": ("POST", "/v1/speech-to-speech/{voice_id}", {"files": clip("audio")}),
    "elevenlabs consent": ("POST", "/v1/voices/add", {"data": {**CLONE, "consent_id": "{consent_id}"}, "files": clip("files")}),
    "elevenlabs consent in a label": (
        "POST", "/v1/voices/add",
        {"data": {"name": "Mine", "labels": '{{"consent_id": "{consent_id}"}}'}, "files": clip("files")},
    ),
    "openai consent": (
        "POST", "/v1/audio/voices", {"data": {"name": "Mine", "consent": "{consent_id}"}, "files": clip("audio_sample")}
    ),
    "openai consent's name": ("POST", "/v1/audio/voice_consents/{consent_id}", {"json": {"name": "Mine"}}),
    "openai page": ("GET", "/v1/audio/voice_consents?after={consent_id}", {}),
    "elevenlabs page": ("GET", "/v2/voices?next_page_token={voice_id}", {}),
    "elevenlabs choice": ("GET", "/v2/voices?voice_ids={voice_id}", {}),
    "a clone": ("POST", "/voices/clone", {"data": {**CLONE, "consent_id": "{consent_id}"}, "files": clip("file")}),
    "a mix": ("POST", "/voices/mix", {"json": {**CLONE, "parts": PARTS}}),
    "a name": ("PATCH", "/voices/{voice_id}", {"json": {"name": "Mine"}}),
}  # fmt: skip


def filled(told: Any, names: dict[str, str]) -> Any:
    """With the names in all its texts."""
    if isinstance(told, str):
        return told.format(**names)
    if isinstance(told, dict):
        return {name: filled(each, names) for name, each in told.items()}
    return [filled(each, names) for each in told] if isinstance(told, list) else told


@pytest.mark.parametrize("way", NAMING.values(), ids=NAMING.keys())
def test_what_is_anothers_cannot_be_named_in_any_dialect(house: House, way: tuple[str, str, dict[str, Any]]):
    method, path, body = way
    hers = {"name": HER_VOICE, **house.hers}
    never = {name: "zz" + value[2:-1] + "0" for name, value in hers.items()}
    answers = []
    for names in (hers, never):
        answer = house.bia.client.request(method, filled(path, names), **filled(body, names))
        text = answer.text.replace(answer.headers["x-request-id"], "")
        for name, value in names.items():
            text = text.replace(value, name)
        answers.append((answer.status_code, text))
    assert answers[0] == answers[1]
    assert answers[0][0] in (400, 404) or path.startswith("/v2/voices?voice_ids"), answers[0]
    assert house.bia.client.get("/jobs").json()["total"] == 0


def test_a_voice_of_somebody_else_is_unknown_on_a_socket(house: House):
    address = str(house.room.client.base_url).replace("http", "ws", 1) + "/ws/speak"
    start = {
        "type": "start",
        "source_language": "pt-BR",
        "mode": "dubbing_with_clone",
        "voice_id": house.hers["voice_id"],
    }
    with connect(address, additional_headers={"X-API-Key": house.bia.text}) as socket:
        for said in (start, {"type": "text", "text": "Oi."}, {"type": "end"}):
            socket.send(json.dumps(said))
        assert json.loads(socket.recv(timeout=PATIENCE_S))["type"] == "started"
        assert json.loads(socket.recv(timeout=PATIENCE_S))["code"] == "not_found"


def test_after_all_that_what_is_hers_is_still_there_for_her_and_for_an_admin(house: House):
    for caller in (house.ana, house.only[Scope.ADMIN]):
        assert caller.client.get(f"/jobs/{house.hers['job_id']}").json()["status"] == "completed"
        assert caller.client.get(f"/jobs/{house.hers['job_id']}/download").status_code == 200
        assert caller.client.get(f"/voices/{house.hers['voice_id']}/sample").status_code == 200
        assert caller.client.get(f"/consents/{house.hers['consent_id']}").json()["by"] == "Ana"


@pytest.mark.parametrize("header", ["X-API-Key", "xi-api-key", "Authorization"])
def test_a_key_may_be_sent_in_each_of_three_headers(house: House, header: str):
    way = Way("GET", "/engines", ANY_KEY, says=True)
    value = f"Bearer {house.ana.text}" if header == "Authorization" else house.ana.text
    assert house.ask(way, value, header=header).status_code == 200
    assert house.ask(way, value[:-1], header=header).status_code == 401


@pytest.mark.parametrize("way", [way for way in HTTP if way.needs != OPEN], ids=str)
def test_a_key_in_the_address_is_refused_on_every_route(house: House, way: Way):
    path = re.sub(r"\{\w+\}", "absent", way.path)
    answer = house.room.client.request(way.method, path, params={"api_key": house.ana.text})
    assert answer.status_code == 400
    assert house.ana.text not in answer.text


def test_no_socket_opens_without_a_good_key(house: House):
    address = str(house.room.client.base_url).replace("http", "ws", 1)
    for way in SOCKETS:
        for key in (None, "nonsense", house.late.text):
            headers = {} if key is None else {"X-API-Key": key}
            url = address + re.sub(r"\{\w+\}", "absent", way.path)
            with pytest.raises(WebSocketException), connect(url, additional_headers=headers) as socket:
                socket.recv(timeout=PATIENCE_S)


def test_models_are_read_by_every_key_and_written_by_admins(house: House):
    files = {"pth_file": ("a.pth", shifter_file(), "application/octet-stream")}
    admin = house.only[Scope.ADMIN].client
    assert house.ana.client.post("/rvc-models", data={"name": "L"}, files=files).status_code == 403
    made = admin.post("/rvc-models", data={"name": "L"}, files=files)
    assert made.status_code in (201, 501)
    for each in house.only.values():
        assert each.client.get("/rvc-models").status_code == 200
