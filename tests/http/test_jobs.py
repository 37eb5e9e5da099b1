"""`/jobs`: what is accepted, what is refused, and what a job says of itself."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .room import HELLO, Room, eventually

FIELDS = {
    "id", "job_id", "status", "progress", "progress_message", "mode", "text", "source_language", "target_language",
    "spoken_language", "translated", "warnings", "voice_preset", "voice_id", "engine", "quality_profile", "speed", "seed",
    "output_format", "rvc", "rvc_applied", "rvc_fallback_reason", "segments", "audio_url", "output_file", "duration",
    "sample_rate_hz", "file_size", "error", "error_message", "error_code", "attempt", "created_at", "started_at",
    "completed_at", "expires_at",
}  # fmt: skip
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def refused(answer: httpx.Response, status: int, field: str | None = None, word: str = "") -> dict:
    """The problem, checked for its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "code", "error", "error_message", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["detail"] == problem["error"] == problem["error_message"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if field is not None:
        assert problem["field"] == field, problem
    assert word.lower() in problem["detail"].lower(), problem
    return problem


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


@pytest.mark.parametrize("how", ["json", "urlencoded", "multipart"])
def test_a_job_can_be_sent_as_json_urlencoded_and_multipart(shared: Room, how: str):
    fields = {**HELLO, "speed": 1.5, "seed": 0, "enable_rvc": False, "rvc_pitch": 0, "rvc_filter_radius": 0}
    text = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}
    if how == "json":
        answer = shared.client.post("/jobs", json=fields)
    elif how == "urlencoded":
        answer = shared.client.post("/jobs", data=text)
    else:
        answer = shared.client.post("/jobs", files={name: (None, value) for name, value in text.items()})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["text"] == HELLO["text"]
    assert (job["speed"], job["seed"]) == (1.5, 0)
    assert job["rvc"] == {
        "enabled": False, "model_id": None, "pitch": 0, "index_rate": 0.75, "protect": 0.33, "rms_mix_rate": 0.25,
        "filter_radius": 0, "hop_length": 128, "f0_method": "rmvpe",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["json", "data"])
def test_an_unknown_field_is_refused_by_name(shared: Room, how: str):
    refused(shared.client.post("/jobs", **{how: {**HELLO, "speeed": "1"}}), 400, "speeed", "speeed")


def test_an_unknown_field_of_a_multipart_form_is_refused_by_name(shared: Room):
    parts = {name: (None, value) for name, value in {**HELLO, "speeed": "1"}.items()}
    refused(shared.client.post("/jobs", files=parts), 400, "speeed")


def test_a_form_field_sent_twice_is_refused(shared: Room):
    body = "mode=dubbing&text=a&text=b&source_language=pt"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    refused(shared.client.post("/jobs", content=body, headers=headers), 400, "text")


def test_an_empty_optional_form_field_is_one_that_was_not_sent(shared: Room):
    answer = shared.client.post("/jobs", data={**HELLO, "voice_id": "", "speed": "", "engine": ""})
    assert answer.status_code == 202, answer.text


def test_the_aliases_of_engine_and_quality_profile_are_read(shared: Room):
    job = shared.submit(tts_engine="tone", quality_profile="audiobook")
    assert (job["engine"], job["quality_profile"]) == ("tone", "audiobook")


def test_an_alias_that_contradicts_its_field_is_refused(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "engine": "tone", "tts_engine": "kokoro"}), 400, "tts_engine")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "sing"}, "mode"),
        ({"mode": None}, "mode"),
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "..."}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"text": 5}, "text"),
        ({"source_language": "português"}, "source_language"),
        ({"source_language": "xx"}, "source_language"),
        ({"target_language": "not a tag"}, "target_language"),
        ({"voice_preset": "nobody"}, "voice_preset"),
        ({"voice_id": "voice_1"}, "voice_id"),
        ({"mode": "dubbing_with_clone"}, "voice_id"),
        ({"quality_profile_id": "none"}, "quality_profile_id"),
        ({"speed": 0}, "speed"),
        ({"speed": 2.01}, "speed"),
        ({"speed": "1"}, "speed"),
        ({"speed": True}, "speed"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"output_format": "aiff"}, "output_format"),
        ({"enable_rvc": "yes"}, "enable_rvc"),
        ({"enable_rvc": True}, "rvc_model_id"),
        ({"rvc_pitch": 13}, "rvc_pitch"),
        ({"rvc_index_rate": -0.1}, "rvc_index_rate"),
        ({"rvc_protect": 0.51}, "rvc_protect"),
        ({"rvc_rms_mix_rate": 1.1}, "rvc_rms_mix_rate"),
        ({"rvc_filter_radius": 8}, "rvc_filter_radius"),
        ({"rvc_hop_length": 0}, "rvc_hop_length"),
        ({"rvc_f0_method": "guess"}, "rvc_f0_method"),
    ],
)
def test_every_wrong_value_is_a_400_that_names_its_field(shared: Room, changes: dict, field: str):
    refused(shared.client.post("/jobs", json={**HELLO, **changes}), 400, field)


