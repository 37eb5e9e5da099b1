"""`/rvc-models`: what is taken in, what is refused, and what becomes of a model."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn

import pytest

from entrypoints.container import Container
from voicecore.conversion import F0Method
from voicecore.testing.shifter import PLAN_VARIABLE, shifter_file
from voicecore.usecases.converters import Converters

from .room import HELLO, PATIENCE_S, Room, eventually, furnished, refused

FIELDS = {
    "id", "model_id", "name", "description", "version", "f0", "sample_rate_hz", "has_index", "index_vectors", "file_size",
    "sha256", "notes", "created_at",
}  # fmt: skip


def files(weights: bytes | None = None, index: bytes | None = None) -> dict:
    sent = {"pth_file": ("narrator.pth", shifter_file() if weights is None else weights)}
    return sent if index is None else {**sent, "index_file": ("added.index", index)}


def without_converter(container: Container) -> None:
    container.converters.override(Converters(None))
    container.intake.override(None)


def test_a_model_is_taken_in_listed_and_shown(room: Room):
    answer = room.client.post(
        "/rvc-models", data={"name": " Narrator ", "description": "Deep"}, files=files(index=b"12345")
    )
    model = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/rvc-models/{model['id']}"
    assert model.keys() == FIELDS
    assert model["id"] == model["model_id"]
    assert model["id"].startswith("rvc_")
    assert (model["name"], model["description"], model["version"], model["f0"]) == ("Narrator", "Deep", "v2", True)
    assert (model["sample_rate_hz"], model["has_index"], model["index_vectors"]) == (32_000, True, 5)
    assert room.client.get(answer.headers["location"]).json() == model
    listed = room.client.get("/rvc-models").json()
    assert (listed["total"], listed["models"], listed["installed"], listed["detail"]) == (1, [model], True, None)
    stats = room.client.get("/rvc-models/stats").json()
    assert (stats["total"], stats["with_index"], stats["max_models"], stats["installed"]) == (1, 1, 100, True)


def test_a_model_without_an_index_says_so(room: Room):
    model = room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).json()
    assert (model["has_index"], model["index_vectors"]) == (False, 0)
    assert model["notes"] == ["It has no index."]


def test_the_files_of_an_upload_are_gone_when_it_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    with furnished(tmp_path / "data") as room:
        assert room.client.post("/rvc-models", data={"name": "a"}, files=files()).status_code == 201
        refused(room.client.post("/rvc-models", data={"name": "b"}, files=files(b"x" * 400_000)), 400)
        assert eventually(lambda: not list(spool.iterdir()))
        assert room.client.get("/rvc-models").json()["total"] == 1


def test_a_name_belongs_to_one_model(room: Room):
    assert room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).status_code == 201
    refused(room.client.post("/rvc-models", data={"name": "NARRATOR"}, files=files()), 409, "name", "narrator")


def told_before_the_file(room: Room, *fields: tuple[str, str]) -> tuple[int, dict]:
    """The answer to an upload of which nothing was sent behind the head of its first file."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    head = '--x\r\nContent-Disposition: form-data; name="pth_file"; filename="a.pth"\r\n\r\n'
    door = HTTPConnection(room.client.base_url.host, room.client.base_url.port, timeout=PATIENCE_S)
    with closing(door):
        door.putrequest("POST", "/rvc-models")
        door.putheader("Content-Type", "multipart/form-data; boundary=x")
        door.putheader("Content-Length", "100000000")
        door.endheaders("".join([*parts, head]).encode())
        answer = door.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_taken_name_is_told_before_the_file_is_read_if_it_came_first(room: Room):
    assert room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).status_code == 201
    status, problem = told_before_the_file(room, ("description", "Deep"), ("name", " narrator"))
    assert (status, problem["code"], problem["field"]) == (409, "name_taken", "name")
    status, problem = told_before_the_file(room, ("name", "x" * 101))
    assert (status, problem["field"]) == (400, "name")
    assert room.client.get("/rvc-models").json()["total"] == 1


def test_one_model_too_many_is_told_before_the_file_is_read_whatever_came_first(tmp_path: Path):
    with furnished(tmp_path, max_rvc_models=1) as room:
        assert room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).status_code == 201
        for fields in ([], [("name", "Another")]):
            status, problem = told_before_the_file(room, *fields)
            assert (status, problem["code"]) == (409, "conflict")
            assert "which is the limit" in problem["detail"]


class Untouched:
    """An intake that nothing may reach."""

    def take_in(self, weights: Path, index: Path | None) -> NoReturn:
        raise AssertionError(f"{weights} was read, and {index}")


def test_a_name_that_comes_behind_the_files_is_looked_at_before_they_are_taken_in(tmp_path: Path):
    with furnished(tmp_path) as room:
        assert room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).status_code == 201
        before = sorted(stat.key for stat in room.service.blobs.list())
        room.service.add_model = replace(room.service.add_model, intake=Untouched())
        late = [*files(index=b"12").items(), ("name", (None, "NARRATOR"))]
        refused(room.client.post("/rvc-models", files=late), 409, "name", "narrator")
        assert sorted(stat.key for stat in room.service.blobs.list()) == before


