"""Keys over HTTP: made, listed, rotated, revoked; and what is each one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from voicecore.access import Scope

from .people import Person, acting, person
from .room import HELLO, Room, furnished, refused


@pytest.fixture
def root(room: Room) -> Iterator[Person]:
    with person(room, "Root", [Scope.ADMIN]) as made:
        yield made


def test_a_key_is_shown_once_and_kept_only_as_a_digest(room: Room, root: Person, tmp_path: Path):
    made = root.client.post("/admin/keys", json={"name": "Ana", "scopes": ["speak", "clone"]})
    key = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/admin/keys/{key['id']}")
    assert key["key"].startswith(f"vk_{key['id'].removeprefix('key_')}_")
    assert (key["scopes"], key["usable"], key["expires_at"]) == (["clone", "speak"], True, None)
    secret = key["key"].rpartition("_")[2]
    for path in ("/admin/keys", f"/admin/keys/{key['id']}"):
        told = root.client.get(path)
        assert told.status_code == 200
        assert secret not in told.text
        assert "digest" not in told.text
    for file in tmp_path.iterdir():
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
    assert room.client.get("/jobs", headers={"X-API-Key": key["key"]}).status_code == 200


def test_after_a_rotation_both_texts_are_good_for_the_grace(room: Room, root: Person):
    key = root.client.post("/admin/keys", json={"name": "Ana", "scopes": ["speak"]}).json()
    with_old = {"X-API-Key": key["key"]}
    job = room.client.post("/jobs", json=HELLO, headers=with_old).json()
    rotated = root.client.post(f"/admin/keys/{key['id']}/rotate").json()
    assert rotated["key"] != key["key"]
    for text in (key["key"], rotated["key"]):
        assert room.client.get(f"/jobs/{job['id']}", headers={"X-API-Key": text}).status_code == 200
    again = root.client.post(f"/admin/keys/{key['id']}/rotate", json={"grace_s": 0}).json()
    for text in (key["key"], rotated["key"]):
        refused(room.client.get("/jobs", headers={"X-API-Key": text}), 401)
    assert room.client.get(f"/jobs/{job['id']}", headers={"X-API-Key": again["key"]}).status_code == 200


def test_a_revoked_key_is_refused_at_once_and_its_name_is_free(room: Room, root: Person):
    with person(room, "Ana") as ana:
        refused(root.client.post("/admin/keys", json={"name": "ANA", "scopes": ["speak"]}), 409, field="name")
        assert root.client.delete(f"/admin/keys/{ana.id}").status_code == 200
        refused(ana.client.get("/jobs"), 401, word="revoked")
        assert root.client.delete(f"/admin/keys/{ana.id}").status_code == 200
        refused(root.client.post(f"/admin/keys/{ana.id}/rotate"), 409)
        assert root.client.post("/admin/keys", json={"name": "ANA", "scopes": ["speak"]}).status_code == 201


def test_a_key_expires(room: Room, root: Person):
    soon = {"name": "A", "scopes": ["speak"], "expires_at": "2020-01-01T00:00:00Z"}
    refused(root.client.post("/admin/keys", json=soon), 400, field="expires_at")
    later = root.client.post("/admin/keys", json={**soon, "expires_at": "2999-01-01T00:00:00+03:00"})
    assert later.json()["expires_at"] == "2998-12-31T21:00:00Z"


@pytest.mark.parametrize(("changes", "field"), [
    ({"name": ""}, "name"), ({"name": "x" * 101}, "name"), ({"name": "a\nb"}, "name"), ({"scopes": []}, "scopes"),
    ({"scopes": ["all"]}, "scopes"), ({"scopes": "speak"}, "scopes"), ({"expires_at": "tomorrow"}, "expires_at"),
    ({"expires_at": "2999-01-01T00:00:00"}, "expires_at"), ({"limits": {"voices": -1}}, "voices"),
    ({"limits": {"voices": 10**15}}, "voices"), ({"limits": {"words": 1}}, None), ({"secret": "x"}, None),
])  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused(root: Person, changes: dict, field: str | None):
    refused(root.client.post("/admin/keys", json={"name": "A", "scopes": ["speak"], **changes}), 400, field=field)


@pytest.mark.parametrize("grace", [-1, 30 * 86_400 + 1, "1", 1.5])
def test_a_grace_that_makes_no_sense_is_refused(root: Person, grace: object):
    refused(root.client.post(f"/admin/keys/{root.id}/rotate", json={"grace_s": grace}), 400)


def test_an_unknown_key_is_not_found(root: Person):
    for path in ("key_none", "..%2f", "KEY", "é"):
        refused(root.client.get(f"/admin/keys/{path}"), 404)
        refused(root.client.delete(f"/admin/keys/{path}"), 404)
        refused(root.client.post(f"/admin/keys/{path}/rotate"), 404)


def test_each_sees_his_own_and_an_admin_everything(room: Room, root: Person):
    with person(room, "Ana") as ana, person(room, "Bia") as bia:
        with acting(room, ana) as hers:
            mine = hers.spoken()
            voice = hers.enrolled()["voice_id"]
        with acting(room, bia) as theirs:
            other = theirs.enrolled()
        assert {job["id"] for job in ana.client.get("/jobs").json()["jobs"]} >= {mine["id"]}
        assert ana.client.get("/jobs").json()["total"] == 2
        assert [job["id"] for job in bia.client.get("/jobs").json()["jobs"]] == [other["id"]]
        assert [each["id"] for each in ana.client.get("/voices").json()["voices"]] == [voice]
        assert root.client.get("/voices").json()["total"] == 2
        assert root.client.get("/jobs").json()["total"] == 3
        cloned = {**HELLO, "mode": "dubbing_with_clone", "voice_id": voice}
        refused(bia.client.post("/jobs", json=cloned), 404, field="voice_id")
        assert ana.client.post("/jobs", json=cloned).status_code == 202
        refused(bia.client.delete(f"/voices/{voice}"), 404)
        assert ana.client.delete(f"/voices/{voice}").status_code == 200


def test_the_same_idempotency_key_makes_each_a_job_of_his_own(room: Room):
    with person(room, "Ana") as ana, person(room, "Bia") as bia:
        jobs = [
            each.client.post("/jobs", json={**HELLO, "text": each.id}, headers={"Idempotency-Key": "k"})
            for each in (ana, bia)
        ]
        assert [job.status_code for job in jobs] == [202, 202]
        assert len({job.json()["id"] for job in jobs}) == 2


def test_speech_that_shall_be_converted_needs_both_scopes(room: Room):
    with person(room, "Ana", [Scope.SPEAK]) as ana, person(room, "Bia", [Scope.CONVERT]) as bia:
        refused(
            ana.client.post("/jobs", json={**HELLO, "enable_rvc": True, "rvc_model_id": "rvc_1"}), 403, word="convert"
        )
        refused(bia.client.post("/jobs", json=HELLO), 403, word="speak")


def test_keys_survive_a_restart_and_a_pepper_is_needed_again(tmp_path: Path):
    with furnished(tmp_path, key_pepper="sixteen letters.") as room:
        _, text = room.service.keys.make("Ana", {Scope.SPEAK})
    for pepper, status in (("sixteen letters.", 200), (None, 401), ("another sixteen!", 401)):
        with furnished(tmp_path, key_pepper=pepper) as room:
            assert room.client.get("/jobs", headers={"X-API-Key": text}).status_code == status
