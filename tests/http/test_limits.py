"""Limits of keys: refused with 429, when to try again, and how much is left."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.instruments.tones import recording
from voicecore.access import KeyLimits, Scope
from voicecore.errors import LimitReached

from .people import person
from .room import HELLO, Room, furnished, refused

CLONE = {"language": "pt-BR", "consent_by": "Ana Souza"}


def clip() -> dict:
    return {"file": ("a.wav", recording(), "audio/wav")}


def test_requests_are_counted_told_and_refused_above_the_limit(room: Room):
    with person(room, "Ana", limits=KeyLimits(requests_per_minute=3)) as ana:
        answers = [ana.client.get("/engines") for _ in range(4)]
        # A minute may have begun in between: then the count did, too.
        while [answer.status_code for answer in answers][-4:] != [200, 200, 200, 429]:
            answers.append(ana.client.get("/engines"))
        *_, good, bad = answers
        assert good.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert re.fullmatch(r'"requests";r=0;t=([1-9]|[1-5]\d|60)', good.headers["ratelimit"])
        assert refused(bad, 429, word="3 requests a minute")["code"] == "limit_reached"
        assert 1 <= int(bad.headers["retry-after"]) <= 60
        assert bad.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert bad.headers["ratelimit"] == f'"requests";r=0;t={bad.headers["retry-after"]}'
        with person(room, "Bia") as bia:
            assert bia.client.get("/engines").status_code == 200
        assert ana.client.get("/health").status_code == 200


def test_who_needs_no_key_has_no_limits(shared: Room):
    answer = shared.client.get("/engines")
    assert "ratelimit" not in answer.headers


def test_the_defaults_of_the_settings_are_those_of_every_key_without_its_own(tmp_path: Path):
    with furnished(tmp_path, limit_requests_per_minute=7) as room:
        with person(room, "Ana") as ana:
            assert ana.client.get("/engines").headers["ratelimit-policy"] == '"requests";q=7;w=60'
        with person(room, "Bia", limits=KeyLimits(requests_per_minute=0)) as bia:
            assert "ratelimit" not in bia.client.get("/engines").headers


def test_characters_of_a_day_are_counted_for_what_was_accepted_only(room: Room):
    with person(room, "Ana", limits=KeyLimits(characters_per_day=20)) as ana:
        texts = {**HELLO, "text": "Dez letras"}
        assert ana.client.post("/jobs", json=texts, headers={"Idempotency-Key": "k"}).status_code == 202
        assert ana.client.post("/jobs", json=texts, headers={"Idempotency-Key": "k"}).status_code == 202
        refused(ana.client.post("/jobs", json={**texts, "voice_preset": "nobody"}), 400)
        answer = ana.client.post("/jobs", json={**texts, "text": "Onze letras"})
        refused(answer, 429, word="10 are left")
        assert answer.headers["ratelimit-policy"] == '"characters";q=20;w=86400'
        assert 1 <= int(answer.headers["retry-after"]) <= 86_400
        assert ana.client.post("/jobs", json=texts).status_code == 202


def test_voices_that_are_stored_and_coming_are_counted(room: Room):
    parts = [{"preset": "female_warm", "weight": 1}, {"preset": "male_deep", "weight": 1}]
    mix = {"language": "pt-BR", "parts": parts}
    with person(room, "Ana", limits=KeyLimits(voices=2)) as ana, person(room, "Bia") as bia:
        room.gate.opened.clear()
        for name in ("A", "B"):
            assert ana.client.post("/voices/mix", json={**mix, "name": name}).status_code == 202
        answer = ana.client.post("/voices/mix", json={**mix, "name": "C"})
        refused(answer, 429, word="2 voices")
        assert answer.headers["ratelimit-policy"] == '"voices";q=2'
        assert bia.client.post("/voices/mix", json={**mix, "name": "A"}).status_code == 202
        room.gate.opened.set()


def test_voices_that_are_asked_for_at_once_do_not_pass_the_limit_of_their_key(room: Room):
    def ask(number: int) -> httpx.Response:
        if number % 2:
            parts = [{"preset": "female_warm", "weight": 1}, {"preset": "male_deep", "weight": 1}]
            return ana.client.post("/voices/mix", json={"language": "pt-BR", "parts": parts, "name": f"Mix {number}"})
        return ana.client.post("/voices/clone", data={**CLONE, "name": f"Clone {number}"}, files=clip())

    with person(room, "Ana", limits=KeyLimits(voices=2)) as ana, ThreadPoolExecutor(8) as pool:
        room.gate.opened.clear()
        answers = list(pool.map(ask, range(8)))
        assert sorted(each.status_code for each in answers) == [202] * 2 + [429] * 6
        assert ana.client.get("/jobs").json()["total"] == 2
        kept = {stat.key.split("/")[1] for stat in room.service.blobs.list("uploads/")}
        assert kept <= {each.json()["job_id"] for each in answers if each.status_code == 202}
        room.gate.opened.set()


def test_a_clone_that_is_sent_twice_at_once_with_its_key_is_one_job_also_in_the_last_place(room: Room):
    def ask(_: int) -> httpx.Response:
        return ana.client.post(
            "/voices/clone", data={**CLONE, "name": "Ana"}, files=clip(), headers={"Idempotency-Key": "once"}
        )

    with person(room, "Ana", limits=KeyLimits(voices=1)) as ana, ThreadPoolExecutor(4) as pool:
        room.gate.opened.clear()
        answers = list(pool.map(ask, range(4)))
        assert {each.status_code for each in answers} == {202}
        assert len({each.json()["job_id"] for each in answers}) == 1
        room.gate.opened.set()


def test_a_key_keeps_as_many_consents_on_their_own_as_voices_by_either_address(room: Room):
    said = {"by": "Ana", "language": "pt-BR"}
    spoken = {"recording": ("r.wav", recording(2), "audio/wav")}
    with person(room, "Ana", limits=KeyLimits(voices=2)) as ana, person(room, "Bia") as bia:
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: ana.client.post("/consents", json=said), range(6)))
        assert sorted(each.status_code for each in answers) == [201] * 2 + [429] * 4
        refusal = ana.client.post("/consents", data=said, files=spoken)
        refused(refusal, 429, word="2 consents")
        assert refusal.headers["ratelimit-policy"] == '"consents";q=2'
        other = ana.client.post("/v1/audio/voice_consents", data={"name": "Ana", "language": "pt-BR"}, files=spoken)
        assert (other.status_code, other.json()["error"]["type"]) == (429, "rate_limit_error")
        assert list(room.service.blobs.list("consents/")) == []
        assert bia.client.post("/consents", json=said).status_code == 201
        kept = ana.client.get("/consents").json()["consents"]
        assert ana.client.delete(f"/consents/{kept[0]['id']}").status_code == 200
        assert ana.client.post("/consents", json=said).status_code == 201


def test_streams_of_a_caller_are_counted_while_they_last(room: Room):
    key, text = room.service.keys.make("Ana", {Scope.SPEAK}, limits=KeyLimits(streams=1))
    limits = room.service.limits_of(room.service.authenticate(text))
    with limits.stream() as place:
        place.keep()
        with pytest.raises(LimitReached) as refusal, limits.stream():
            raise AssertionError("a second stream was let in")
        assert (refusal.value.policy, refusal.value.limit) == ("streams", 1)
    with limits.stream():
        pass
    assert key.limits.streams == 1


def test_a_stream_over_the_limit_of_its_key_is_refused_and_makes_no_job(room: Room):
    limits = KeyLimits(streams=1)
    with person(room, "Ana", limits=limits) as ana, person(room, "Bia", limits=limits) as bia:
        with room.service.limits_of(room.service.authenticate(ana.text)).stream():
            answer = ana.client.post("/jobs/stream", json=HELLO)
            refused(answer, 429, word="1 live streams")
            assert answer.headers["ratelimit-policy"] == '"streams";q=1'
            assert ana.client.get("/jobs").json()["total"] == 0
            assert bia.client.post("/jobs/stream?format=pcm", json=HELLO).status_code == 200
        for _ in range(2):  # the place of the first is free again
            assert ana.client.post("/jobs/stream?format=pcm", json=HELLO).status_code == 200
