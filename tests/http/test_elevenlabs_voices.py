"""`client.voices`, `client.models`, `client.user`: what is there, learned, renamed and deleted; and every refusal in its shape."""

from __future__ import annotations

import json

import httpx
import pytest
from elevenlabs.core.api_error import ApiError

from entrypoints.http.elevenlabs.names import speaking_voice
from tests.instruments.tones import recording
from voicecore.access import NOBODY, KeyLimits, Scope
from voicecore.voice import PRESETS

from .elevenlabs_clients import ONCE, labs_client
from .people import MOST, person
from .room import Room, furnished, refused
from .test_conversion import added
from .test_elevenlabs_speech import faulty, say

SAMPLE = ("a.wav", recording(), "audio/wav")
ANA = {"language": "pt-BR", "consent_by": "Ana Souza"}


def added_voice(room: Room, name: str = "Ana", labels: dict | None = None):
    return labs_client(room).voices.ivc.create(name=name, files=[SAMPLE], labels=labels or ANA, request_options=ONCE)


# --- what is there ------------------------------------------------------------------------------------------
def test_every_listed_voice_can_be_looked_at_and_speaks(room: Room):
    ana, narrator = room.enrolled("Ana")["voice_id"], added(room, "Narrator")
    listed = labs_client(room).voices.get_all().voices
    kinds = {each.voice_id: each.category for each in listed}
    assert kinds.keys() >= {*PRESETS, ana, narrator}
    assert (kinds[ana], kinds["female_warm"], kinds[narrator]) == ("cloned", "premade", "professional")
    assert listed[0].voice_id == ana
    for each in (listed[0], next(voice for voice in listed if voice.voice_id == "female_warm"), listed[-1]):
        assert labs_client(room).voices.get(each.voice_id) == each
        assert labs_client(room).voices.settings.get(each.voice_id) == each.settings
    for voice in (ana, "female_warm", narrator):
        assert say(room, voice, query={"output_format": "pcm_8000"}).status_code == 200
    # A preset that only another engine has is spoken by that one.
    assert speaking_voice(room.service, "pf_dora", NOBODY).engine == "kokoro"


def test_a_voice_says_its_language_its_owner_and_its_sample(room: Room):
    ana = labs_client(room).voices.get(room.enrolled("Ana", language="es")["voice_id"])
    assert (ana.name, ana.labels["language"], ana.is_owner, ana.is_mixed) == ("Ana", "es", True, False)
    assert [(each.language, each.model_id) for each in ana.verified_languages] == [("es", "tone")]
    assert room.client.get(ana.preview_url).headers["content-type"] == "audio/wav"
    assert (
        labs_client(room).voices.get("21m00Tcm4TlvDq8ikWAM").name == labs_client(room).voices.get("female_generic").name
    )
    assert labs_client(room).voices.settings.get_default().speed == 1.0


def test_voices_are_listed_page_by_page_searched_and_sorted(room: Room):
    for name in ("Bia", "Ana"):
        room.enrolled(name)
    client = labs_client(room)
    whole = [each.voice_id for each in client.voices.get_all().voices]
    seen, token = [], None
    while True:
        page = client.voices.search(page_size=7, next_page_token=token)
        seen += [each.voice_id for each in page.voices]
        token = page.next_page_token
        if not page.has_more:
            break
    assert (seen, page.total_count, token) == (whole, len(whole), None)
    cloned = client.voices.search(category="cloned", sort="name", sort_direction="asc")
    assert [each.name for each in cloned.voices] == ["Ana", "Bia"]
    newest = client.voices.search(category="cloned", sort="created_at_unix", sort_direction="desc").voices
    assert newest[0].created_at_unix >= newest[1].created_at_unix
    assert [each.name for each in client.voices.search(search="BIA").voices] == ["Bia"]
    assert client.voices.search(voice_ids=["female_warm", "none"]).total_count == 1
    assert client.voices.search(gender="female", language="ja").total_count >= 1
    assert client.voices.search(language="tlh").total_count == 0


