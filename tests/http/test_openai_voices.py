"""OpenAI's client keeps consents and learns voices: `client.audio.voice_consents`, `client.audio.voices`."""

from __future__ import annotations

import openai
import pytest

from .openai_clients import client_of
from .room import Room, recording
from .test_openai_names import faulty


def consent_of(room: Room, name: str = "Ana", language: str = "pt-BR"):
    sample = ("consent.wav", recording(2.0), "audio/wav")
    return client_of(room).audio.voice_consents.create(name=name, language=language, recording=sample)


def test_a_voice_is_learned_under_a_consent_and_can_be_spoken_with(room: Room):
    client = client_of(room)
    consent = consent_of(room, language="en-US")
    assert consent.id.startswith("cons_")
    assert (consent.object, consent.name, consent.language) == ("audio.voice_consent", "Ana", "en-US")
    voice = client.audio.voices.create(
        name="Ana's", consent=consent.id, audio_sample=("a.wav", recording(), "audio/wav")
    )
    assert (voice.object, voice.name, voice.type) == ("audio.voice", "Ana's", "audio_sample")
    kept = room.client.get(f"/voices/{voice.id}").json()
    assert kept["language"] == "en-US"
    assert consent.id in str(kept)
    assert room.spoken(mode="dubbing_with_clone", voice_id=voice.id)["voice_id"] == voice.id
    gone = client.audio.voices.delete(voice.id)
    assert (gone.id, gone.deleted, gone.object) == (voice.id, True, "audio.voice.deleted")
    assert room.client.get(f"/voices/{voice.id}").status_code == 404


def test_a_voice_whose_consent_was_withdrawn_is_not_offered(room: Room):
    client = client_of(room)
    consent = consent_of(room).id
    voice = client.audio.voices.create(name="V", consent=consent, audio_sample=("a.wav", recording(), "audio/wav"))
    assert voice.id in room.client.get("/v1/audio/voices?legacy=true").json()["voices"]
    client.audio.voice_consents.delete(consent)
    assert voice.id not in room.client.get("/v1/audio/voices?legacy=true").json()["voices"]


def test_the_recording_may_be_in_another_language_than_the_consent(room: Room):
    voice = client_of(room).audio.voices.create(
        name="Ana", consent=consent_of(room).id, audio_sample=("a.wav", recording(), "audio/wav"),
        extra_body={"language": "fr", "description": "Reads."},
    )  # fmt: skip
    kept = room.client.get(f"/voices/{voice.id}").json()
    assert (kept["language"], kept["description"]) == ("fr", "Reads.")


def test_consents_are_listed_page_by_page_newest_first_and_withdrawn(room: Room):
    client = client_of(room)
    made = [consent_of(room, f"Person {number}").id for number in range(3)]
    assert [each.id for each in client.audio.voice_consents.list(limit=2)] == made[::-1]
    page = room.client.get("/v1/audio/voice_consents", params={"limit": 1, "after": made[2]}).json()
    assert (page["first_id"], page["last_id"], page["has_more"]) == (made[1], made[1], True)
    assert client.audio.voice_consents.retrieve(made[0]).name == "Person 0"
    gone = client.audio.voice_consents.delete(made[2])
    assert (gone.id, gone.deleted, gone.object) == (made[2], True, "audio.voice_consent")
    assert made[2] not in [each.id for each in client.audio.voice_consents.list()]
    with pytest.raises(openai.NotFoundError):
        client.audio.voice_consents.retrieve(made[2])


def test_a_consent_s_name_may_be_corrected_until_a_voice_rests_on_it(room: Room):
    client = client_of(room)
    consent = consent_of(room, "Aan")
    assert client.audio.voice_consents.update(consent.id, name="Ana").name == "Ana"
    assert room.client.get(f"/consents/{consent.id}").json()["by"] == "Ana"
    client.audio.voices.create(name="V", consent=consent.id, audio_sample=("a.wav", recording(), "audio/wav"))
    with pytest.raises(openai.ConflictError, match="stays as it is"):
        client.audio.voice_consents.update(consent.id, name="Bia")


@pytest.mark.parametrize(
    ("changes", "status", "param", "word"),
    [
        ({"consent": "cons_none"}, 404, "consent", "voice_consents"), ({"consent": "../x"}, 404, "consent", "no consent"),
        ({"consent": None}, 400, "consent", "missing"), ({"name": "x" * 101}, 400, "name", "100"),
        ({"name": None}, 400, "name", "missing"), ({"type": "prompt", "prompt": "a"}, 400, "type", "recording"),
        ({"language": "tlh!"}, 400, "language", "tag"), ({"engine": "none"}, 404, "engine", "installed"),
        ({"language": "de"}, 400, "language", "does not speak"), ({"pitch": "1"}, 400, "pitch", "no field"),
        ({"audio_sample": "text"}, 400, "audio_sample", "file"), ({}, 400, "audio_sample", "missing"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_voice_is_refused_by_name(shared: Room, changes, status, param, word):
    fields = {"name": "N", "consent": consent_of(shared).id, **changes}
    parts = {name: (None, value) for name, value in fields.items() if value is not None}
    if changes and "audio_sample" not in changes:
        parts["audio_sample"] = ("a.wav", recording(), "audio/wav")
    faulty(shared.client.post("/v1/audio/voices", files=parts), status, param, word)


def test_what_is_no_recording_is_refused_and_a_body_of_another_kind_too(shared: Room):
    consent = consent_of(shared).id
    junk = {"audio_sample": ("a.wav", b"junk" * 100, "audio/wav")}
    faulty(
        shared.client.post("/v1/audio/voices", data={"name": "N", "consent": consent}, files=junk), 415, "audio_sample"
    )
    faulty(shared.client.post("/v1/audio/voices", json={"name": "N"}), 415, None, "multipart")
    other = {"file": ("a.wav", recording(), "audio/wav")}
    faulty(shared.client.post("/v1/audio/voices", data={"name": "N", "consent": consent}, files=other), 400, "file")


@pytest.mark.parametrize(
    ("data", "files", "status", "param"),
    [
        ({"name": "A", "language": "en"}, {"file": b"x"}, 400, "file"), ({"language": "en"}, {"recording": b"x"}, 400, "name"),
        ({"name": "A"}, {"recording": b"x"}, 400, "language"), ({"name": "A", "language": "en"}, {"recording": b"x"}, 415, "recording"),
        ({"name": "A", "language": "?"}, {"recording": b"x"}, 400, "language"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_consent_is_refused_by_name(shared: Room, data, files, status, param):
    answer = shared.client.post(
        "/v1/audio/voice_consents", data=data, files={name: (name, body) for name, body in files.items()}
    )
    faulty(answer, status, param)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x"])
def test_a_page_that_cannot_be_is_refused(shared: Room, query):
    faulty(shared.client.get(f"/v1/audio/voice_consents?{query}"), 400, "limit")
    faulty(shared.client.get("/v1/audio/voice_consents?after=cons_none"), 404, "consent")
