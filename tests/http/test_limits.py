"""Limits of keys: refused with 429, when to try again, and how much is left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import anyio
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from entrypoints.http.live_room import Seat
from tests.instruments.tones import recording
from voicecore.access import KeyLimits, Scope
from voicecore.errors import LimitReached

from .people import person
from .room import HELLO, PATIENCE_S, Room, furnished, refused
from .test_conversion import added

CLONE = {"language": "pt-BR", "consent_by": "Ana Souza"}


#: A speech in every dialect: its address and its body, without the text and with the name of the field for it.
SPEECHES = {
    "ours": ("/jobs/stream", HELLO, "text"),
    "openai": ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy"}, "input"),
    "openai events": ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "stream_format": "sse"}, "input"),
    "elevenlabs": ("/v1/text-to-speech/female_warm", {}, "text"),
    "elevenlabs stream": ("/v1/text-to-speech/female_warm/stream", {}, "text"),
    "elevenlabs times": ("/v1/text-to-speech/female_warm/with-timestamps", {}, "text"),
    "elevenlabs streamed times": ("/v1/text-to-speech/female_warm/stream/with-timestamps", {}, "text"),
}


def heard_on_socket(room: Room, key: str, text: str, **start: str) -> list[dict]:
    """What a speaking socket says of this text, until it is closed."""
    said = {"type": "start", "source_language": "pt-BR", "mode": "dubbing", **start}
    heard = []
    with connect(
        room.url.replace("http", "ws", 1) + "/ws/speak", open_timeout=PATIENCE_S, additional_headers={"X-API-Key": key}
    ) as socket:
        # Who is refused at once may be so before all of it was sent.
        with suppress(ConnectionClosed):
            for message in (said, {"type": "text", "text": text}, {"type": "end"}):
                socket.send(json.dumps(message))
        with suppress(ConnectionClosed):
            while True:
                if isinstance(message := socket.recv(timeout=PATIENCE_S), str):
                    heard.append(json.loads(message))
    return heard


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


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room that everybody needs a key for."""
    with furnished(tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.mark.parametrize(("path", "body", "field"), SPEECHES.values(), ids=SPEECHES.keys())
def test_streams_and_characters_are_counted_in_every_dialect(locked: Room, path: str, body: dict, field: str):
    limits = KeyLimits(streams=1, characters_per_day=20)
    with person(locked, f"Of {path} {len(body)}", limits=limits) as ana:
        short, long = {**body, field: "Bom dia."}, {**body, field: "Bom dia, minha gente boa."}
        with locked.service.limits_of(locked.service.authenticate(ana.text)).stream():
            full = ana.client.post(path, json=short)
        assert ana.client.post(path, json=short).status_code == 200
        spent = ana.client.post(path, json=long)
        for answer, policy in ((full, "streams"), (spent, "characters")):
            assert answer.status_code == 429, answer.text
            assert answer.headers["ratelimit-policy"].startswith(f'"{policy}"')
            assert int(answer.headers["retry-after"]) > 0
        assert ana.client.get("/jobs").json()["total"] == 1


def test_streams_and_characters_are_counted_on_a_socket(locked: Room):
    with person(locked, "Of a socket", limits=KeyLimits(streams=1, characters_per_day=20)) as ana:
        with locked.service.limits_of(locked.service.authenticate(ana.text)).stream():
            assert heard_on_socket(locked, ana.text, "Bom dia.")[-1]["code"] == "limit_reached"
        assert heard_on_socket(locked, ana.text, "Bom dia.")[-1]["type"] == "done"
        assert heard_on_socket(locked, ana.text, "Bom dia, minha gente boa.")[-1]["code"] == "limit_reached"
        assert ana.client.get("/jobs").json()["total"] == 1


def test_who_has_one_place_may_ask_for_the_next_sound_as_soon_as_the_last_one_ended(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    given_back = Seat.give_back

    async def late(seat: Seat) -> None:
        await anyio.sleep(0.2)
        await given_back(seat)

    monkeypatch.setattr(Seat, "give_back", late)
    with person(room, "Ana", limits=KeyLimits(streams=1)) as ana:
        for path, body, field in SPEECHES.values():
            assert ana.client.post(path, json={**body, field: "Bom dia."}).status_code == 200, path
        assert ana.client.post("/jobs/stream?sse=true", json=HELLO).status_code == 200
        for _ in range(2):
            assert heard_on_socket(room, ana.text, "Bom dia.")[-1]["type"] == "done"


def test_who_may_only_speak_has_nothing_converted_in_any_dialect(room: Room):
    model = added(room, "Lia")
    with person(room, "Ana", [Scope.SPEAK]) as ana:
        asked = [
            ("/jobs", {**HELLO, "enable_rvc": True, "rvc_model_id": model}),
            ("/jobs/stream", {**HELLO, "enable_rvc": True, "rvc_model_id": model}),
            ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "Oi.", "rvc_model": model}),
            ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy+Lia", "input": "Oi."}),
            ("/v1/text-to-speech/Lia", {"text": "Oi."}),
            (f"/v1/text-to-speech/{model}/stream", {"text": "Oi."}),
            ("/v1/text-to-speech/female_warm+Lia/with-timestamps", {"text": "Oi."}),
        ]
        for path, body in asked:
            answer = ana.client.post(path, json=body)
            assert (answer.status_code, "convert" in answer.text) == (403, True), (path, answer.text)
        assert ana.client.get("/jobs").json()["total"] == 0
