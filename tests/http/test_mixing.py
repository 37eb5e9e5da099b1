"""`POST /voices/mix`, and what an enrolment has to say of its recordings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .room import Room, refused

ENTRE = {"name": "Entre", "language": "pt-BR"}
TWO = [{"preset": "female_generic", "weight": 3}, {"preset": "male_generic", "weight": 1}]


def mixed(room: Room, **changes: object) -> dict:
    """The voice that a mix made."""
    answer = room.client.post("/voices/mix", json={**ENTRE, "parts": TWO, **changes})
    assert answer.status_code == 202, answer.text
    job = room.finished(answer.json()["job_id"])
    assert job["status"] == "completed", job
    return room.client.get(f"/voices/{job['voice_id']}").json()


def test_a_voice_is_mixed_of_an_enrolled_one_and_a_preset_and_speaks(room: Room):
    ana = room.enrolled("Ana")["voice_id"]
    parts = [{"voice_id": ana, "weight": 1.5}, {"preset": "female_generic", "weight": 0.5}]
    answer = room.client.post(
        "/voices/mix", json={**ENTRE, "parts": parts, "description": "No meio", "priority": "high"}
    )
    accepted = answer.json()
    assert answer.status_code == 202
    assert accepted.keys() == {"message", "job_id", "status", "poll_url"}
    assert accepted["poll_url"] == answer.headers["location"] == f"/jobs/{accepted['job_id']}"
    job = room.finished(accepted["job_id"])
    assert (job["status"], job["mode"], job["text"], job["priority"]) == ("completed", "mix", None, "high")
    voice = room.client.get(f"/voices/{job['voice_id']}").json()
    assert (voice["method"], voice["description"], voice["reference_duration"]) == ("mixing", "No meio", 0)
    assert voice["notes"] == [f"A mix of: Ana ({ana}) 75 %, female_generic 25 %."]
    assert room.client.get(voice["sample_url"]).status_code == 200
    assert room.spoken(mode="dubbing_with_clone", voice_id=voice["id"])["status"] == "completed"
    assert [each["id"] for each in room.client.get("/jobs", params={"mode": "mix"}).json()["jobs"]] == [job["id"]]


def test_a_mix_is_renamed_and_deleted_like_any_voice_and_outlives_its_parts(room: Room):
    ana = room.enrolled("Ana")["voice_id"]
    voice = mixed(room, parts=[{"voice_id": ana, "weight": 1}, TWO[0]])
    assert room.client.delete(f"/voices/{ana}").status_code == 200
    assert room.client.patch(f"/voices/{voice['id']}", json={"name": "Meio"}).json()["name"] == "Meio"
    assert room.spoken(mode="dubbing_with_clone", voice_id=voice["id"])["status"] == "completed"
    assert room.client.delete(f"/voices/{voice['id']}").json()["files_deleted"] >= 2
    assert not [stat for stat in room.service.blobs.list() if voice["id"] in stat.key]


def test_a_repeated_mix_is_refused_since_its_name_is_taken(room: Room):
    mixed(room)
    refused(room.client.post("/voices/mix", json={**ENTRE, "parts": TWO}), 409, "name")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"parts": None}, "parts"), ({"parts": []}, "parts"), ({"parts": TWO[:1]}, "parts"), ({"parts": TWO * 5}, "parts"),
        ({"parts": [TWO[0], TWO[0]]}, "parts"), ({"parts": {"female_generic": 1}}, "parts"),
        ({"parts": [TWO[0], {"preset": "male_generic"}]}, "weight"),
        ({"parts": [TWO[0], {"preset": "male_generic", "weight": 0}]}, "weight"),
        ({"parts": [TWO[0], {"preset": "male_generic", "weight": -1}]}, "weight"),
        ({"parts": [TWO[0], {"preset": "male_generic", "weight": 1e9}]}, "weight"),
        ({"parts": [TWO[0], {"preset": "male_generic", "weight": "1"}]}, "parts[1].weight"),
        ({"parts": [TWO[0], {"preset": "male_generic", "weight": 1, "share": 2}]}, "share"),
        ({"parts": [TWO[0], {"weight": 1}]}, "parts"),
        ({"parts": [TWO[0], {"preset": "male_generic", "voice_id": "voice_1", "weight": 1}]}, "parts"),
        ({"parts": [TWO[0], {"preset": "nobody", "weight": 1}]}, "voice_preset"),
        ({"parts": [TWO[0], {"voice_id": "voice_none", "weight": 1}]}, "voice_id"),
        ({"parts": [TWO[0], {"voice_id": "../../etc", "weight": 1}]}, "voice_id"),
        ({"name": " "}, "name"), ({"name": None}, "name"), ({"language": "xx"}, "language"),
        ({"description": "x" * 501}, "description"), ({"surprise": 1}, "surprise"), ({"priority": "now"}, "priority"),
        ({"webhook_url": "https://example.com/a"}, "webhook_url"),
    ],
)  # fmt: skip
def test_a_mix_that_cannot_be_is_refused_by_field_and_makes_no_job(shared: Room, fields: dict, name: str):
    before = shared.client.get("/jobs").json()["total"]
    refused(shared.client.post("/voices/mix", json={**ENTRE, "parts": TWO, **fields}), 400, name)
    assert shared.client.get("/jobs").json()["total"] == before


def test_a_mix_is_sent_as_json_and_an_engine_is_known_by_name(shared: Room):
    refused(shared.client.post("/voices/mix", data={**ENTRE, "parts": "female_generic=1"}), 415)
    refused(shared.client.post("/voices/mix", content=b"{", headers={"Content-Type": "application/json"}), 400)
    refused(shared.client.post("/voices/mix", json={**ENTRE, "parts": TWO, "engine": "none"}), 404, "engine")
    refused(shared.client.post("/jobs", json={"mode": "mix", "text": "a", "source_language": "pt"}), 400, "mode")


def test_the_cards_say_which_engines_mix(shared: Room):
    engines = {each["name"]: each for each in shared.client.get("/engines").json()["engines"]}
    assert engines["tone"]["card"]["mixes_voices"] is True


def test_a_service_that_stops_mixes_nothing_more(room: Room):
    room.service.draining = True
    refused(room.client.post("/voices/mix", json={**ENTRE, "parts": TWO}), 503)


def test_what_an_engine_says_of_the_recordings_is_in_the_answer_about_the_job(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    truth = type(room.gate).open

    def doubtful(self, *, threads=None):
        engine = truth(self, threads=threads)
        enroll = engine.enroll
        engine.enroll = lambda clips, language: replace(
            enroll(clips, language), notes=("It seems to hold two voices.",)
        )
        return engine

    monkeypatch.setattr(type(room.gate), "open", doubtful)
    job = room.enrolled("Ana")
    assert job["warnings"] == ["It seems to hold two voices."]
    assert "It seems to hold two voices." in room.client.get(f"/voices/{job['voice_id']}").json()["notes"]
