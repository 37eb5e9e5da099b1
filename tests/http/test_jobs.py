"""`/jobs`: what is accepted, what is refused, and what a job says of itself."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicecore.usecases import find_jobs

from .people import person
from .room import HELLO, Room, eventually, refused

FIELDS = {
    "id", "job_id", "status", "progress", "progress_message", "mode", "text", "source_language", "target_language",
    "spoken_language", "translated", "warnings", "voice_preset", "voice_id", "engine", "quality_profile", "speed", "seed",
    "needs", "output_format", "rvc", "rvc_applied", "rvc_fallback_reason", "segments", "audio_url", "output_file", "duration",
    "sample_rate_hz", "file_size", "error", "error_message", "error_code", "attempt", "created_at", "started_at",
    "completed_at", "expires_at", "priority", "webhook_url",
}  # fmt: skip
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_an_accepted_job_says_where_it_is_and_has_every_field_of_the_contract(shared: Room):
    answer = shared.client.post("/jobs", json=HELLO)
    job = answer.json()
    assert answer.status_code == 202
    assert job.keys() == FIELDS
    assert job["id"] == job["job_id"]
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert job["status"] == "queued"
    assert job["audio_url"] is None
    assert job["output_file"] is None


def test_a_completed_job_carries_its_audio_its_size_and_its_times(shared: Room):
    job = shared.spoken(target_language="en", seed=7)
    assert job.keys() == FIELDS
    assert job["progress"] == 100
    assert job["audio_url"] == f"/jobs/{job['id']}/download"
    assert job["output_file"] == f"dubbed_{job['id']}.wav"
    assert job["duration"] > 0
    assert job["sample_rate_hz"] == 16_000
    assert job["file_size"] == len(shared.client.get(job["audio_url"]).content)
    assert job["segments"] == {"total": 1, "done": 1, "cached": 0}
    assert job["rvc_applied"] is False
    assert job["translated"] is False
    assert (job["source_language"], job["target_language"], job["spoken_language"]) == ("pt-BR", "en", "pt-BR")
    assert any("not translated" in warning for warning in job["warnings"])
    for name in ("created_at", "started_at", "completed_at", "expires_at"):
        assert RFC_3339_UTC.fullmatch(job[name]), job[name]


def test_the_target_language_is_the_source_language_unless_given(shared: Room):
    assert shared.submit()["target_language"] == "pt-BR"


def test_progress_is_never_in_the_range_that_clients_multiply_by_a_hundred(room: Room):
    room.gate.opened.clear()
    job_id = room.submit(text="Uma frase. " * 300)["id"]
    seen = []

    def look() -> bool:
        job = room.client.get(f"/jobs/{job_id}").json()
        seen.append(job["progress"])
        return job["status"] == "completed"

    eventually(lambda: room.client.get(f"/jobs/{job_id}").json()["status"] == "processing")
    room.gate.opened.set()
    eventually(look)
    assert seen[-1] == 100
    assert all(value == 0 or 1 < value <= 100 for value in seen)


def test_the_same_idempotency_key_and_body_make_one_job_even_from_fifty_clients_at_once(shared: Room):
    headers = {"Idempotency-Key": "fifty clients"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shared.client.post("/jobs", json=HELLO, headers=headers), range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_the_same_idempotency_key_with_another_body_is_a_conflict(shared: Room):
    headers = {"Idempotency-Key": "once"}
    assert shared.client.post("/jobs", json=HELLO, headers=headers).status_code == 202
    problem = refused(shared.client.post("/jobs", json={**HELLO, "seed": 1}, headers=headers), 409)
    assert problem["code"] == "idempotency_conflict"


@pytest.mark.parametrize("key", [b"", b"x" * 201, b"caf\xc3\xa9", b"a\tb"])
def test_an_idempotency_key_that_is_not_plain_is_refused(shared: Room, key: bytes):
    answer = shared.client.post("/jobs", json=HELLO, headers={b"Idempotency-Key": key})
    refused(answer, 400, "Idempotency-Key")


def test_a_job_that_never_was_is_404_and_ids_that_look_like_paths_are_too(shared: Room):
    for job_id in (
        "job_none",
        "..",
        "%2e%2e",
        "..%2f..%2fetc",
        "a%00b",
        "x" * 5_000,
        "JOB",
        "%F0%9F%8E%B5",
        "job_1%0d%0ax",
    ):
        for tail in ("", "/download", "/formats", "/segments"):
            answer = shared.client.get(f"/jobs/{job_id}{tail}")
            # A client that takes `..` at its word asks for `/`, or for `/segments`, which are there.
            above = job_id in ("..", "%2e%2e") and answer.status_code in (200, 405)
            assert answer.status_code == 404 or above, answer.url
        assert shared.client.post(f"/jobs/{job_id}/cancel").status_code in (404, 405)
        assert shared.client.delete(f"/jobs/{job_id}").status_code in (404, 405)


def test_the_list_pages_through_all_jobs_newest_first(room: Room):
    made = [room.submit(text=f"Número {number}")["id"] for number in range(5)]
    seen, cursor = [], None
    while True:
        page = room.client.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        assert page["total"] == 5
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_the_list_is_searched_beyond_a_page_and_says_how_far_it_was_looked(room: Room, monkeypatch):
    made = [room.submit(text=f"Número {number} da manhã.")["id"] for number in range(7)]
    page = room.client.get("/jobs", params={"search": "numero MANHA 3", "limit": 2}).json()
    assert [job["id"] for job in page["jobs"]] == [made[3]]
    assert (page["total"], page["looked_at"], page["next_cursor"]) == (7, 7, None)
    monkeypatch.setattr(find_jobs, "LOOKED_AT", 3)
    page = room.client.get("/jobs", params={"search": "3"}).json()
    assert (page["jobs"], page["looked_at"]) == ([], 3)
    page = room.client.get("/jobs", params={"search": "3", "cursor": page["next_cursor"]}).json()
    assert ([job["id"] for job in page["jobs"]], page["looked_at"]) == ([made[3]], 3)
    assert "looked_at" not in room.client.get("/jobs").json() or room.client.get("/jobs").json()["looked_at"] is None


def test_a_search_finds_nobody_else_s_jobs(room: Room):
    with person(room, "Ana") as ana, person(room, "Bia") as bia:
        ana.client.post("/jobs", json={**HELLO, "text": "Um segredo."})
        assert ana.client.get("/jobs", params={"search": "segredo"}).json()["jobs"]
        assert bia.client.get("/jobs", params={"search": "segredo"}).json()["jobs"] == []


@pytest.mark.parametrize("search", ["", " ", "x" * 201])
def test_what_is_no_search_is_refused(shared: Room, search: str):
    refused(shared.client.get("/jobs", params={"search": search}), 400, field="search", word="1 to 200")


def test_the_list_filters_by_status_and_mode(room: Room):
    done = room.spoken()["id"]
    voice = room.enrolled()["id"]

    def listed(**params: str) -> set[str]:
        return {job["id"] for job in room.client.get("/jobs", params=params).json()["jobs"]}

    assert listed(status="completed") == {done, voice}
    assert listed(status="failed") == set()
    assert listed(mode="clone") == {voice}
    assert listed(mode="dubbing", status="completed") == {done}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "status=sleeping", "mode=sing", "cursor=%00", "cursor=abc"]
)
def test_a_wrong_query_is_a_400_that_names_the_parameter(shared: Room, query: str):
    refused(shared.client.get(f"/jobs?{query}"), 400, query.split("=", maxsplit=1)[0])


def test_cancelling_a_running_job_stops_it_and_cancelling_again_changes_nothing(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    eventually(lambda: room.client.get(f"/jobs/{job_id}").json()["status"] == "processing")
    first = room.client.post(f"/jobs/{job_id}/cancel")
    again = room.client.post(f"/jobs/{job_id}/cancel")
    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert again.json() == first.json()
    refused(room.client.get(f"/jobs/{job_id}/download"), 409)


def test_a_finished_job_cannot_be_cancelled(shared: Room):
    refused(shared.client.post(f"/jobs/{shared.spoken()['id']}/cancel"), 409)


def test_deleting_a_job_removes_its_audio_and_says_how_many_files(shared: Room):
    job_id = shared.spoken(text="Apague isto.")["id"]
    answer = shared.client.delete(f"/jobs/{job_id}")
    assert answer.status_code == 200
    assert answer.json().keys() == {"message", "job_id", "files_deleted"}
    assert answer.json()["job_id"] == job_id
    assert answer.json()["files_deleted"] >= 3
    assert not list(shared.service.blobs.list(f"jobs/{job_id}/"))
    refused(shared.client.get(f"/jobs/{job_id}"), 404)
    refused(shared.client.delete(f"/jobs/{job_id}"), 404)


def test_deleting_a_running_job_cancels_it_first(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    eventually(lambda: room.client.get(f"/jobs/{job_id}").json()["status"] == "processing")
    assert room.client.delete(f"/jobs/{job_id}").status_code == 200
    refused(room.client.get(f"/jobs/{job_id}"), 404)
    room.gate.opened.set()
    assert room.spoken(text="E agora outro.")["status"] == "completed"


def test_a_failed_job_says_why_in_both_fields_and_carries_a_code(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VOICECORE_TESTING_TONE", '{"fail_on": "quebre"}')
    job = room.finished(room.submit(text="Agora quebre.")["id"])
    assert job["status"] == "failed"
    assert job["error"] == job["error_message"]
    assert "told to fail" in job["error"]
    assert job["error_code"] == "poisoned"
    assert job["audio_url"] is None
    refused(room.client.get(f"/jobs/{job['id']}/download"), 409, word="told to fail")


@pytest.mark.parametrize(
    ("name", "words"), [("status", "queued, processing, completed"), ("mode", "dubbing, dubbing_with_clone")]
)
def test_a_wrong_word_in_the_query_of_the_list_is_answered_with_the_words_there_are(
    shared: Room, name: str, words: str
):
    refused(shared.client.get(f"/jobs?{name}=nope"), 400, name, words)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("GET", "/download"), ("GET", "/segments")])
def test_a_job_that_is_not_there_is_answered_with_where_to_look(shared: Room, method: str, path: str):
    refused(shared.client.request(method, f"/jobs/job_nothing{path}"), 404, word="GET /jobs lists them")