@pytest.mark.parametrize(
    ("query", "param"),
    [("page_size=0", "page_size"), ("page_size=101", "page_size"), ("page_size=x", "page_size"), ("sort=age", "sort"),
     ("category=best", "category"), ("sort_direction=up", "sort_direction"), ("next_page_token=gone", "next_page_token")],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(shared: Room, query, param):
    faulty(shared.client.get(f"/v2/voices?{query}"), 400, param)


def test_models_are_told_in_two_shapes_by_the_header(shared: Room):
    models = {each.model_id: each for each in labs_client(shared).models.list()}
    assert models["eleven_multilingual_v2"].can_do_text_to_speech
    assert models["eleven_multilingual_sts_v2"].can_do_voice_conversion
    assert not models["eleven_multilingual_sts_v2"].can_do_text_to_speech
    assert models["tone"].engine == "tone"
    assert models["tone"].maximum_text_length_per_request == 10_000
    assert "pt-BR" in [each.language_id for each in models["eleven_v3"].languages]
    assert shared.client.get("/v1/models").json()["object"] == "list"
    assert isinstance(shared.client.get("/v1/models", headers={"xi-api-key": "none"}).json(), list)


def test_the_subscription_tells_the_limits_of_the_key(tmp_path):
    with furnished(tmp_path) as room:
        limits = KeyLimits(characters_per_day=500, voices=3)
        with person(room, "Ana", limits=limits) as ana, person(room, "Bia", [Scope.SPEAK]) as bia:
            told = labs_client(room, ana.text).user.subscription.get()
            assert (told.character_limit, told.voice_limit, told.voice_slots_used) == (500, 3, 0)
            assert told.can_use_instant_voice_cloning
            assert not labs_client(room, bia.text).user.subscription.get().can_use_instant_voice_cloning


# --- learned, renamed, deleted ----------------------------------------------------------------------------------
def test_a_voice_is_learned_with_a_consent_in_its_labels_and_can_be_spoken_with(room: Room):
    made = added_voice(room)
    assert not made.requires_verification
    kept = room.client.get(f"/voices/{made.voice_id}").json()
    assert (kept["name"], kept["language"], kept["consents"][0]["by"]) == ("Ana", "pt-BR", "Ana Souza")
    assert b"".join(labs_client(room).text_to_speech.convert(made.voice_id, text="Olá!"))
    assert labs_client(room).voices.update(made.voice_id, name="Bia", description="Lê.").status == "ok"
    changed = labs_client(room).voices.get(made.voice_id)
    assert (changed.name, changed.description) == ("Bia", "Lê.")
    assert labs_client(room).voices.delete(made.voice_id).status == "ok"
    with pytest.raises(ApiError) as gone:
        labs_client(room).voices.get(made.voice_id, request_options=ONCE)
    assert (gone.value.status_code, gone.value.body["detail"]["status"]) == (404, "voice_not_found")
    assert room.client.get("/voices").json()["total"] == 0


def test_a_kept_consent_may_be_named_and_its_language_is_the_voice_s(room: Room):
    consent = room.client.post("/consents", json={"by": "Ana", "language": "es"}).json()["id"]
    made = added_voice(room, labels={"consent_id": consent})
    kept = room.client.get(f"/voices/{made.voice_id}").json()
    assert (kept["language"], kept["consents"][0]["id"]) == ("es", consent)
    room.client.delete(f"/consents/{consent}")
    assert made.voice_id not in [each.voice_id for each in labs_client(room).voices.get_all().voices]
    faulty(say(room, made.voice_id), 409, "voice_id", "withdrawn")


def test_fields_do_what_labels_do_and_two_names_of_files_are_read(room: Room):
    fields = {
        "name": "Ana",
        **ANA,
        "consent": "Eu, Ana, consinto nisto.",
        "description": "Lê.",
        "labels": '{"accent": "sp"}',
    }
    answer = room.client.post("/v1/voices/add", data=fields, files=[("files[]", SAMPLE), ("files", SAMPLE)])
    assert answer.status_code == 200, answer.text
    assert "'accent'" in answer.headers["x-voicecore-warnings"]
    kept = room.client.get(f"/voices/{answer.json()['voice_id']}").json()
    assert (kept["consent"], kept["description"]) == ("Eu, Ana, consinto nisto.", "Lê.")


def add(room: Room, files=None, **fields) -> httpx.Response:
    fields = {name: value for name, value in {"name": "N", **ANA, **fields}.items() if value is not ...}
    return room.client.post("/v1/voices/add", data=fields, files=[("files", SAMPLE)] if files is None else files)


@pytest.mark.parametrize(
    ("fields", "status", "param", "word"),
    [
        ({"consent_by": ...}, 400, "consent", "consent_by"), ({"consent_by": ..., "consent": "yes"}, 400, "consent_by", "who agreed"),
        ({"consent_by": ..., "consent_id": "cons_none"}, 404, None, "no consent"), ({"name": ...}, 400, "name", "missing"),
        ({"name": "x" * 101}, 400, "name", "100"), ({"language": "de"}, 400, "language", "does not speak"),
        ({"language": "!"}, 400, "language", "tag"), ({"labels": "{"}, 400, "labels", "JSON"), ({"labels": "[]"}, 400, "labels", "JSON"),
        ({"labels": '{"a": 1}'}, 400, "labels", "JSON"), ({"engine": "none"}, 404, "model_id", "installed"),
        ({"consent_given_at": "2999-01-01T00:00:00Z"}, 400, "given_at", "not come"),
        ({"consent_given_at": "x"}, 400, "consent_given_at", "time"),
        ({"pitch": "1"}, 400, "pitch", "no field"), ({"description": "x" * 501}, 400, "description", "500"),
        ({"remove_background_noise": "perhaps"}, 400, "remove_background_noise", "true or false"),
        ({"files": [("files", ("a.wav", b"junk" * 100))]}, 415, "files", ""), ({"files": [("file", SAMPLE)]}, 400, "files", "files"),
        ({"files": [("files", (None, "text"))]}, 400, "files", "filename"),
        ({"files": [("x", (None, ""))]}, 400, "x", "no field"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_voice_is_refused_by_name(shared: Room, fields, status, param, word):
    detail = add(shared, **fields)
    if param is None or fields.get("engine"):
        assert detail.status_code == status
        assert word in detail.json()["detail"]["message"]
        return
    faulty(detail, status, param, word)


def test_without_a_consent_the_official_client_is_told_what_is_missing(shared: Room):
    with pytest.raises(ApiError) as caught:
        labs_client(shared).voices.ivc.create(name="N", files=[SAMPLE], request_options=ONCE)
    assert caught.value.status_code == 400
    assert "consent_by" in caught.value.body["detail"]["message"]
    faulty(shared.client.post("/v1/voices/add", json={"name": "N"}), 415, None, "multipart")


def test_a_name_that_is_taken_and_labels_that_cannot_be_kept_are_refused(room: Room):
    first, second = added_voice(room, "Ana").voice_id, added_voice(room, "Bia").voice_id
    faulty(add(room, name="ana"), 409, "name")
    faulty(room.client.post(f"/v1/voices/{second}/edit", data={"name": "Ana"}), 409, "name")
    answer = room.client.post(f"/v1/voices/{first}/edit", data={"name": "Ana", "labels": '{"accent": "sp"}'})
    faulty(answer, 400, "labels", "description")
    file = {"files": SAMPLE}
    faulty(room.client.post(f"/v1/voices/{first}/edit", data={"name": "Ana"}, files=file), 400, "files")
    faulty(room.client.post(f"/v1/voices/{first}/edit", data={}, files={"name": (None, "")}), 400, "name", "1 to 100")
    faulty(room.client.post("/v1/voices/female_warm/edit", data={"name": "Ana"}), 404)
    faulty(room.client.delete("/v1/voices/female_warm"), 404)


# --- keys ---------------------------------------------------------------------------------------------------------
def test_without_a_good_key_nobody_gets_in_and_what_is_anothers_is_not_there(tmp_path):
    with furnished(tmp_path) as room, person(room, "Ana") as ana, person(room, "Bia") as bia:
        with person(room, "Reader", [Scope.CONVERT]) as reader, pytest.raises(ApiError) as caught:
            b"".join(
                labs_client(room, reader.text).text_to_speech.convert("female_warm", text="Oi", request_options=ONCE)
            )
        assert (caught.value.status_code, caught.value.body["detail"]["status"]) == (403, "missing_permissions")
        for key in ("none", "vk_" + "a" * 20 + "_" + "b" * 32):
            with pytest.raises(ApiError) as caught:
                labs_client(room, key).voices.get_all(request_options=ONCE)
            assert (caught.value.status_code, caught.value.body["detail"]["status"]) == (401, "invalid_api_key")
        answer = room.client.get("/v1/models", headers={"xi-api-key": "none"})
        faulty(answer, 401, name="invalid_api_key")
        assert room.client.get("/v1/models").json()["error"]["code"] == "invalid_api_key"
        made = labs_client(room, ana.text).voices.ivc.create(name="Ana", files=[SAMPLE], labels=ANA).voice_id
        assert made in [each.voice_id for each in labs_client(room, ana.text).voices.get_all().voices]
        assert made not in [each.voice_id for each in labs_client(room, bia.text).voices.get_all().voices]
        for path in (f"/v1/voices/{made}", f"/v1/voices/{made}/settings"):
            faulty(bia.client.get(path), 404, "voice_id")
        faulty(bia.client.post(f"/v1/text-to-speech/{made}", json={"text": "Oi"}), 404, "voice_id")
        faulty(bia.client.delete(f"/v1/voices/{made}"), 404)
        faulty(room.client.get("/v1/voices", params={"xi-api-key": ana.text}), 400, "xi-api-key")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/v1/voices", 405), ("GET", "/v1/voices/add", 405), ("GET", "/v1/voices/a/b", 404), ("GET", "/v1/user/me", 404),
     ("GET", "/v1/user", 404), ("GET", "/v2/voices/a", 404), ("GET", "/v1/voices/%00", 404), ("POST", "/v1/voice-changer", 404),
     ("GET", "/v1/speech-to-speech/a", 405), ("GET", "/v1/text-to-speech", 404)],
)  # fmt: skip
def test_every_refusal_under_these_addresses_has_the_shape(shared: Room, method, path, status):
    answer = shared.client.request(method, path)
    assert answer.status_code == status, answer.text
    assert {"status", "message"} <= answer.json()["detail"].keys()


def test_elsewhere_refusals_are_problems_as_before(shared: Room):
    refused(shared.client.get("/v1/voices-of-others"), 404)
    refused(shared.client.get("/v2"), 404)
    assert "error" in shared.client.get("/v1/models/none", headers={"xi-api-key": "none"}).json()


def test_a_defect_is_told_in_the_shape_too_and_nothing_of_it(room: Room, monkeypatch: pytest.MonkeyPatch):
    def broken(self):
        raise RuntimeError("hunter2")

    monkeypatch.setattr(type(room.service.catalog.voices), "all", broken)
    detail = faulty(room.client.get("/v1/voices"), 500, name="internal_error")
    assert "hunter2" not in json.dumps(detail)


def test_one_who_may_speak_only_learns_no_voice(tmp_path):
    with furnished(tmp_path) as room, person(room, "Bia", [Scope.SPEAK]) as bia, person(room, "Ana", MOST) as ana:
        answer = bia.client.post("/v1/voices/add", data={"name": "N", **ANA}, files=[("files", SAMPLE)])
        faulty(answer, 403, name="missing_permissions")
        assert ana.client.get("/v1/voices").status_code == 200
