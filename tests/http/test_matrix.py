"""Every route with every kind of caller. The routes are the application's own, so a new one is in here by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

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
from voicecore.access import KeyLimits, Scope
from voicecore.testing.shifter import shifter_file

from .people import MOST, Person, acting, expire, person
from .room import Room, furnished

#: Parameters of paths that name what belongs to somebody.
OWNED = ("job_id", "voice_id")
#: The service's front page and its state are nobody's secret.
OPEN_PATHS = {"/", "/health", "/live", "/ready", "/openapi.json", "/schema", "/schema/openapi.json", "/schema/{path}"}


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
            voice = hers.enrolled()["voice_id"]
        yield House(room, ana, bia, late, only, {"job_id": spoken["id"], "voice_id": voice})


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


def test_after_all_that_what_is_hers_is_still_there_for_her_and_for_an_admin(house: House):
    for caller in (house.ana, house.only[Scope.ADMIN]):
        assert caller.client.get(f"/jobs/{house.hers['job_id']}").json()["status"] == "completed"
        assert caller.client.get(f"/jobs/{house.hers['job_id']}/download").status_code == 200
        assert caller.client.get(f"/voices/{house.hers['voice_id']}/sample").status_code == 200


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
                socket.recv(timeout=10)


def test_models_are_read_by_every_key_and_written_by_admins(house: House):
    files = {"pth_file": ("a.pth", shifter_file(), "application/octet-stream")}
    admin = house.only[Scope.ADMIN].client
    assert house.ana.client.post("/rvc-models", data={"name": "L"}, files=files).status_code == 403
    made = admin.post("/rvc-models", data={"name": "L"}, files=files)
    assert made.status_code in (201, 501)
    for each in house.only.values():
        assert each.client.get("/rvc-models").status_code == 200
