"""Who may come in while there are no keys, and how a key may be sent."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.http.app import create_app
from voicecore.access import KeyId, Scope, key_text

from .people import person
from .room import HELLO, PATIENCE_S, Room, furnished, refused
from .server_process import serving


def from_elsewhere(room: Room, **headers: str) -> httpx.Response:
    """An answer to somebody on another machine."""

    async def ask() -> httpx.Response:
        app: Any = create_app(room.service)
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8004", headers=headers) as client:
            return await client.get("/jobs")

    return asyncio.run(ask())


def test_without_keys_this_machine_may_do_everything(shared: Room):
    assert shared.client.get("/admin/keys").json() == {"total": 0, "keys": []}
    assert shared.client.get("/jobs").status_code == 200


@pytest.mark.parametrize("key", ["sk-anything", "vk_x"])
def test_without_keys_a_key_that_a_client_cannot_help_sending_is_not_looked_at(shared: Room, key: str):
    assert shared.client.get("/jobs", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_without_keys_another_machine_is_told_how_to_add_one(shared: Room):
    problem = refused(from_elsewhere(shared), 401, word="voicecore keys add")
    assert problem["code"] == "unauthorized"


@pytest.mark.parametrize("header", [
    {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 a"},
    {"X-Real-IP": "192.0.2.1"}, {"X-Forwarded-Host": "example.org"},
])  # fmt: skip
def test_without_keys_nobody_comes_in_through_a_proxy(shared: Room, header: dict[str, str]):
    refused(shared.client.get("/jobs", headers=header), 401)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost.evil"]
)
def test_without_keys_no_web_page_comes_in_by_way_of_a_browser_here(shared: Room, origin: str):
    refused(shared.client.post("/jobs", data=HELLO, headers={"Origin": origin}), 401)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8004", "192.0.2.7", "", "127.0.0.1.evil.example"])
def test_without_keys_nobody_comes_in_under_another_name_of_this_machine(shared: Room, host: str):
    refused(shared.client.get("/jobs", headers={"Host": host}), 401)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8004", "127.0.0.1", "127.8.8.8", "[::1]:8004", "a.localhost"])
def test_every_name_of_this_machine_to_itself_is_good(shared: Room, host: str):
    assert shared.client.get("/jobs", headers={"Host": host}).status_code == 200
    assert shared.client.get("/jobs", headers={"Origin": f"http://{host.lower()}"}).status_code == 200


def test_from_the_first_key_on_this_machine_needs_one_too(room: Room):
    assert room.client.get("/jobs").status_code == 200
    made = room.client.post("/admin/keys", json={"name": "Root", "scopes": ["admin"]})
    assert made.status_code == 201
    refused(room.client.get("/jobs"), 401, word="X-API-Key")
    assert room.client.get("/jobs", headers={"X-API-Key": made.json()["key"]}).status_code == 200
    assert room.client.get("/health").status_code == 200


def test_when_the_last_key_is_revoked_nothing_opens_by_itself(room: Room):
    with person(room, "Root", [Scope.ADMIN]) as root:
        assert root.client.delete(f"/admin/keys/{root.id}").json()["usable"] is False
        refused(root.client.get("/jobs"), 401, word="revoked")
    refused(room.client.get("/jobs"), 401)


def test_what_was_made_before_there_were_keys_is_only_an_admins(room: Room):
    before = room.spoken()
    with person(room, "Ana") as ana, person(room, "Root", [Scope.ADMIN]) as root:
        refused(ana.client.get(f"/jobs/{before['id']}"), 404)
        assert ana.client.get("/jobs").json()["total"] == 0
        assert root.client.get("/jobs").json()["total"] == 1
        assert root.client.get(f"/jobs/{before['id']}").status_code == 200


def test_auth_off_opens_the_service_to_everybody(tmp_path: Path):
    with furnished(tmp_path, auth="off") as room:
        room.service.keys.make("Ana", {Scope.SPEAK})
        assert from_elsewhere(room).status_code == 200


@pytest.mark.parametrize("name", [
    "api_key", "key", "token", "xi-api-key", "X-API-Key", "apikey", "access_token", "API%5FKEY", "authorization",
])  # fmt: skip
@pytest.mark.parametrize("path", ["/jobs", "/health", "/"])
def test_a_key_in_the_address_is_refused_and_not_repeated(
    shared: Room, caplog: pytest.LogCaptureFixture, name: str, path: str
):
    with caplog.at_level(logging.DEBUG):
        answer = shared.client.get(f"{path}?limit=1&{name}=vk_secret")
    problem = refused(answer, 400, word="X-API-Key")
    assert "vk_secret" not in str(problem)
    assert not [
        each for each in caplog.records if each.name.startswith("voicecore") and "vk_secret" in each.getMessage()
    ]


@pytest.mark.parametrize("path", ["/jobs", "/v1/models", "/v1/voices"])
def test_a_key_in_the_address_is_known_by_its_looks_whatever_it_is_called(shared: Room, path: str):
    text = key_text(KeyId("key_" + "a" * 20), "b" * 32)
    for query in (f"auth={text}", f"limit=1&k=%20{text}", f"x=Bearer+{text}"):
        answer = shared.client.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert "X-API-Key" in answer.text
        assert text not in answer.text


@pytest.mark.parametrize("path", ["/jobs", "/live"])
def test_an_address_of_thousands_of_parameters_is_refused(shared: Room, path: str):
    refused(shared.client.get(f"{path}?{'a&' * 2_000}"), 400, word="parameters")


def test_a_stranger_is_refused_before_his_upload_is_read(room: Room):
    room.service.keys.make("Ana", {Scope.CLONE})
    url = room.client.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENCE_S) as stranger:
        stranger.sendall(
            b"POST /voices/clone HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 200000000\r\n\r\n--x\r\n"
        )
        assert stranger.recv(12) == b"HTTP/1.1 401"


def test_the_log_of_a_server_without_keys_says_so_once(tmp_path: Path):
    with serving(tmp_path) as process:
        process.get("/jobs")
        assert process.logged().count("there are no API keys") == 1


def test_the_log_of_an_open_server_warns(tmp_path: Path):
    with serving(tmp_path, VOICECORE_AUTH="off") as process:
        assert process.logged().count("VOICECORE_AUTH is off") == 1
        assert "no API keys" not in process.logged()
