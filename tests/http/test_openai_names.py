"""OpenAI's dialect, read by OpenAI's client: models, voices, and every refusal in its shape."""

from __future__ import annotations

import httpx
import openai
import pytest

from entrypoints.http.openai.names import MODELS, VOICES
from voicecore.voice import PRESETS

from .openai_clients import client_of
from .room import Room, furnished, refused


def faulty(answer: httpx.Response, status: int, param: str | None = None, word: str = "") -> dict:
    """The error, checked for its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert body["error"]["param"] == param
    assert word.lower() in body["error"]["message"].lower(), body
    return body["error"]


# --- models -------------------------------------------------------------------------------------------------
def test_every_listed_model_answers_by_its_id(shared: Room):
    client = client_of(shared)
    listed = list(client.models.list())
    assert [each.id for each in listed][:4] == list(MODELS)
    assert "tone" in [each.id for each in listed]
    for each in listed:
        assert client.models.retrieve(each.id) == each
        assert (each.object, type(each.created), each.owned_by) == ("model", int, "voicecore")
    assert shared.client.get("/v1/models").json()["data"][0]["shutdown_date"] is None


def test_a_model_that_cannot_speak_here_is_not_listed(shared: Room):
    listed = {each.id for each in client_of(shared).models.list()}
    installed = {each["name"] for each in shared.client.get("/engines").json()["engines"] if each["card"]}
    assert listed - MODELS.keys() == installed


def test_an_unknown_model_is_not_found_and_the_others_are_named(shared: Room):
    with pytest.raises(openai.NotFoundError, match="tts-1-hd") as caught:
        client_of(shared).models.retrieve("tts-9")
    assert (caught.value.param, caught.value.code, caught.value.type) == ("model", "not_found", "not_found_error")


def test_the_speaking_models_are_where_other_clients_look_for_them(shared: Room):
    found = shared.client.get("/v1/audio/models").json()
    assert found["models"] == found["data"] == shared.client.get("/v1/models").json()["data"]


# --- voices -------------------------------------------------------------------------------------------------
def test_presets_enrolled_voices_and_openai_s_names_are_listed_twice_and_as_bare_ids(room: Room):
    ana = room.enrolled("Ana")["voice_id"]
    found = room.client.get("/v1/audio/voices").json()
    assert found["object"] == "list"
    assert found["voices"] == found["data"]
    by_id = {each["id"]: each for each in found["voices"]}
    assert by_id.keys() >= {*PRESETS, *VOICES, ana}
    assert (by_id[ana]["name"], by_id[ana]["kind"], by_id[ana]["languages"]) == ("Ana", "enrolled", ["pt-BR"])
    assert by_id["nova"]["stands_for"] == "female_young"
    assert {each["object"] for each in found["voices"]} == {"audio.voice"}
    assert room.client.get("/v1/audio/voices?legacy=true").json() == {
        "voices": [each["id"] for each in found["voices"]]
    }


def test_every_name_of_openai_means_a_preset_and_its_first_six_differ():
    assert set(VOICES.values()) <= set(PRESETS)
    assert len(VOICES) == 13
    assert len({VOICES[each] for each in ("alloy", "echo", "fable", "onyx", "nova", "shimmer")}) == 6


def test_settings_add_names_and_change_what_they_mean(tmp_path):
    tables = {
        "openai_models": (("tts-1", "tone:audiobook"), ("mine", ":natural")),
        "openai_voices": (("alloy", "male_deep"), ("mia", "female_soft"), ("gone", "nobody")),
    }
    with furnished(tmp_path, **tables) as room:
        models = {each["id"]: each for each in room.client.get("/v1/models").json()["data"]}
        voices = {each["id"]: each for each in room.client.get("/v1/audio/voices").json()["data"]}
    assert (models["tts-1"]["engine"], models["tts-1"]["quality_profile"]) == ("tone", "audiobook")
    assert (models["mine"]["engine"], models["mine"]["quality_profile"]) == ("tone", "natural")
    assert (voices["alloy"]["stands_for"], voices["mia"]["stands_for"]) == ("male_deep", "female_soft")
    assert "gone" not in voices


# --- refusals -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "status", "param"),
    [
        ("GET", "/v1/audio", 404, None), ("GET", "/v1/audio/", 404, None), ("POST", "/v1/audio/transcriptions", 404, None),
        ("GET", "/v1/models/no/such", 404, None), ("DELETE", "/v1/models/tts-1", 405, None),
        ("GET", "/v1/models/%00", 404, "model"), ("PUT", "/v1/audio/voices", 405, None),
        ("GET", "/v1/audio/voices?legacy=maybe", 400, "legacy"),
    ],
)  # fmt: skip
def test_every_refusal_under_these_addresses_has_openai_s_shape(shared: Room, method, path, status, param):
    faulty(shared.client.request(method, path), status, param)


def test_elsewhere_refusals_are_problems_as_before(shared: Room):
    refused(shared.client.get("/v1/nothing"), 404)
    refused(shared.client.get("/v1/audiobooks"), 404)


def test_a_defect_is_told_in_the_shape_too_and_nothing_of_it(room: Room, monkeypatch: pytest.MonkeyPatch):
    def broken(name):
        raise RuntimeError("hunter2")

    monkeypatch.setattr(type(room.service.engines), "card", lambda self, name: broken(name))
    error = faulty(room.client.get("/v1/models"), 500)
    assert error["type"] == "server_error"
    assert "hunter2" not in str(error)
