"""`/consents`, and what `/voices` shows of them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile

from tests.instruments.tones import recording

from .room import HELLO, Room, furnished, refused

CLONE = {"name": "Ana", "language": "pt-BR"}


def files(**extra: bytes) -> dict:
    return {"file": ("a.wav", recording(), "audio/wav")} | {
        name: (f"{name}.wav", data, "audio/wav") for name, data in extra.items()
    }


def test_the_statements_are_offered_and_the_service_says_whether_it_needs_one(shared: Room, tmp_path: Path):
    offered = shared.client.get("/consent-statements").json()
    assert offered["required"] is True
    assert {each["language"] for each in offered["statements"]} >= {"en", "pt", "es", "fr", "it", "de"}
    with furnished(tmp_path, start=False, require_consent=False) as room:
        assert room.client.get("/consent-statements").json()["required"] is False


def test_a_clone_without_a_consent_is_refused_and_where_that_is_off_on_purpose_the_log_says_so(
    shared: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    refused(shared.client.post("/voices/clone", data=CLONE, files=files()), 400, "consent", "consent_by")
    with furnished(tmp_path, require_consent=False) as room:
        accepted = room.client.post("/voices/clone", data=CLONE, files=files())
        assert accepted.status_code == 202
        job = room.finished(accepted.json()["job_id"])
        assert room.client.get(f"/voices/{job['voice_id']}").json()["consents"] == []
    assert "VOICECORE_REQUIRE_CONSENT is off" in caplog.text


def test_who_agreed_when_and_to_what_is_shown_with_the_voice_and_the_recording_is_not(room: Room):
    said = {"consent_by": "Ana Souza", "consent_given_at": "2026-01-02T03:04:05-03:00"}
    spoken = recording(2, 150)
    accepted = room.client.post("/voices/clone", data={**CLONE, **said}, files=files(consent_recording=spoken))
    assert accepted.status_code == 202, accepted.text
    voice = room.client.get(f"/voices/{room.finished(accepted.json()['job_id'])['voice_id']}").json()
    (consent,) = voice["consents"]
    assert (consent["by"], consent["status"], voice["status"]) == ("Ana Souza", "active", "active")
    assert consent["given_at"].startswith("2026-01-02T06:04:05")
    assert consent["text"] == voice["consent"]
    assert "voz sintética" in consent["text"]
    assert consent["recording"]["duration"] == pytest.approx(2, abs=0.01)
    heard = room.client.get(consent["recording"]["url"])
    assert (heard.status_code, heard.headers["x-synthetic-audio"]) == (200, "false")
    assert soundfile.info(io.BytesIO(heard.content)).duration == pytest.approx(2, abs=0.01)
    assert room.client.delete(f"/voices/{voice['id']}").status_code == 200
    refused(room.client.get(f"/consents/{consent['id']}"), 404)
    refused(room.client.get(consent["recording"]["url"]), 404)
    assert list(room.service.blobs.list("consents/")) == []


def test_a_plain_string_of_the_older_contract_is_a_statement_and_a_bare_yes_is_not(room: Room):
    fields = {**CLONE, "consent": "Ana agreed by mail, 2026-11-22"}
    accepted = room.client.post("/voices/clone", data=fields, files=files())
    voice = room.client.get(f"/voices/{room.finished(accepted.json()['job_id'])['voice_id']}").json()
    assert (voice["consent"], voice["consents"][0]["by"]) == ("Ana agreed by mail, 2026-11-22", None)
    for word in ("yes", "true", "Sim."):
        answer = room.client.post("/voices/clone", data={**CLONE, "name": "Bia", "consent": word}, files=files())
        refused(answer, 400, "consent_by", "does not say who agreed")


@pytest.mark.parametrize("how", ["json", "data", "files"])
def test_a_consent_of_its_own_is_kept_listed_and_named_by_clones(room: Room, how: str):
    body = {"by": "Ana", "text": "Concordo com isso.", "language": "pt-BR"}
    sent = (
        {"data": body, "files": {"recording": ("r.wav", recording(2), "audio/wav")}} if how == "files" else {how: body}
    )
    kept = room.client.post("/consents", **sent)
    assert kept.status_code == 201, kept.text
    consent = kept.json()
    assert (consent["by"], consent["text"], consent["language"]) == ("Ana", "Concordo com isso.", "pt-BR")
    assert (consent["recording"] is not None) == (how == "files")
    assert room.client.get("/consents").json() == {"total": 1, "consents": [consent]}
    assert room.client.get(f"/consents/{consent['id']}").json() == consent
    accepted = room.client.post("/voices/clone", data={**CLONE, "consent_id": consent["id"]}, files=files())
    voice = room.client.get(f"/voices/{room.finished(accepted.json()['job_id'])['voice_id']}").json()
    assert voice["consents"] == [consent]
    assert room.client.delete(f"/voices/{voice['id']}").status_code == 200
    assert room.client.get(f"/consents/{consent['id']}").json() == consent


def test_a_voice_whose_consent_was_withdrawn_is_listed_as_revoked_and_neither_speaks_nor_is_heard(room: Room):
    voice_id = room.enrolled()["voice_id"]
    (consent,) = room.client.get(f"/voices/{voice_id}").json()["consents"]
    room.gate.opened.clear()
    running = room.submit(mode="dubbing_with_clone", voice_id=voice_id)["id"]
    told = room.client.delete(f"/consents/{consent['id']}").json()
    assert (told["voices"], told["jobs_cancelled"]) == ([voice_id], 1)
    assert room.finished(running)["status"] == "cancelled"
    body = {**HELLO, "mode": "dubbing_with_clone", "voice_id": voice_id}
    assert refused(room.client.post("/jobs", json=body), 409, "voice_id", "withdrawn")["code"] == "consent_revoked"
    refused(room.client.get(f"/voices/{voice_id}/sample"), 409, None, "withdrawn")
    parts = [{"voice_id": voice_id, "weight": 1}, {"preset": "male_deep", "weight": 1}]
    refused(room.client.post("/voices/mix", json={"name": "Entre", "language": "pt", "parts": parts}), 409)
    voice = room.client.get(f"/voices/{voice_id}").json()
    assert (voice["status"], voice["consents"][0]["status"]) == ("revoked", "revoked")
    assert voice["consents"][0]["revoked_at"] is not None
    assert room.client.get("/voices").json()["profiles"][0]["status"] == "revoked"


def test_wrong_fields_of_a_consent_are_named_and_leave_nothing(shared: Room):
    for body, field in (
        ({}, "by"), ({"by": " "}, "by"), ({"by": "x" * 101}, "by"), ({"by": "A", "text": "x" * 2_001}, "text"),
        ({"by": "A", "language": "klingonisch"}, "language"), ({"by": "A", "given_at": "yesterday"}, "given_at"),
        ({"by": "A", "given_at": "2026-01-02T03:04:05"}, "given_at"), ({"by": "A", "given_at": "2999-01-01T00:00:00Z"}, "given_at"),
        ({"by": "A", "who": "B"}, "who"), ({"by": 7}, "by"),
    ):  # fmt: skip
        refused(shared.client.post("/consents", json=body), 400, field)
    broken = {"recording": ("r.wav", b"MZ" + b"\0" * 9_000, "audio/wav")}
    refused(shared.client.post("/consents", data={"by": "A"}, files=broken), 415, "recording")
    refused(shared.client.post("/consents", data={"by": "A"}, files={"file": ("r.wav", recording())}), 400, "file")
    refused(
        shared.client.post("/consents", data={"by": "A"}, files={"recording": ("r.wav", recording(61))}),
        400,
        "recording",
    )
    assert shared.client.get("/consents").json()["total"] == 0
    assert list(shared.service.blobs.list("consents/")) == []
    for path in ("/consents/cons_none", "/consents/cons_none/recording", "/consents/..%2f..%2fx", "/consents/A"):
        refused(shared.client.get(path), 404)
    refused(shared.client.delete("/consents/cons_none"), 404)


def test_two_recorded_consents_or_one_sent_as_a_text_are_refused(shared: Room):
    fields = {**CLONE, "consent_by": "Ana"}
    twice = [("file", ("a.wav", recording())), *[("consent_recording", ("c.wav", recording()))] * 2]
    refused(shared.client.post("/voices/clone", data=fields, files=twice), 400, "consent_recording")
    as_text = {**fields, "consent_recording": "yes"}
    refused(
        shared.client.post("/voices/clone", data=as_text, files=files()), 400, "consent_recording", "with a filename"
    )
    missing = {**CLONE, "consent_id": "cons_none"}
    refused(shared.client.post("/voices/clone", data=missing, files=files()), 404, "consent_id")
