"""A query parameter or a body that a route does not take is refused before anything is done, but for where others decide what is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.instruments.tones import recording
from voicecore.access import Scope

from .elevenlabs_clients import labs_client
from .openai_clients import client_of
from .people import person
from .room import HELLO, Room, furnished, refused
from .test_matrix import HTTP, OPEN_PATHS, SOCKETS, Way

WORD, VALUE = "dryrun_", "hunter2"
#: Of ours, though it lies among OpenAI's addresses.
OURS = "/v1/audio/detect"
OF_JOBS = "cursor, limit, mode, search, status"
LEFT_ALONE = {*OPEN_PATHS, "/metrics"}
DIALECTS = [way for way in HTTP if re.match(r"/v[12]/", way.path) and way.path != OURS]
OWN = [way for way in HTTP if way not in DIALECTS and way.path not in LEFT_ALONE]
#: Right in all else, so that nothing but the parameter is there to refuse.
BODIES: dict[str, dict[str, Any]] = {
    "POST /jobs": {"json": HELLO},
    "POST /jobs/stream": {"json": HELLO},
    "POST /segments": {"json": {"text": "Oi.", "source_language": "pt-BR"}},
    "POST /consents": {"json": {"by": "Bia"}},
    "POST /voices/clone": {
        "data": {"name": "Bia", "language": "pt-BR", "consent_by": "Bia"},
        "files": {"file": ("a.wav", recording(), "audio/wav")},
    },
    "POST /admin/keys": {"json": {"name": "Bia", "scopes": ["speak"]}},
    "PATCH /voices/{voice_id}": {"json": {"name": "Bia"}},
    "POST /quality-profiles/{engine}/{profile_id}/duplicate": {"json": {"name": "Bia"}},
}


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, dict[str, str]]]:
    """A room with something of each kind in it, and the names of that."""
    with furnished(tmp_path_factory.mktemp("data")) as room:
        names = {
            "job_id": room.spoken()["id"],
            "voice_id": room.enrolled()["voice_id"],
            "consent_id": room.client.post("/consents", json={"by": "Ana"}).json()["id"],
            "engine": "tone",
            "profile_id": "stable",
        }
        yield room, names


def ask(room: Room, way: Way, query: str, names: dict[str, str], **more: Any) -> httpx.Response:
    values = {name: names.get(name, "absent") for name in re.findall(r"\{(\w+)\}", way.path)}
    address = way.path.format(**values) + query
    # What streams is not read.
    with room.client.stream(way.method, address, **{**BODIES.get(str(way), {}), **more}) as answer:
        if answer.status_code >= 400:
            answer.read()
        return answer


def query_parameters(room: Room) -> dict[str, list[dict[str, Any]]]:
    """What `/openapi.json` says of each route's."""
    return {
        f"{method.upper()} {path}": [each for each in body.get("parameters", []) if each["in"] == "query"]
        for path, item in room.client.get("/openapi.json").json()["paths"].items()
        for method, body in item.items()
    }


def contents(room: Room) -> list[dict[str, Any]]:
    """All that can be listed."""
    listed = ("/jobs", "/voices", "/consents", "/quality-profiles", "/rvc-models", "/admin/keys", "/admin/stats")
    return [room.client.get(each).json() for each in listed]


def test_every_route_of_our_own_refuses_an_unknown_parameter_before_anything_is_changed(lived_in):
    room, names = lived_in
    before, described = contents(room), query_parameters(room)
    for way in OWN:
        answer = ask(room, way, f"?{WORD}={VALUE}", names)
        assert VALUE not in answer.text, way
        if way.method == "HEAD":
            assert answer.status_code == 400, way
            continue
        problem = refused(answer, 400, WORD, f"This route has no query parameter '{WORD}'")
        assert problem["code"] == "invalid_input", way
        for each in described.get(str(way), []):
            assert each["name"] in problem["detail"], way
    assert contents(room) == before


def test_no_route_is_forgotten():
    assert {way.path for way in HTTP if way not in OWN and way not in DIALECTS} == LEFT_ALONE
    assert len(OWN) > 40
    assert len(DIALECTS) > 20


@pytest.mark.parametrize("way", [way for way in HTTP if way not in OWN], ids=str)
def test_where_others_decide_what_is_sent_an_unknown_parameter_changes_nothing(lived_in, way: Way):
    room, _ = lived_in
    plain, with_it = (ask(room, way, query, {}) for query in ("", f"?{WORD}={VALUE}&api-version=2024&{WORD}=again"))
    assert with_it.status_code == plain.status_code
    assert with_it.status_code < 400 or WORD not in with_it.text


def test_clients_of_the_dialects_may_send_parameters_of_their_own(shared: Room):
    client = client_of(shared, default_query={"api-version": "2024-06-01"})
    speech = {"model": "tts-1", "input": "Olá.", "voice": "alloy", "response_format": "wav"}
    assert client.audio.speech.create(**speech, extra_query={"trace": "x"}).content[:4] == b"RIFF"
    assert client.models.list().data
    more = {"additional_query_parameters": {"trace": "x", "another": ["a", "b"]}, "max_retries": 0}
    labs = labs_client(shared)
    sound = labs.text_to_speech.convert(
        "female_warm", text="Olá.", enable_logging=False, optimize_streaming_latency=3, request_options=more
    )
    assert b"".join(sound)
    assert labs.voices.search(page_size=1, request_options=more).voices


