"""`client.audio.speech`: every format, events, voices, and what becomes of a speech whose client leaves."""

from __future__ import annotations

import base64
import io
import json
import math
import re

import av
import httpx
import numpy as np
import openai
import pytest

from entrypoints.http.openai.speech_body import FORMATS, IGNORED
from tests.instruments.heads import frames_of
from voicecore.testing.tone import PLAN_VARIABLE

from .openai_clients import client_of
from .room import Room, eventually, furnished
from .test_conversion import added
from .test_openai_names import faulty
from .test_streams import SOME

HELLO = {"model": "tts-1-hd", "voice": "alloy", "input": "Olá, mundo!"}
LONG = " ".join(f"Esta é a frase de número {number}, nem curta nem longa." for number in range(12))
TYPES = {"mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
         "pcm": "audio/pcm"}  # fmt: skip


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A service whose engine takes its time, in chunks of a few letters."""
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.03, "letters_per_chunk": 6, "batch_size": 1}))
    with furnished(tmp_path) as made:
        yield made


def speech(room: Room, **changes) -> httpx.Response:
    fields = {name: value for name, value in {**HELLO, **changes}.items() if value is not ...}
    return room.client.post("/v1/audio/speech", json=fields)


def job_of(room: Room, answer) -> dict:
    return room.client.get(f"/jobs/{answer.headers['x-job-id']}").json()


def pcm_of(room: Room, **changes) -> np.ndarray:
    answer = speech(room, response_format="pcm", **changes)
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, "<i2")


def pitch(samples: np.ndarray, rate_hz: int = 24_000) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate_hz / len(samples))


def events_of(text: str) -> list[dict]:
    assert text.endswith("\n\n")
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    assert all(re.fullmatch(r"data: [^\n]+", block) for block in blocks)
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


# --- formats ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(FORMATS))
def test_every_format_is_what_it_says_and_as_long_as_the_speech(shared: Room, kind):
    with client_of(shared).audio.speech.with_streaming_response.create(**HELLO, response_format=kind) as answer:
        data = b"".join(answer.iter_bytes())
        assert answer.headers["content-type"] == TYPES[kind]
        assert "content-length" not in answer.headers
        job = job_of(shared, answer)
        rate_hz = int(answer.headers["x-sample-rate"])
    assert job["status"] == "completed"
    if kind == "pcm":
        assert rate_hz == 24_000
        assert len(data) / 2 / rate_hz == pytest.approx(job["duration"], abs=0.001)
        return
    assert data.startswith(
        {"mp3": (b"\xff", b"ID3"), "opus": b"OggS", "aac": b"\xff\xf1", "flac": b"fLaC", "wav": b"RIFF"}[kind]
    )
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].codec_context.name.startswith({"wav": "pcm_s16le"}.get(kind, kind))
        spoken_s = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert spoken_s == pytest.approx(job["duration"], abs=0.15)


def test_pcm_is_the_finished_sound_at_24_khz(shared: Room):
    answer = speech(shared, response_format="pcm")
    assert pitch(np.frombuffer(answer.content, "<i2")) == pytest.approx(pitch_of_job(shared, answer), rel=0.02)


def pitch_of_job(room: Room, answer) -> float:
    wav = room.client.get(f"/jobs/{answer.headers['x-job-id']}/download").content
    return pitch(np.frombuffer(wav[wav.index(b"data") + 8 :], "<i2"), 16_000)


def test_the_default_is_mp3_and_the_job_is_kept_in_the_format_that_was_asked_for(shared: Room):
    answer = client_of(shared).audio.speech.create(**HELLO)
    assert answer.response.headers["content-type"] == "audio/mpeg"
    kept = shared.client.get(f"/jobs/{answer.response.headers['x-job-id']}/download")
    assert kept.headers["content-type"] == "audio/mpeg"


# --- what is asked for reaches the job ------------------------------------------------------------------------
def test_model_profile_speed_seed_and_language_reach_the_job(shared: Room):
    answer = speech(shared, model="tts-1", speed=1.5, seed=7, language="fr", instructions="Whisper.")
    job = job_of(shared, answer)
    assert (job["engine"], job["quality_profile"], job["speed"], job["seed"]) == ("tone", "low_latency", 1.5, 7)
    assert (job["spoken_language"], answer.headers["content-language"]) == ("fr", "fr")
    assert answer.headers["x-voicecore-warnings"] == IGNORED
    other = speech(shared, model="tone", quality_profile="audiobook")
    assert job_of(shared, other)["quality_profile"] == "audiobook"
    assert other.headers["content-language"] == "pt-BR"
    assert "x-voicecore-warnings" not in other.headers


def test_what_the_job_warns_of_is_told_in_the_header(shared: Room):
    assert "pt-PT is spoken as pt-BR" in speech(shared, language="pt-PT").headers["x-voicecore-warnings"]


@pytest.mark.parametrize("voice", ["nova", "female_young", {"id": "nova"}])
def test_a_voice_is_a_text_or_an_id_and_openai_s_names_are_presets(shared: Room, voice):
    assert job_of(shared, speech(shared, voice=voice))["voice_preset"] == "female_young"


def test_an_enrolled_voice_speaks_by_id_and_by_name_in_its_own_language(room: Room):
    voice_id = room.enrolled("Ana Maria", language="es")["voice_id"]
    heard = [pcm_of(room, voice=voice) for voice in (voice_id, "Ana Maria", {"id": voice_id})]
    assert all(np.array_equal(each, heard[0]) for each in heard)
    assert not np.array_equal(heard[0], pcm_of(room, language="es"))
    job = job_of(room, speech(room, voice="Ana Maria"))
    assert (job["voice_id"], job["spoken_language"], job["mode"]) == (voice_id, "es", "dubbing_with_clone")


@pytest.mark.parametrize("how", ["joined by a plus", "joined by a colon", "a field", "by id"])
def test_what_is_spoken_is_converted_where_a_model_is_named(room: Room, how):
    model = added(room, "Narrator")
    asked = {"joined by a plus": {"voice": "nova+Narrator"}, "joined by a colon": {"voice": "nova:narrator"},
             "a field": {"voice": "nova", "rvc_model": "Narrator"}, "by id": {"voice": "nova", "rvc_model": model}}[how]  # fmt: skip
    answer = speech(room, **asked)
    job = job_of(room, answer)
    assert (job["rvc_applied"], job["rvc"]["model_id"], job["rvc"]["required"]) == (True, model, True)
    assert job["voice_preset"] == "female_young"


# --- events -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["pcm", "mp3"])
def test_as_events_the_sound_is_the_same_and_its_use_is_told(shared: Room, kind):
    answer = speech(shared, stream_format="sse", response_format=kind)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *deltas, done = events_of(answer.text)
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    sent = b"".join(base64.b64decode(each["audio"]) for each in deltas)
    # Before it stands of which job it is.
    assert frames_of(sent) == frames_of(speech(shared, response_format=kind).content)
    used = math.ceil(round(job_of(shared, answer)["duration"] / 0.05, 6))
    letters = len(HELLO["input"])
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": letters, "output_tokens": used, "total_tokens": letters + used},
    }


def test_as_events_sound_comes_while_it_is_made(slow: Room):
    body = {**HELLO, "input": LONG, "stream_format": "sse", "response_format": "pcm"}
    slow.gate.let(SOME)
    with slow.client.stream("POST", "/v1/audio/speech", json=body) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        first = json.loads(next(lines).removeprefix("data: "))
        assert first["type"] == "speech.audio.delta"
        assert job_of(slow, answer)["status"] == "processing"
        slow.gate.opened.set()
        rest = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert rest[-1]["type"] == "speech.audio.done"


# --- while it is made -------------------------------------------------------------------------------------------
def test_the_first_bytes_leave_before_the_first_segment_is_finished(slow: Room):
    asked = {**HELLO, "input": LONG, "response_format": "pcm"}
    slow.gate.let(SOME)
    with client_of(slow).audio.speech.with_streaming_response.create(**asked) as answer:
        pieces = answer.iter_bytes()  # kept: an iterator that is thrown away closes its connection
        first = next(pieces)
        job = job_of(slow, answer)
        assert (job["status"], job["segments"]["done"], len(first) > 0) == ("processing", 0, True)


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
def test_a_client_that_leaves_cancels_the_job(slow: Room, stream_format):
    body = {**HELLO, "input": LONG, "stream_format": stream_format, "response_format": "pcm"}
    slow.gate.let(SOME)
    with slow.client.stream("POST", "/v1/audio/speech", json=body) as answer:
        next(answer.iter_raw())
        job_id = answer.headers["x-job-id"]
    eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["status"] == "cancelled", "the cancellation")


def test_a_failure_before_the_first_byte_has_its_status_and_after_it_is_an_event_or_a_cut(tmp_path, monkeypatch):
    plan = {"fail_on": "falha", "letters_per_chunk": 6, "batch_size": 1, "segment_limit": 60}
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan))
    late = "Esta frase vai bem, e é comprida o bastante aqui. Esta outra aqui falha, e também é comprida."
    with furnished(tmp_path) as room:
        for stream_format in ("audio", "sse"):
            error = faulty(speech(room, input="Isto falha.", stream_format=stream_format), 500, None)
            assert error["type"] == "server_error"
        *deltas, failed = events_of(speech(room, input=late, stream_format="sse", response_format="pcm").text)
        assert deltas
        assert failed["type"] == "speech.audio.error"
        assert failed["error"].keys() == {"message", "type", "param", "code"}
        with pytest.raises(httpx.RemoteProtocolError):
            speech(room, input=f"Outra vez, sem nada guardado. {late}", response_format="pcm")


# --- refusals -----------------------------------------------------------------------------------------------
WRONG = [
    ({"model": ...}, 400, "model", "missing"), ({"model": "gpt-9"}, 404, "model", "tts-1"), ({"model": 3}, 400, "model", "text"),
    ({"input": ...}, 400, "input", "missing"), ({"input": ""}, 400, "input", "empty"), ({"input": " !? "}, 400, "input", "letter"),
    ({"input": "x" * 10_001}, 400, "input", "10000"), ({"input": "a\0b"}, 400, "input", "control"),
    ({"input": ["a"]}, 400, "input", "text"), ({"voice": ...}, 400, "voice", "missing"),
    ({"voice": "nobody"}, 404, "voice", "female_generic"), ({"voice": {}}, 400, None, ""), ({"voice": 5}, 400, "voice", "text"),
    ({"voice": {"id": "nobody"}}, 404, "voice", "presets"), ({"voice": {"id": "nova", "x": 1}}, 400, "x", "x"),
    ({"voice": "nova+nobody"}, 404, "rvc_model", "conversion model"), ({"rvc_model": "nobody"}, 404, "rvc_model", "conversion model"),
    ({"response_format": "m4a"}, 400, "response_format", "aac"), ({"response_format": ""}, 400, "response_format", "mp3"),
    ({"speed": 0.25}, 400, "speed", "0.5 to 2"), ({"speed": 4}, 400, "speed", "0.5 to 2"), ({"speed": "1"}, 400, "speed", "number"),
    ({"stream_format": "websocket"}, 400, "stream_format", "sse"), ({"instructions": "x" * 4_097}, 400, "instructions", "4096"),
    ({"language": "de"}, 400, "language", "does not speak"), ({"language": "!"}, 400, "language", "tag"),
    ({"seed": -1}, 400, "seed", "4294967295"), ({"seed": 1.5}, 400, "seed", "whole"),
    ({"quality_profile": "balanced"}, 400, "quality_profile", "natural"), ({"temperature": 1}, 400, "temperature", "no field"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "param", "word"), WRONG)
def test_every_wrong_field_is_refused_by_name_in_openai_s_shape(shared: Room, changes, status, param, word):
    answer = speech(shared, **changes)
    if param is None:
        assert answer.json()["error"]["code"] == "invalid_input"
        return
    faulty(answer, status, param, word)


def test_the_official_client_knows_the_refusals(shared: Room):
    client = client_of(shared)
    with pytest.raises(openai.BadRequestError) as wrong:
        client.audio.speech.create(**HELLO, speed=4.0)
    assert (wrong.value.param, wrong.value.code, wrong.value.type) == (
        "speed",
        "invalid_input",
        "invalid_request_error",
    )
    with pytest.raises(openai.NotFoundError, match="no voice"):
        client.audio.speech.create(**{**HELLO, "voice": "nobody"})


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"\xff", "application/json", 400),
     (b"input=a", "application/x-www-form-urlencoded", 415), (b"x", "text/plain", 415), (b" " * 600_000, "application/json", 413)],
)  # fmt: skip
def test_a_body_that_is_none_is_refused_in_openai_s_shape(shared: Room, content, media_type, status):
    answer = shared.client.post("/v1/audio/speech", content=content, headers={"Content-Type": media_type})
    faulty(answer, status)
    faulty(shared.client.get("/v1/audio/speech"), 405)


def test_a_full_queue_and_a_stopping_service_say_when_to_come_back(tmp_path):
    with furnished(tmp_path, max_queued=1, start=False) as room:
        room.submit()
        answer = speech(room)
        assert faulty(answer, 429)["type"] == "rate_limit_error"
        assert int(answer.headers["retry-after"]) > 0
        room.service.draining = True
        answer = speech(room)
        assert faulty(answer, 503)["type"] == "server_error"
        assert int(answer.headers["retry-after"]) > 0
