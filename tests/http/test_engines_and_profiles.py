"""`/engines`, `/languages`, `/presets`, `/quality-profiles`."""

from __future__ import annotations

import pytest

from voicecore.voice import PRESETS

from .room import Room, refused


def test_an_engine_says_what_it_really_is_and_can(shared: Room):
    answer = shared.client.get("/engines").json()
    assert answer["default"] == "tone"
    engine = next(each for each in answer["engines"] if each["name"] == "tone")
    assert (engine["default"], engine["available"], engine["problems"]) == (True, True, [])
    card = engine["card"]
    assert card["licence"] == "MIT"
    assert card["notes"] == ["This is a test signal, not speech."]
    assert card["enrolment"]["method"] == "tone matching"
    assert "nothing else" in card["enrolment"]["description"]
    assert card["parameters"]["speed"] == {
        "minimum": 0.5, "maximum": 2.0, "default": 1.0, "integer": False,
        "meaning": "How fast the speech is: 2 takes half the time.",
    }  # fmt: skip
    assert {"warble", "pause_scale", "segment_size"} <= card["parameters"].keys()


def test_languages_list_who_speaks_them(shared: Room):
    answer = shared.client.get("/languages").json()
    spoken = {each["code"]: each["engines"] for each in answer["languages"]}
    assert "tone" in spoken["pt-BR"]
    assert answer["total"] == len(spoken)


def test_presets_are_filtered_by_language_and_engine(shared: Room):
    answer = shared.client.get("/presets", params={"engine": "tone", "language": "pt"}).json()
    assert [each["id"] for each in answer["presets"]] == list(PRESETS)
    assert {each["engine"] for each in shared.client.get("/presets").json()["presets"]} >= {"tone"}
    refused(shared.client.get("/presets?language=zz"), 400, "language")
    refused(shared.client.get("/presets?language=%00"), 400, "language")
    refused(shared.client.get("/presets?engine=nothing"), 404, "engine")


def test_the_eight_built_in_profiles_are_listed_and_immutable(shared: Room):
    everything = shared.client.get("/quality-profiles").json()["profiles"]
    built_in = {each["id"]: each for each in everything if each["built_in"]}
    assert built_in.keys() == {
        "balanced",
        "expressive",
        "stable",
        "fast",
        "high_quality",
        "natural",
        "audiobook",
        "low_latency",
    }
    assert shared.client.get("/quality-profiles/xtts/balanced").json()["parameters"]["temperature"] == 0.75
    assert {each["id"] for each in shared.client.get("/quality-profiles/tone").json()["profiles"]} >= {
        "natural",
        "audiobook",
    }
    refused(shared.client.patch("/quality-profiles/tone/natural", json={"name": "x"}), 409)
    refused(shared.client.delete("/quality-profiles/tone/natural"), 409)
    refused(shared.client.get("/quality-profiles/nothing"), 404)
    refused(shared.client.get("/quality-profiles/tone/nothing"), 404)
    refused(shared.client.get("/quality-profiles/tone/balanced"), 404)


def test_a_profile_is_made_changed_used_copied_and_deleted(room: Room):
    client = room.client
    made = client.post("/quality-profiles", json={"engine": "tone", "name": "Slow", "parameters": {"speed": 0.5}})
    profile = made.json()
    url = f"/quality-profiles/tone/{profile['id']}"
    assert (made.status_code, made.headers["location"]) == (201, url)
    assert client.get(url).json() == profile
    slow = room.spoken(quality_profile_id=profile["id"])
    assert slow["speed"] == 0.5
    changed = client.patch(url, json={"parameters": {"pause_scale": 2}, "description": "d"}).json()
    assert changed["parameters"] == {"speed": 0.5, "pause_scale": 2}
    assert changed["description"] == "d"
    copy = client.post(f"{url}/duplicate")
    assert (copy.status_code, copy.json()["name"], copy.json()["built_in"]) == (201, "Slow copy", False)
    named = client.post("/quality-profiles/tone/natural/duplicate", json={"name": "Mine"})
    assert (named.status_code, named.json()["name"], named.json()["engine"]) == (201, "Mine", "tone")
    refused(client.post(f"{url}/duplicate", json={"name": "mine"}), 409)
    gone = client.delete(url)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(client.get(url), 404)
    refused(client.delete(url), 404)


def test_a_default_profile_takes_effect_with_the_next_job_and_ends_with_its_deletion(room: Room):
    client = room.client
    profile_id = client.post(
        "/quality-profiles", json={"engine": "tone", "name": "Quick", "parameters": {"speed": 2}}
    ).json()["id"]
    before = room.submit()
    answer = client.post(f"/quality-profiles/tone/{profile_id}/set-default")
    assert (answer.status_code, answer.json()["default_of"]) == (200, ["tone"])
    after = room.submit()
    assert (before["quality_profile"], before["speed"]) == ("natural", 1.0)
    assert (after["quality_profile"], after["speed"]) == (profile_id, 2.0)
    client.delete(f"/quality-profiles/tone/{profile_id}")
    assert room.submit()["quality_profile"] == "natural"
    refused(client.post("/quality-profiles/tone/nothing/set-default"), 404)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "x"}, 400, "engine"),
        ({"engine": "tone"}, 400, "name"),
        ({"engine": "tone", "name": ""}, 400, "name"),
        ({"engine": "tone", "name": "Natural"}, 400, "name"),
        ({"engine": "tone", "name": "x", "parameters": {"loudness": 1}}, 400, "loudness"),
        ({"engine": "tone", "name": "x", "parameters": {"speed": 9}}, 400, "speed"),
        ({"engine": "tone", "name": "x", "parameters": {"speed": "1"}}, 400, None),
        ({"engine": "tone", "name": "x", "extra": 1}, 400, "extra"),
        ({"engine": "nothing", "name": "x"}, 404, "engine"),
    ],
)
def test_wrong_profiles_are_refused(shared: Room, body: dict, status: int, field: str | None):
    refused(shared.client.post("/quality-profiles", json=body), status, field)


def test_profiles_are_json_only(shared: Room):
    refused(shared.client.post("/quality-profiles", data={"engine": "tone", "name": "x"}), 415)