def test_a_cleanup_that_is_misspelt_removes_nothing(room: Room):
    job = room.spoken()
    names = ("dryrun", "Dry_Run", "DRY_RUN", "dry-run", "dryRun", "dry_run%20", "dr%79run", "dry%5Frun%00", "dry_run[]")
    for name in names:
        problem = refused(
            room.client.post(f"/admin/cleanup?deep=true&{name}=true"), 400, word="did you mean 'dry_run'?"
        )
        assert problem["detail"].endswith("It has: deep, dry_run.")
    assert room.client.get(f"/jobs/{job['id']}/download").status_code == 200
    assert room.client.post("/admin/cleanup?deep=true&dr%79_run=true").json()["jobs_removed"] == 1
    assert room.client.post("/admin/cleanup?deep=true").json()["jobs_removed"] == 1


@pytest.mark.parametrize(
    "query", ["dry_run=true&dry_run=false", "dry_run=true&deep=1&dry%5Frun=true", "dry_run&dry_run"]
)
def test_a_parameter_that_is_sent_twice_is_refused_where_one_of_them_would_be_lost(shared: Room, query: str):
    problem = refused(shared.client.post(f"/admin/cleanup?{query}"), 400, "dry_run", "sent 2 times; send it once")
    assert "true" not in problem["detail"]


def test_of_a_list_all_count(shared: Room):
    found = shared.client.get("/v2/voices?voice_ids=female_warm&voice_ids=male_deep").json()["voices"]
    assert {each["voice_id"] for each in found} == {"female_warm", "male_deep"}


@pytest.mark.parametrize(("path", "sentence"), [
    ("/jobs?state=queued", f"This route has no query parameter 'state'; did you mean 'status'? It has: {OF_JOBS}."),
    ("/jobs?page=2", f"This route has no query parameter 'page'; it has: {OF_JOBS}."),
    ("/jobs?=2", f"This route has no query parameter ''; it has: {OF_JOBS}."),
    ("/voices?limit=2", "This route has no query parameter 'limit': it takes none; leave it out."),
    ("/jobs?%ff%fe=2", f"This route has no query parameter '\ufffd\ufffd'; it has: {OF_JOBS}."),
    ("/jobs?%1b%5b2J%0a=2", f"This route has no query parameter '\\x1b[2J\\n'; it has: {OF_JOBS}."),
    ("/jobs?status=xyz", "status is 'xyz'; choose one of: queued, processing, completed, failed, cancelled."),
    ("/jobs?mode=", "mode is ''; choose one of: dubbing, dubbing_with_clone, clone, mix, convert."),
    ("/jobs?limit=0", "limit is '0'; send a whole number from 1 to 100."),
    ("/jobs?limit=2.5", "limit is '2.5'; send a whole number from 1 to 100."),
    ("/jobs?limit=%1b[2J", "limit is '\\x1b[2J'; send a whole number from 1 to 100."),
    ("/jobs?limit=" + "9" * 2000, f"limit is '{'9' * 60}…'; send a whole number from 1 to 100."),
    ("/jobs/x/download?timeout=601", "timeout is '601'; send a whole number from 0 to 600."),
    ("/jobs/x/subtitles?format=ass", "format is 'ass'; choose one of: srt, vtt."),
    ("/jobs/x/subtitles?words=2", "words is '2'; send true or false."),
    ("/jobs/x/stream?keep=maybe", "keep is 'maybe'; send true or false."),
])  # fmt: skip
def test_the_sentence_says_what_is_wrong_and_how_to_mend_it(shared: Room, path: str, sentence: str):
    assert refused(shared.client.get(path), 400)["detail"] == sentence


@pytest.mark.parametrize(("path", "sentence"), [
    ("/v2/voices?category=own", "category is 'own'; choose one of: premade, cloned, generated, professional."),
    ("/v2/voices?sort=age", "sort is 'age'; choose one of: created_at_unix, name."),
    # Of several the last one counts, as at ElevenLabs'.
    ("/v2/voices?page_size=1&page_size=0", "page_size is '0'; send a whole number from 1 to 100."),
])  # fmt: skip
def test_so_it_does_in_a_dialect(shared: Room, path: str, sentence: str):
    answer = shared.client.get(path)
    assert (answer.status_code, answer.json()["detail"]["message"]) == (400, sentence)


def test_no_parameter_is_of_a_kind_for_whose_wrong_values_there_are_no_words(shared: Room):
    parameters = [each for route in query_parameters(shared).values() for each in route]
    schemas = [one for each in parameters for one in each["schema"].get("oneOf", [each["schema"]])]
    kinds = {"choice" if "enum" in each else each.get("type", "choice") for each in schemas}
    # A choice is a list of words or a reference to one. Texts, and lists of them, take all.
    assert kinds == {"boolean", "integer", "string", "array", "null", "choice"}