@pytest.mark.parametrize("name", ["mode", "text", "source_language"])
def test_a_missing_field_is_a_400_that_names_it(shared: Room, name: str):
    refused(shared.client.post("/jobs", json={key: value for key, value in HELLO.items() if key != name}), 400, name)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("name", ["speed", "rvc_pitch", "seed"])
def test_numbers_that_are_not_finite_are_refused(shared: Room, name: str, number: str):
    body = '{"mode":"dubbing","text":"oi","source_language":"pt","%s":%s}' % (name, number)  # noqa: UP031
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "application/json"}), 400)
    refused(shared.client.post("/jobs", data={**HELLO, name: number}), 400, name)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"text":"\\ud800"}', b"[" * 200_000])
def test_malformed_json_is_a_400(shared: Room, body: bytes):
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "application/json"}), 400)


@pytest.mark.parametrize("body", [b"", b"no boundary at all", b"--x\r\n\r\nhalf", b"--x\r\nContent-Disposition: form-data; name=mode\r\n\r\ndub"])
def test_a_malformed_multipart_body_is_a_400(shared: Room, body: bytes):
    refused(shared.client.post("/jobs", content=body, headers={"content-type": "multipart/form-data; boundary=x"}), 400)


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", "audio/wav", "multipart/mixed; boundary=x"])
def test_other_media_types_are_a_415(shared: Room, media_type: str):
    refused(shared.client.post("/jobs", content=b"x", headers={"content-type": media_type}), 415)


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_over_the_limit_is_a_413(shared: Room, media_type: str):
    head = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    answer = shared.client.post("/jobs", content=head + b"x" * 2_000_000, headers={"content-type": media_type})
    refused(answer, 413)


def test_ten_thousand_characters_of_the_longest_kind_are_not_too_large_in_any_encoding(shared: Room):
    text = "🎵a" * 5_000
    escaped = '{"mode":"dubbing","source_language":"pt","text":"%s"}' % ("\\ud83c\\udfb5a" * 5_000)  # noqa: UP031
    assert shared.client.post("/jobs", content=escaped, headers={"content-type": "application/json"}).status_code == 202
    assert shared.client.post("/jobs", data={**HELLO, "text": text}).status_code == 202
    parts = {name: (None, value) for name, value in {**HELLO, "text": text}.items()}
    assert shared.client.post("/jobs", files=parts).status_code == 202


def test_cloning_is_pointed_to_its_own_address(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "mode": "clone"}), 400, "mode", "/voices/clone")


def test_conversion_says_that_it_is_not_installed(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "mode": "convert"}), 501, "mode", "rvc")


def test_conversion_with_a_file_says_that_it_is_not_installed(shared: Room):
    answer = shared.client.post("/jobs", data={"mode": "convert"}, files={"file": ("a.wav", b"x" * 3_000_000)})
    refused(answer, 501, word="rvc")


def test_a_file_where_none_is_expected_is_refused_by_name(shared: Room):
    refused(shared.client.post("/jobs", data=HELLO, files={"extra": ("a.wav", b"x")}), 400, "extra")


def test_rvc_with_a_model_says_what_is_missing(shared: Room):
    answer = shared.client.post("/jobs", json={**HELLO, "enable_rvc": True, "rvc_model_id": "model_1"})
    refused(answer, 501, "enable_rvc", "rvc")


def test_an_unknown_engine_and_an_unknown_voice_are_404(shared: Room):
    refused(shared.client.post("/jobs", json={**HELLO, "engine": "nothing"}), 404, "engine")
    clone = {**HELLO, "mode": "dubbing_with_clone", "voice_id": "voice_nobody"}
    refused(shared.client.post("/jobs", json=clone), 404, "voice_id")


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
    for job_id in ("job_none", "..", "%2e%2e", "..%2f..%2fetc", "a%00b", "x" * 5_000, "JOB", "%F0%9F%8E%B5", "job_1%0d%0ax"):
        for tail in ("", "/download", "/formats", "/segments"):
            answer = shared.client.get(f"/jobs/{job_id}{tail}")
            assert answer.status_code == 404 or (job_id in ("..", "%2e%2e") and answer.status_code == 200), answer.url
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


def test_the_list_filters_by_status_and_mode(room: Room):
    done = room.spoken()["id"]
    voice = room.enrolled()["id"]

    def listed(**params: str) -> set[str]:
        return {job["id"] for job in room.client.get("/jobs", params=params).json()["jobs"]}

    assert listed(status="completed") == {done, voice}
    assert listed(status="failed") == set()
    assert listed(mode="clone") == {voice}
    assert listed(mode="dubbing", status="completed") == {done}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=sleeping", "mode=sing", "cursor=%00", "cursor=abc"])
def test_a_wrong_query_is_a_400_that_names_the_parameter(shared: Room, query: str):
    refused(shared.client.get(f"/jobs?{query}"), 400, query.split("=")[0])


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