@pytest.mark.parametrize(
    ("fields", "sent", "field"),
    [
        ({}, files(), "name"),
        ({"name": " "}, files(), "name"),
        ({"name": "x" * 101}, files(), "name"),
        ({"name": "a", "description": "x" * 501}, files(), "description"),
        ({"name": "a", "version": "v2"}, files(), "version"),
        ({"name": "a"}, {"index_file": ("a.index", b"12")}, "pth_file"),
        ({"name": "a"}, {**files(), "config": ("config.json", b"{}")}, "config"),
        ({"name": "a"}, [("pth_file", ("a.pth", b"1")), ("pth_file", ("b.pth", b"2"))], "pth_file"),
        ({"name": "a", "index_file": "added.index"}, files(), "index_file"),
    ],
)
def test_wrong_fields_are_named_and_leave_nothing(shared: Room, fields: dict, sent: dict, field: str):
    refused(shared.client.post("/rvc-models", data=fields, files=sent), 400, field)
    assert not list(shared.service.blobs.list("models/"))


def test_what_is_no_model_is_a_400_with_the_reason(shared: Room):
    refused(shared.client.post("/rvc-models", data={"name": "a"}, files=files(b"no model")), 400, word="not a model")
    refused(shared.client.post("/rvc-models", data={"name": "a"}, files=files(index=b"")), 400, word="index is empty")
    assert not list(shared.service.blobs.list("models/"))


def test_other_media_types_are_a_415(shared: Room):
    refused(shared.client.post("/rvc-models", json={"name": "a"}), 415, word="multipart/form-data")
    refused(shared.client.post("/rvc-models", data={"name": "a"}), 415)


def small(container: Container) -> None:
    settings = container.settings()
    limits = type(settings.limits)(max_rvc_model_bytes=1_000_000, max_rvc_models=2)
    container.limits.override(limits)


def test_a_file_over_the_limit_is_a_413_and_a_model_over_the_count_a_409(tmp_path: Path):
    with furnished(tmp_path, override=small) as room:
        refused(room.client.post("/rvc-models", data={"name": "a"}, files=files(b"x" * 1_100_000)), 413, "pth_file")
        refused(
            room.client.post("/rvc-models", data={"name": "a"}, files=files(index=b"x" * 1_100_000)), 413, "index_file"
        )
        for name in "ab":
            assert room.client.post("/rvc-models", data={"name": name}, files=files()).status_code == 201
        refused(room.client.post("/rvc-models", data={"name": "c"}, files=files()), 409, word="limit")


def test_a_model_is_deleted_with_its_files_and_then_nobody_knows_it(room: Room):
    model = room.client.post("/rvc-models", data={"name": "Narrator"}, files=files(index=b"12")).json()
    answer = room.client.delete(f"/rvc-models/{model['id']}")
    assert (answer.status_code, answer.json()["model_id"], answer.json()["files_deleted"]) == (200, model["id"], 2)
    assert not list(room.service.blobs.list("models/"))
    refused(room.client.get(f"/rvc-models/{model['id']}"), 404)
    refused(room.client.delete(f"/rvc-models/{model['id']}"), 404)
    refused(
        room.client.post("/jobs", json={**HELLO, "enable_rvc": True, "rvc_model_id": model["id"]}), 404, "rvc_model_id"
    )


def test_a_model_that_a_job_waits_for_is_not_deleted(room: Room):
    room.gate.opened.clear()
    model = room.client.post("/rvc-models", data={"name": "Narrator"}, files=files()).json()
    job = room.submit(enable_rvc=True, rvc_model_id=model["id"])
    refused(room.client.delete(f"/rvc-models/{model['id']}"), 409, word=job["id"])
    room.client.post(f"/jobs/{job['id']}/cancel")
    assert room.client.delete(f"/rvc-models/{model['id']}").status_code == 200


@pytest.mark.parametrize("model_id", ["rvc_none", "a.b", "A", "x" * 200, "%00"])
def test_an_id_that_is_none_is_a_404(shared: Room, model_id: str):
    refused(shared.client.get(f"/rvc-models/{model_id}"), 404)
    refused(shared.client.delete(f"/rvc-models/{model_id}"), 404)


def test_where_nothing_converts_it_says_how_to_mend_it_and_reads_no_upload(tmp_path: Path):
    with furnished(tmp_path, override=without_converter) as room:
        listed = room.client.get("/rvc-models").json()
        assert (listed["total"], listed["models"], listed["installed"]) == (0, [], False)
        assert "pip install 'voicecore[rvc]'" in listed["detail"]
        assert {each["id"] for each in listed["f0_methods"]} == set(F0Method)
        assert not any(each["available"] for each in listed["f0_methods"])
        assert room.client.get("/rvc-models/stats").json()["installed"] is False
        refused(room.client.post("/rvc-models", data={"name": "x"}, files=files(b"x" * 3_000_000)), 501, word="rvc")
        refused(room.client.post("/jobs", json={**HELLO, "enable_rvc": True, "rvc_model_id": "rvc_1"}), 501, word="rvc")
        recording = {"file": ("a.wav", b"RIFF")}
        refused(
            room.client.post("/jobs", data={"mode": "convert", "rvc_model_id": "rvc_1"}, files=recording),
            501,
            word="rvc",
        )
        health = room.client.get("/health").json()["checks"]["conversion"]
        assert (health["status"], health["installed"]) == ("ok", False)
        assert "pip install" in health["detail"]


def test_pitch_trackers_that_are_off_are_listed_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(PLAN_VARIABLE, '{"methods_off": ["rmvpe"]}')
    with furnished(tmp_path) as room:
        listed = room.client.get("/rvc-models").json()
        off = {each["id"]: each["detail"] for each in listed["f0_methods"] if not each["available"]}
        assert listed["installed"] is True
        assert off.keys() == {"rmvpe"}
        assert "voicecore models pull" in off["rmvpe"]
        health = room.client.get("/health").json()["checks"]["conversion"]
        assert (health["status"], health["installed"]) == ("ok", True)
        assert "voicecore models pull" in health["methods_off"]["rmvpe"]