def test_whoever_may_not_come_in_learns_nothing_of_parameters(tmp_path):
    with furnished(tmp_path) as room, person(room, "Ana", [Scope.SPEAK]) as ana:
        for way in OWN:
            answers = [ask(room, way, query, {}) for query in ("", f"?{WORD}=true")]
            assert [each.status_code for each in answers] == [401, 401], way
            assert WORD not in answers[1].text
        assert ana.client.post("/admin/cleanup?dryrun=true").status_code == 403


def test_a_key_that_is_the_name_of_a_parameter_is_not_repeated(room: Room):
    with person(room, "Ana") as ana:
        for path in ("/jobs", "/v1/models", "/"):
            answer = ana.client.get(f"{path}?{ana.text}")
            assert answer.status_code == 400
            assert ana.text not in answer.text
            assert "rotate the key" in answer.text


def test_a_socket_with_an_unknown_parameter_does_not_open(shared: Room):
    address = shared.url.replace("http", "ws", 1)
    for way in SOCKETS:
        with pytest.raises(InvalidStatus), connect(f"{address}{way.path}?{WORD}=1"):
            pass


def test_what_browsers_ask_before_a_request_is_not_refused(shared: Room):
    assert shared.client.options("/admin/cleanup?deep=true&dry_run=true").status_code == 204


def test_an_event_source_in_a_script_goes_on_where_it_was_by_a_parameter(shared: Room):
    job = shared.spoken()
    address = f"/jobs/{job['id']}/events"
    last = re.findall(r"^id: (.*)$", shared.client.get(address).text, re.MULTILINE)[-1]
    assert shared.client.get(address, params={"lastEventId": last}).status_code == 204
    # The header is newer than what stands in an address.
    headers = {"Last-Event-ID": last}
    assert shared.client.get(address, params={"lastEventId": "0-queued-0-0"}, headers=headers).status_code == 204
    assert shared.client.get(address, params={"lastEventId": "nonsense"}).status_code == 200


SAYING = [{"json": {"dry_run": True}}, {"data": {"dry_run": "true"}}, {"content": b" " * 10_000}, {"json": [1]},
          {"content": [b"{", b'"dry_run": true}']}]  # fmt: skip
SAYING_NOTHING = [{}, {"json": {}}, {"content": b""}, {"content": b" null\n"}]


def test_a_body_of_a_route_that_reads_none_is_refused_before_anything_is_changed(lived_in):
    room, names = lived_in
    before = contents(room)
    described = room.client.get("/openapi.json").json()["paths"]
    bodiless = [
        way for way in OWN
        if way.method in ("POST", "PATCH", "DELETE") and "requestBody" not in described[way.path][way.method.lower()]
    ]  # fmt: skip
    assert {"POST /admin/cleanup", "DELETE /jobs/{job_id}", "POST /jobs/{job_id}/cancel"} <= {
        str(way) for way in bodiless
    }
    for way in bodiless:
        refused(ask(room, way, "", names, json={"dry_run": True}), 400, word="This route takes no body, leave it out")
    assert contents(room) == before


@pytest.mark.parametrize("body", SAYING, ids=["json", "form", "long", "list", "chunked"])
def test_a_cleanup_that_is_told_something_in_a_body_removes_nothing(shared: Room, body: dict[str, Any]):
    job = shared.spoken()
    problem = refused(shared.client.post("/admin/cleanup?deep=true", **body), 400)
    assert (
        problem["detail"]
        == "This route takes no body, leave it out; what it takes stands in the address: deep, dry_run."
    )
    assert shared.client.get(f"/jobs/{job['id']}/download").status_code == 200


@pytest.mark.parametrize("body", SAYING_NOTHING, ids=["none", "object", "empty", "null"])
def test_a_body_that_says_nothing_is_passed_over(shared: Room, body: dict[str, Any]):
    assert shared.client.post("/admin/cleanup?dry_run=true", **body).status_code == 200


CLIP = ("a.wav", recording(), "audio/wav")


@pytest.mark.parametrize(("path", "fields", "files"), [
    ("/jobs", HELLO, {}),
    ("/jobs", {"mode": "convert", "rvc_model_id": "rvc_none"}, {"file": CLIP}),
    ("/voices/clone", {"name": "Bia", "language": "pt-BR", "consent_by": "Bia"}, {"file": CLIP}),
    ("/consents", {"by": "Bia"}, {"recording": CLIP}),
    ("/rvc-models", {"name": "Bia"}, {"pth_file": CLIP}),
    ("/v1/audio/detect", {}, {"file": CLIP}),
])  # fmt: skip
def test_a_field_of_a_form_that_nobody_knows_is_refused_too(shared: Room, path: str, fields: dict, files: dict):
    refused(
        shared.client.post(path, data={**fields, "dryrun": "true"}, files=files), 400, "dryrun", "There is no field"
    )
    more = {**files, "second": CLIP}
    refused(shared.client.post(path, data=fields, files=more), 400, "second")
