"""Errors are told in the shape of the part that was asked; and web pages of other origins are kept out unless they are listed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from litestar import Response

from entrypoints.http import dialects
from entrypoints.http.app import create_app  # noqa: F401 - its routes bring their dialects
from entrypoints.http.dialects import Refusal, renderer_of
from entrypoints.http.problems import as_problem
from voicecore.access import Scope

from .people import person
from .room import Room, furnished, refused


def _told(refusal: Refusal) -> Response[dict[str, object]]:
    return Response(
        {"oops": refusal.detail, "id": refusal.request_id}, status_code=refusal.status, headers=dict(refusal.headers)
    )


def _other(refusal: Refusal) -> Response[None]:
    return Response(None, status_code=refusal.status)


@pytest.fixture
def dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dialects.DIALECTS, "/jobs", _told)


def test_the_longest_beginning_of_whole_parts_decides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dialects, "DIALECTS", {"/v1/audio": _told, "/v1/audio/speech": _other, "/v1/": _told})
    default = _other
    assert renderer_of("/v1/audio/speech", default) is _other
    assert renderer_of("/v1/audio/voices", default) is _told
    assert renderer_of("/v1/anything", default) is _told
    assert renderer_of("/v1beta", _told) is _told
    assert renderer_of("/v1/audiobooks/1", default) is _told
    assert renderer_of("/", default) is _other


@pytest.mark.usefixtures("dialect")
def test_every_kind_of_refusal_is_told_in_the_dialect_of_its_path(room: Room):
    client = room.client
    answers = {
        404: client.get("/jobs/job_none"), 405: client.put("/jobs"), 400: client.get("/jobs?limit=x"),
        415: client.post("/jobs", content=b"x", headers={"Content-Type": "text/plain"}),
    }  # fmt: skip
    answers |= {413: client.post("/jobs", content=b"x" * 30_000_000, headers={"Content-Type": "application/json"})}
    for status, answer in answers.items():
        assert (answer.status_code, answer.json().keys()) == (status, {"oops", "id"})
        assert answer.json()["id"] == answer.headers["x-request-id"]
    nowhere = client.get("/jobs/a/b/c/d")
    assert (nowhere.status_code, nowhere.json().keys()) == (404, {"oops", "id"})
    refused(client.get("/voices/voice_none"), 404)
    with person(room, "Ana", [Scope.CLONE]) as ana:
        assert (client.get("/jobs").status_code, client.get("/jobs").json().keys()) == (401, {"oops", "id"})
        assert client.get("/jobs").headers["www-authenticate"]
        forbidden = ana.client.post("/jobs", json={})
        assert (forbidden.status_code, forbidden.json().keys()) == (403, {"oops", "id"})


def test_by_default_no_other_origin_may_read_an_answer(shared: Room):
    for answer in (
        shared.client.get("/health", headers={"Origin": "https://app.example.com"}),
        shared.client.options(
            "/jobs", headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
        ),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_listed_origin_may_call_with_a_key_and_others_still_not(tmp_path: Path):
    with furnished(tmp_path, cors_origins=("https://app.example.com",)) as room, person(room, "Ana") as ana:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key,content-type"}
        allowed = room.client.options("/jobs", headers={"Origin": "https://app.example.com", **asked})
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "https://app.example.com"
        assert "access-control-allow-credentials" not in allowed.headers
        answer = ana.client.get("/jobs", headers={"Origin": "https://app.example.com"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert answer.headers["x-content-type-options"] == "nosniff"
        other = room.client.options("/jobs", headers={"Origin": "https://evil.example", **asked})
        assert other.status_code == 400
        refused(room.client.get("/jobs", headers={"Origin": "https://app.example.com"}), 401)
        assert (
            "access-control-allow-origin"
            not in ana.client.get("/jobs", headers={"Origin": "https://evil.example"}).headers
        )


@pytest.mark.parametrize(
    ("path", "spoken"),
    [("/v1/audio", "b"), ("/v1/audio/speech", "b"), ("/v1/audio/detect", "c"), ("/v1/audio/detect/x", "c"),
     ("/v1/audiobooks", "a"), ("/v1", "a"), ("/", "a"), ("", "a")],
)  # fmt: skip
def test_the_longest_beginning_that_ends_at_a_slash_counts(monkeypatch, path, spoken):
    monkeypatch.setattr(dialects, "DIALECTS", {"/v1/audio": "b", "/v1/audio/detect": "c"})
    assert dialects.renderer_of(path, "a") == spoken


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(401, "authentication_error", "invalid_api_key"), (403, "permission_error", "forbidden"), (429, "rate_limit_error", "limit_reached"),
     (500, "server_error", "internal_error"), (413, "invalid_request_error", "too_large")],
)  # fmt: skip
def test_what_the_door_refuses_has_openai_s_shape_with_its_headers(status, kind, code):
    refusal = dialects.Refusal(
        path="/v1/audio/speech", status=status, code="unauthorized" if status == 401 else code, detail="No.", request_id="r",
        headers={"Retry-After": "7"},
    )  # fmt: skip
    answer = dialects.renderer_of(refusal.path, as_problem)(refusal)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert msgspec.to_builtins(answer.content) == {
        "error": {"message": "No.", "type": kind, "param": None, "code": code}
    }
