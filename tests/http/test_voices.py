"""`/voices`: enrolling from uploads, and what happens to a voice afterwards."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from .room import HELLO, Room, eventually, furnished, recording, refused

NAMED = {"name": "Ana", "language": "pt-BR", "consent_by": "Ana Souza"}


def one_file(data: bytes | None = None, name: str = "a.wav") -> dict:
    return {"file": (name, recording() if data is None else data, "audio/wav")}


def no_uploads_left(room: Room) -> bool:
    return not list(room.service.blobs.list("uploads/"))


def test_a_voice_is_enrolled_from_several_files_and_speaks(room: Room):
    files = [("file", ("a.wav", recording(3, 200), "audio/wav")), ("file", ("b.wav", recording(4, 200), "audio/wav"))]
    answer = room.client.post("/voices/clone", data={**NAMED, "description": "Uma voz", "consent": "Sim."}, files=files)
    accepted = answer.json()
    assert answer.status_code == 202
    assert accepted.keys() == {"message", "job_id", "status", "poll_url"}
    assert accepted["poll_url"] == answer.headers["location"] == f"/jobs/{accepted['job_id']}"
    job = room.finished(accepted["job_id"])
    assert (job["status"], job["mode"], job["text"]) == ("completed", "clone", None)
    voice = room.client.get(f"/voices/{job['voice_id']}").json()
    assert (voice["name"], voice["description"], voice["consent"], voice["status"]) == (
        "Ana",
        "Uma voz",
        "Sim.",
        "active",
    )
    assert voice["method"] == "tone matching"
    assert voice["reference_duration"] == pytest.approx(7, abs=0.01)
    spoken = room.spoken(mode="dubbing_with_clone", voice_id=job["voice_id"])
    assert (spoken["voice_id"], spoken["voice_preset"]) == (job["voice_id"], None)


def test_the_same_idempotency_key_is_one_enrolment_whatever_became_of_it(room: Room):
    headers = {"Idempotency-Key": "once"}
    first = room.client.post("/voices/clone", data=NAMED, files=one_file(), headers=headers)
    room.finished(first.json()["job_id"])
    again = room.client.post("/voices/clone", data=NAMED, files=one_file(), headers=headers)
    assert (again.status_code, again.json()["job_id"]) == (202, first.json()["job_id"])
    for changes in ({"description": "Outra"}, {"consent_given_at": "2026-01-01T00:00:00Z"}):
        answer = room.client.post("/voices/clone", data=NAMED | changes, files=one_file(), headers=headers)
        refused(answer, 409, word="Idempotency-Key")
    answer = room.client.post("/voices/clone", data=NAMED, files=one_file(), headers={"Idempotency-Key": "\x07"})
    refused(answer, 400, "Idempotency-Key")
    assert no_uploads_left(room)


def test_the_list_of_voices_has_both_names_that_clients_read(room: Room):
    voice_id = room.enrolled("Ana")["voice_id"]
    answer = room.client.get("/voices").json()
    assert answer["voices"] == answer["profiles"]
    assert answer["total"] == 1
    (profile,) = answer["profiles"]
    assert (profile["id"], profile["name"], profile["status"]) == (voice_id, "Ana", "active")


def test_the_sample_can_be_heard_in_ranges(room: Room):
    voice_id = room.enrolled()["voice_id"]
    url = f"/voices/{voice_id}/sample"
    whole = room.client.get(url)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
    assert soundfile.info(io.BytesIO(whole.content)).duration > 0.5
    part = room.client.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, whole.content[4:8])
    assert room.client.head(url).headers["content-length"] == str(len(whole.content))
    refused(room.client.get("/voices/voice_none/sample"), 404)


def test_deleting_the_job_that_made_a_voice_leaves_the_voice(room: Room):
    job = room.enrolled()
    assert room.client.delete(f"/jobs/{job['id']}").status_code == 200
    assert room.client.get(f"/voices/{job['voice_id']}").status_code == 200
    assert room.spoken(mode="dubbing_with_clone", voice_id=job["voice_id"])["status"] == "completed"


def test_a_voice_is_renamed_and_described_and_nothing_else(room: Room):
    voice_id = room.enrolled()["voice_id"]
    before = room.client.get(f"/voices/{voice_id}").json()
    changed = room.client.patch(f"/voices/{voice_id}", json={"name": "  Bia ", "description": "Outra"}).json()
    assert changed == {**before, "name": "Bia", "description": "Outra"}
    assert room.client.patch(f"/voices/{voice_id}", json={"description": ""}).json()["description"] == ""
    assert room.client.patch(f"/voices/{voice_id}", json={}).json()["name"] == "Bia"
    refused(room.client.patch(f"/voices/{voice_id}", json={"engine": "x"}), 400, "engine")
    refused(room.client.patch(f"/voices/{voice_id}", json={"name": " "}), 400, "name")
    refused(room.client.patch(f"/voices/{voice_id}", json={"name": "x" * 101}), 400, "name")
    refused(room.client.patch(f"/voices/{voice_id}", json={"description": "x" * 501}), 400, "description")
    refused(room.client.patch("/voices/voice_none", json={"name": "x"}), 404)


def test_a_name_belongs_to_one_voice(room: Room):
    ana, bia = room.enrolled("Ana"), room.enrolled("Bia", language="en")
    refused(room.client.post("/voices/clone", data={**NAMED, "name": "ana"}, files=one_file()), 409, "name")
    refused(room.client.patch(f"/voices/{bia['voice_id']}", json={"name": "ANA"}), 409)
    assert room.client.patch(f"/voices/{ana['voice_id']}", json={"name": "ANA"}).status_code == 200


def test_deleting_a_voice_removes_its_files_and_says_how_many(room: Room):
    voice_id = room.enrolled()["voice_id"]
    room.spoken(mode="dubbing_with_clone", voice_id=voice_id)
    answer = room.client.delete(f"/voices/{voice_id}").json()
    assert answer["voice_id"] == voice_id
    assert answer["files_deleted"] >= 3
    assert not [stat for stat in room.service.blobs.list() if voice_id in stat.key]
    refused(room.client.get(f"/voices/{voice_id}"), 404)
    refused(room.client.delete(f"/voices/{voice_id}"), 404)
    refused(room.client.post("/jobs", json={**HELLO, "mode": "dubbing_with_clone", "voice_id": voice_id}), 404)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"language": "pt"}, "name"),
        ({"name": "Ana"}, "language"),
        ({"name": " ", "language": "pt"}, "name"),
        ({"name": "x" * 101, "language": "pt"}, "name"),
        ({**NAMED, "language": "xx-nothing-here-at-all-really-long-tag"}, "language"),
        ({**NAMED, "description": "x" * 501}, "description"),
        ({**NAMED, "consent": "x" * 2_001}, "consent"),
        ({**NAMED, "surprise": "1"}, "surprise"),
    ],
)
def test_wrong_fields_of_an_enrolment_are_named_and_leave_nothing(shared: Room, fields: dict, name: str):
    refused(shared.client.post("/voices/clone", data=fields, files=one_file()), 400, name)
    assert no_uploads_left(shared)


def test_an_enrolment_needs_a_file_and_the_file_belongs_in_its_field(shared: Room):
    without = {name: (None, value) for name, value in NAMED.items()}
    refused(shared.client.post("/voices/clone", files=without), 400, "file")
    refused(shared.client.post("/voices/clone", data=NAMED, files={"audio": ("a.wav", recording())}), 400, "audio")
    refused(shared.client.post("/voices/clone", json=NAMED), 415)


def test_what_is_not_audio_is_a_415_whatever_it_is_called(shared: Room):
    refused(shared.client.post("/voices/clone", data=NAMED, files=one_file(b"MZ" + b"\0" * 9_000, "a.wav")), 415)
    refused(shared.client.post("/voices/clone", data=NAMED, files=one_file(b"just text", "a.mp3")), 415)
    assert no_uploads_left(shared)


def test_audio_is_known_by_its_content_not_by_its_name(room: Room):
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(np.arange(96_000) / 16), 16_000, format="FLAC")
    answer = room.client.post("/voices/clone", data=NAMED, files=one_file(file.getvalue(), "../../etc/passwd.txt"))
    assert answer.status_code == 202, answer.text
    assert room.finished(answer.json()["job_id"])["status"] == "completed"


@pytest.mark.parametrize(
    "data", [recording(0.4), recording(6, hz=0), recording()[:-30_000], b""], ids=["short", "silent", "cut", "empty"]
)
def test_audio_that_is_of_no_use_is_a_400(shared: Room, data: bytes):
    answer = shared.client.post("/voices/clone", data=NAMED, files=one_file(data))
    assert answer.status_code in (400, 415), answer.text
    refused(answer, answer.status_code)
    assert no_uploads_left(shared)


def test_a_file_over_the_limit_is_a_413_and_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    with furnished(tmp_path / "data", max_upload_mb=1) as room:
        refused(room.client.post("/voices/clone", data=NAMED, files=one_file(b"x" * 1_100_000)), 413, "file")
        many = [("file", (f"{n}.wav", b"x" * 1_000_000)) for n in range(6)]
        refused(room.client.post("/voices/clone", data=NAMED, files=many), 413)
        too_many = [("file", (f"{n}.wav", b"x")) for n in range(21)]
        refused(room.client.post("/voices/clone", data=NAMED, files=too_many), 400, "file")
        assert eventually(lambda: not list(spool.iterdir()))
        assert no_uploads_left(room)
        assert room.enrolled()["status"] == "completed"


def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_nothing(room: Room):
    def half():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 400_000
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        room.client.post("/voices/clone", content=half(), headers={"content-type": "multipart/form-data; boundary=x"})
    assert room.client.get("/health").status_code == 200
    assert room.client.get("/jobs").json()["total"] == 0
    assert no_uploads_left(room)


def test_a_language_the_engine_cannot_speak_is_refused_under_the_name_of_the_clone_forms_field(shared: Room):
    answer = shared.client.post("/voices/clone", data={**NAMED, "language": "xx"}, files=one_file())
    refused(answer, 400, "language", "xx")


def test_a_recording_sent_as_a_text_field_is_told_to_come_as_a_file(shared: Room):
    parts = [*((name, (None, value)) for name, value in NAMED.items()), ("file", (None, recording(1)[:200].hex()))]
    refused(shared.client.post("/voices/clone", files=parts), 400, "file", "with a filename")


def test_of_several_files_the_one_that_cannot_be_used_is_named(room: Room):
    files = [("file", ("a.wav", recording(6), "audio/wav")), ("file", ("b.wav", recording(6)[:5_000], "audio/wav"))]
    refused(room.client.post("/voices/clone", data=NAMED, files=files), 400, "file", "File 2 of 2")
    files[1] = ("file", ("b.wav", b"a text" * 100, "audio/wav"))
    refused(room.client.post("/voices/clone", data=NAMED, files=files), 415, "file", "File 2 of 2")
    assert no_uploads_left(room)
