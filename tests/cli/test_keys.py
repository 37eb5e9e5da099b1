"""`voicecore keys` and `voicecore audit`, on the store itself and with a running service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.room import Room, furnished
from tests.instruments.redis_server import fresh_prefix, shared_server
from voicecore.access import Scope, read_key

from .shell import Result

Command = Callable[..., Result]


def key_of(made: Result) -> str:
    assert made.code == 0, made.err
    text = made.out.decode().strip()
    assert read_key(text) is not None
    return text


def test_a_key_is_printed_once_and_listed_without_its_secret(command: Command):
    made = command("keys", "add", "Ana", "--scope", "speak", "--scope", "clone", "--days", "30", "--voices", "3")
    secret = key_of(made).rpartition("_")[2]
    assert "not shown again" in made.err
    assert "asks everybody for a key" in made.err
    listed = command("keys", "list", "--json")
    (key,) = listed.json["keys"]
    assert (key["name"], key["scopes"], key["limits"]["voices"]) == ("Ana", ["clone", "speak"], 3)
    assert key["expires_at"] is not None
    assert secret.encode() not in listed.out
    assert b"good" in command("keys").out


def test_keys_are_rotated_and_revoked_by_name(command: Command):
    first = key_of(command("keys", "add", "Ana"))
    second = key_of(command("keys", "rotate", "ana", "--grace-hours", "0"))
    assert first.split("_")[1] == second.split("_")[1]
    assert command("keys", "revoke", "Ana").code == 0
    assert b"revoked" in command("keys", "list").out
    again = command("keys", "add", "Ana", "--json")
    assert again.json["key"].split("_")[1] != first.split("_")[1]
    assert command("keys", "revoke", "nobody").code == 4


def test_wrong_words_are_refused(command: Command):
    for arguments in (("--scope", "all"), ("--days", "0"), ("--voices", "-1")):
        assert command("keys", "add", "Ana", *arguments).code == 2
    assert command("keys", "rotate", "Ana", "--grace-hours", "1000").code == 2


def test_with_redis_the_keys_are_where_the_service_looks(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VOICECORE_REDIS_URL", shared_server().url)
    monkeypatch.setenv("VOICECORE_REDIS_PREFIX", fresh_prefix())
    text = key_of(command("keys", "add", "Ana"))
    found = read_key(text)
    assert found is not None
    assert command("keys", "list", "--json").json["keys"][0]["id"] == found[0]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Room]:
    with furnished(tmp_path / "service") as room:
        yield room


def test_a_running_service_is_asked_with_the_key_of_the_environment(
    command: Command, running: Room, monkeypatch: pytest.MonkeyPatch
):
    url = str(running.client.base_url)
    root = key_of(command("keys", "add", "Root", "--scope", "admin", "--url", url))
    refused = command("jobs", "list", "--url", url)
    assert (refused.code, refused.out) == (1, b"")
    assert "VOICECORE_API_KEY" in refused.err
    monkeypatch.setenv("VOICECORE_API_KEY", root)
    assert command("jobs", "list", "--url", url).code == 0
    speaker = key_of(command("keys", "add", "Ana", "--url", url))
    monkeypatch.setenv("VOICECORE_API_KEY", speaker)
    assert "admin" in command("keys", "list", "--url", url).err
    assert command("say", "Olá", "-o", "a.wav", "--url", url).code == 0
    (job,) = running.service.store.page(_all()).jobs
    assert job.owner == read_key(speaker)[0]


def _all():
    from voicecore.ports import JobQuery

    return JobQuery()


def test_the_key_of_the_environment_is_not_needed_for_ones_own_folder(
    command: Command, monkeypatch: pytest.MonkeyPatch
):
    key_of(command("keys", "add", "Ana"))
    monkeypatch.setenv("VOICECORE_API_KEY", "vk_of_another_service")
    assert command("voices", "list").code == 0


def test_the_log_is_shown_and_a_changed_line_is_found(command: Command, tmp_path: Path):
    assert command("audit", "verify").code == 0
    key_of(command("keys", "add", "Ana"))
    assert command("keys", "revoke", "Ana").code == 0
    assert [line["what"] for line in command("audit", "show", "--json").json] == ["key.make", "key.revoke"]
    assert b"key.revoke" in command("audit", "show").out
    assert b"key.make" not in command("audit", "show", "--limit", "1").out
    verified = command("audit", "verify", "--json")
    assert (verified.code, verified.json) == (0, {"lines": 2, "whole": True, "problem": None})
    log = tmp_path / "data" / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"key.make", b"key.fake", 1))
    spoiled = command("audit", "verify")
    assert (spoiled.code, spoiled.out) == (1, b"")
    assert "changed" in spoiled.err
    assert Scope.SPEAK.value in str(command("audit", "show", "--json").json)
