"""`client.text_to_speech`: every format, sliders, times of characters, and what becomes of a speech whose client leaves."""

from __future__ import annotations

import base64
import io
import json
import wave

import av
import httpx
import numpy as np
import pytest
from elevenlabs import VoiceSettings
from elevenlabs.core.api_error import ApiError

from entrypoints.http.elevenlabs.formats import FORMATS
from entrypoints.http.elevenlabs.names import MODELS, VOICES
from voicecore.quality import ProfileId, QualityProfile
from voicecore.stream_format import StreamKind
from voicecore.testing.tone import PLAN_VARIABLE
from voicecore.voice import PRESETS

from .elevenlabs_clients import ONCE, labs_client
from .room import Room, eventually, furnished, leave_after
from .test_conversion import added
from .test_streams import SOME

TEXT = "Olá, mundo!"
LONG = " ".join(f"Esta é a frase de número {number}, nem curta nem longa." for number in range(12))
SPEECH = "/v1/text-to-speech"
WAYS = ("", "/stream", "/with-timestamps", "/stream/with-timestamps")


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A service whose engine takes its time, in chunks of a few letters."""
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.03, "letters_per_chunk": 6, "batch_size": 1}))
    with furnished(tmp_path) as made:
        yield made


def faulty(answer: httpx.Response, status: int, param: str | None = None, word: str = "", name: str = "") -> dict:
    """The error, checked for its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"detail"}
    detail = body["detail"]
    assert {"status", "message"} <= detail.keys() <= {"status", "message", "param"}
    assert detail.get("param") == param, detail
    assert word.lower() in detail["message"].lower(), detail
    assert name in ("", detail["status"]), detail
    return detail


def say(room: Room, voice: str = "female_warm", way: str = "", query: dict | None = None, **changes) -> httpx.Response:
    fields = {name: value for name, value in {"text": TEXT, **changes}.items() if value is not ...}
    return room.client.post(f"{SPEECH}/{voice}{way}", json=fields, params=query)


def job_of(room: Room, answer) -> dict:
    return room.client.get(f"/jobs/{answer.headers['x-job-id']}").json()


# --- formats ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_has_the_rate_and_the_bit_rate_of_its_name(shared: Room, name):
    with labs_client(shared).text_to_speech.with_raw_response.convert(
        "female_warm", text=LONG[:200], output_format=name, request_options=ONCE
    ) as answer:
        data, headers = b"".join(answer.data), answer.headers
    codec, rate_hz, kbps = f"{name}_0".split("_")[:3]
    assert int(headers["x-sample-rate"]) == int(rate_hz)
    assert int(headers["content-length"]) == len(data)
    assert headers["content-type"].split(";")[0] == FORMATS[name].media_type.split(";")[0]
    spoken_s = shared.client.get(f"/jobs/{headers['x-job-id']}").json()["duration"]
    if codec in ("pcm", "ulaw", "alaw"):
        assert len(data) / (2 if codec == "pcm" else 1) / int(rate_hz) == pytest.approx(spoken_s, abs=0.002)
        return
    with av.open(io.BytesIO(data)) as container:
        context = container.streams.audio[0].codec_context
        assert context.name.startswith({"wav": "pcm_s16le"}.get(codec, codec))
        assert context.sample_rate == int(rate_hz)
        if codec == "mp3":
            assert context.bit_rate == int(kbps) * 1_000
        heard_s = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert heard_s == pytest.approx(spoken_s, abs=0.15)
    if codec == "wav":
        assert int.from_bytes(data[4:8], "little") == len(data) - 8
        samples = data.index(b"data") + 8
        assert int.from_bytes(data[samples - 4 : samples], "little") == len(data) - samples
        with wave.open(io.BytesIO(data)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(spoken_s, abs=0.002)


def test_ulaw_and_alaw_are_the_speech_by_their_own_tables(shared: Room):
    plain = np.frombuffer(say(shared, query={"output_format": "pcm_8000"}).content, "<i2").astype(float)
    for name, decoder in (("ulaw_8000", "mulaw"), ("alaw_8000", "alaw")):
        data = say(shared, query={"output_format": name}).content
        with av.open(io.BytesIO(data), format=decoder, options={"sample_rate": "8000"}) as container:
            heard = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)]).astype(float)
        assert np.corrcoef(plain, heard[: len(plain)])[0, 1] > 0.99


def test_more_kilobits_make_more_bytes(shared: Room):
    for family in ("mp3_44100_", "opus_48000_"):
        sizes = [
            len(say(shared, text=LONG[:200], query={"output_format": f"{family}{kbps}"}).content)
            for kbps in (32, 64, 192)
        ]
        assert sizes == sorted(sizes)
        assert sizes[2] > 2 * sizes[0]


def test_the_default_is_mp3_of_44100_hz_and_streaming_gives_the_same_sound(shared: Room):
    client = labs_client(shared)
    for name in ("pcm_44100", "ulaw_8000"):
        asked = {"text": TEXT, "output_format": name}
        whole = b"".join(client.text_to_speech.convert("female_warm", **asked))
        assert b"".join(client.text_to_speech.stream("female_warm", **asked)) == whole
    answer = say(shared, way="/stream")
    assert "content-length" not in answer.headers
    for each in (answer, say(shared)):
        assert (each.headers["content-type"], each.headers["x-sample-rate"]) == ("audio/mpeg", "44100")
    # They are files of two jobs, and each says which.
    assert answer.headers["x-job-id"].encode() in answer.content
    found = shared.client.post("/v1/audio/detect", files={"file": ("a.mp3", answer.content)}).json()
    assert found["mark"]["job_id"] == answer.headers["x-job-id"]


def test_the_job_is_kept_in_the_format_that_was_asked_for(shared: Room):
    for name, kept in (("opus_48000_64", "audio/ogg"), ("ulaw_8000", "audio/wav")):
        job = say(shared, query={"output_format": name}).headers["x-job-id"]
        assert shared.client.get(f"/jobs/{job}/download").headers["content-type"].startswith(kept)


# --- what is asked for reaches the job ------------------------------------------------------------------------
def test_model_speed_seed_and_language_reach_the_job(shared: Room):
    settings = VoiceSettings(speed=1.5, stability=0.5)
    with labs_client(shared).text_to_speech.with_raw_response.convert(
        "male_deep", text=TEXT, model_id="eleven_flash_v2_5", language_code="fr", seed=7, voice_settings=settings
    ) as answer:
        b"".join(answer.data)
    job = job_of(shared, answer)
    assert (job["engine"], job["quality_profile"], job["speed"], job["seed"]) == ("tone", "low_latency", 1.5, 7)
    assert (job["spoken_language"], answer.headers["content-language"]) == ("fr", "fr")
    assert job["voice_preset"] == "male_deep"


def test_stability_chooses_a_quality_profile_where_the_engine_has_it(room: Room):
    for profile in ("stable", "expressive"):
        steady = QualityProfile(id=ProfileId(profile), name=profile, engine="tone", parameters={"speed": 1.1})
        room.service.catalog.profiles.add(steady)
    found = {s: job_of(room, say(room, voice_settings={"stability": s}))["quality_profile"] for s in (0, 0.5, 1)}
    assert (found[0], found[1]) == ("expressive", "stable")
    assert found[0.5] not in ("expressive", "stable")
    answer = say(room, voice_settings={"stability": 1}, model_id="eleven_turbo_v2")
    assert job_of(room, answer)["quality_profile"] == "low_latency"
    assert "stability" in answer.headers["x-voicecore-warnings"]


def test_what_has_no_effect_is_taken_and_named(shared: Room):
    query = {"enable_logging": "false", "optimize_streaming_latency": 4, "output_format": "pcm_8000"}
    answer = say(
        shared, voice_settings={"style": 0.5, "use_speaker_boost": True, "similarity_boost": 1}, previous_text="a", next_text="b",
        previous_request_ids=["x"], apply_text_normalization="off", query=query,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    told = answer.headers["x-voicecore-warnings"]
    for name in (
        "style",
        "use_speaker_boost",
        "similarity_boost",
        "previous_text",
        "next_text",
        "previous_request_ids",
    ):
        assert name in told
    assert answer.content == say(shared, query={"output_format": "pcm_8000"}).content
    quiet = say(shared, apply_text_normalization="auto", voice_settings=None, use_pvc_as_ivc=False, audio_effects=None)
    assert "x-voicecore-warnings" not in quiet.headers


def test_every_model_and_every_famous_voice_speaks(shared: Room):
    assert set(VOICES.values()) == set(PRESETS)
    for model in (*MODELS, "tone"):
        assert say(shared, model_id=model).status_code == 200
    job = job_of(shared, say(shared, "JBFqnCBsd6RMkjVDRZzb"))
    assert job["voice_preset"] == "male_warm"


def test_an_enrolled_voice_speaks_by_id_and_by_name_in_its_own_language(room: Room):
    voice_id = room.enrolled("Ana Maria", language="es")["voice_id"]
    client = labs_client(room)
    spoken = (
        client.text_to_speech.convert(each, text=TEXT, output_format="pcm_8000") for each in (voice_id, "Ana Maria")
    )
    heard = {b"".join(each) for each in spoken}
    assert len(heard) == 1
    job = job_of(room, say(room, "Ana Maria"))
    assert (job["voice_id"], job["spoken_language"]) == (voice_id, "es")


def test_what_is_spoken_is_converted_where_the_voice_names_a_model(room: Room):
    model = added(room, "Narrator")
    for voice, preset in (
        ("male_deep+Narrator", "male_deep"),
        (model, "female_generic"),
        ("narrator", "female_generic"),
    ):
        answer = say(room, voice, voice_settings={"similarity_boost": 0.25})
        job = job_of(room, answer)
        assert (job["rvc_applied"], job["rvc"]["model_id"], job["rvc"]["required"]) == (True, model, True)
        assert (job["voice_preset"], job["rvc"]["index_rate"]) == (preset, 0.25)


def test_settings_add_models_and_voices(tmp_path):
    tables = {
        "elevenlabs_models": (("mine", "tone:audiobook"),),
        "elevenlabs_voices": (("abcdefghijklmnopqrst", "male_soft"),),
    }
    with furnished(tmp_path, **tables) as room:
        job = job_of(room, say(room, "abcdefghijklmnopqrst", model_id="mine"))
        assert (job["voice_preset"], job["quality_profile"]) == ("male_soft", "audiobook")


# --- times of characters ---------------------------------------------------------------------------------------
def test_each_character_has_its_time_and_the_sound_is_the_same(shared: Room):
    told = labs_client(shared).text_to_speech.convert_with_timestamps(
        "female_warm", text=LONG, output_format="pcm_16000"
    )
    data = base64.b64decode(told.audio_base_64)
    assert data == say(shared, text=LONG, query={"output_format": "pcm_16000"}).content
    checked(told.alignment, LONG, len(data) / 32_000)
    assert told.normalized_alignment == told.alignment


def checked(alignment, text: str, seconds: float) -> None:
    starts, ends = alignment.character_start_times_seconds, alignment.character_end_times_seconds
    assert "".join(alignment.characters) == text
    assert len(starts) == len(ends) == len(text)
    assert all(start <= end for start, end in zip(starts, ends, strict=True))
    assert starts == sorted(starts)
    assert ends[-1] == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize("voice", ["female_warm", "female_warm+Narrator"])
def test_as_lines_the_sound_comes_with_the_characters_of_each_segment(tmp_path, monkeypatch, voice):
    plan = {"step_s": 0.02, "letters_per_chunk": 6, "batch_size": 1, "segment_limit": 70}
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan))
    text = LONG[:250]
    with furnished(tmp_path) as room:
        added(room, "Narrator")
        client = labs_client(room).text_to_speech
        room.gate.let(20)  # more than the first segment takes, and fewer than all do
        lines = client.stream_with_timestamps(voice, text=text, output_format="pcm_16000")
        told = [next(lines)]
        assert base64.b64decode(told[0].audio_base_64)
        assert room.client.get("/jobs").json()["jobs"][0]["status"] == "processing"
        room.gate.opened.set()
        told += lines
        whole = client.convert_with_timestamps(voice, text=text, output_format="pcm_16000")
    assert b"".join(base64.b64decode(each.audio_base_64) for each in told) == base64.b64decode(whole.audio_base_64)
    parts = [each.alignment for each in told if each.alignment is not None]
    assert len(parts) > 1
    assert [letter for part in parts for letter in part.characters] == list(text)
    for name in ("character_start_times_seconds", "character_end_times_seconds"):
        found = [each for part in parts for each in getattr(part, name)]
        assert found == pytest.approx(getattr(whole.alignment, name), abs=0.001)


# --- while it is made -------------------------------------------------------------------------------------------
def test_the_first_bytes_of_a_stream_leave_before_the_first_segment_is_finished(slow: Room):
    slow.gate.let(SOME)
    with labs_client(slow).text_to_speech.with_raw_response.stream(
        "female_warm", text=LONG, output_format="pcm_16000"
    ) as answer:
        first = next(answer.data)
        job = job_of(slow, answer)
        assert (job["status"], job["segments"]["done"], len(first) > 0) == ("processing", 0, True)


@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_leaves_cancels_the_job(slow: Room, way):
    slow.gate.let(SOME)  # it does not end by itself

    def wait():
        # It leaves when the job runs, however long that takes to begin.
        return eventually(lambda: slow.client.get("/jobs?status=processing").json()["jobs"], "the start")[0]

    job = leave_after(slow, f"{SPEECH}/female_warm{way}?output_format=pcm_16000", {"text": LONG}, wait)
    eventually(lambda: slow.client.get(f"/jobs/{job['id']}").json()["status"] == "cancelled", "the cancellation")


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_has_its_status_and_after_the_first_byte_the_stream_is_cut(tmp_path, monkeypatch, way):
    plan = {"fail_on": "falha", "letters_per_chunk": 6, "batch_size": 1, "segment_limit": 60}
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan))
    late = "Esta frase vai bem, e é comprida o bastante aqui. Esta outra aqui falha, e também é comprida."
    with furnished(tmp_path) as room:
        faulty(say(room, way=way, text="Isto falha."), 500)
        if "stream" in way:
            with pytest.raises(httpx.RemoteProtocolError):
                say(room, way=way, text=late, query={"output_format": "pcm_16000"})
        else:
            faulty(say(room, way=way, text=late), 500)


# --- refusals -----------------------------------------------------------------------------------------------
WRONG = [
    ({"text": ...}, 400, "text", "missing"), ({"text": ""}, 400, "text", "empty"), ({"text": " !? "}, 400, "text", "letter"),
    ({"text": "x" * 10_001}, 400, "text", "10000"), ({"text": 5}, 400, "text", "text"), ({"text": "a\0b"}, 400, "text", "control"),
    ({"model_id": "eleven_v9"}, 404, "model_id", "eleven_v3"), ({"model_id": 3}, 400, "model_id", "text"),
    ({"language_code": "de"}, 400, "language_code", "does not speak"), ({"language_code": "!"}, 400, "language_code", "tag"),
    ({"seed": -1}, 400, "seed", "4294967295"), ({"seed": 1.5}, 400, "seed", "whole"), ({"seed": 2**32}, 400, "seed", "4294967295"),
    ({"voice_settings": {"speed": 4}}, 400, "speed", "0.5 to 2"), ({"voice_settings": {"stability": 2}}, 400, "stability", "0 to 1"),
    ({"voice_settings": {"similarity_boost": -0.1}}, 400, "similarity_boost", "0 to 1"),
    ({"voice_settings": {"style": "a"}}, 400, "voice_settings.style", "number"), ({"voice_settings": []}, 400, "voice_settings", "list"),
    ({"voice_settings": {"pitch": 1}}, 400, "pitch", "leave it out"), ({"pitch": 1}, 400, "pitch", "no field"),
    ({"pronunciation_dictionary_locators": [{}]}, 400, "pronunciation_dictionary_locators", "no pronunciation"),
    ({"audio_effects": {"pan": 1}}, 400, "audio_effects", "no audio effects"),
    ({"previous_request_ids": ["a"] * 4}, 400, "previous_request_ids", "at most 3"),
    ({"next_request_ids": "a"}, 400, "next_request_ids", "list"), ({"previous_text": 1}, 400, "previous_text", "text"),
    ({"apply_text_normalization": "maybe"}, 400, "apply_text_normalization", "auto"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "param", "word"), WRONG)
def test_every_wrong_field_is_refused_by_name_in_elevenlabs_shape(shared: Room, changes, status, param, word):
    faulty(say(shared, **changes), status, param, word)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("voice", "query", "status", "param", "name"),
    [("nobody", {}, 404, "voice_id", "voice_not_found"), ("female_warm+nobody", {}, 404, "voice_id", "voice_not_found"),
     ("female_warm", {"output_format": "mp3_44100_129"}, 400, "output_format", "invalid_input"),
     ("female_warm", {"output_format": ""}, 400, "output_format", "invalid_input"),
     ("female_warm", {"optimize_streaming_latency": "5"}, 400, "optimize_streaming_latency", "invalid_input"),
     ("female_warm", {"enable_logging": "perhaps"}, 400, "enable_logging", "invalid_input")],
)  # fmt: skip
def test_a_wrong_voice_or_query_is_refused_everywhere(shared: Room, way, voice, query, status, param, name):
    faulty(say(shared, voice, way, query), status, param, name=name)


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 400), (b"\xff", "application/json", 400),
     (b"text=a", "application/x-www-form-urlencoded", 415), (b"x", "text/plain", 415), (b" " * 600_000, "application/json", 413)],
)  # fmt: skip
def test_a_body_that_is_none_is_refused_in_the_shape(shared: Room, content, media_type, status):
    answer = shared.client.post(f"{SPEECH}/female_warm", content=content, headers={"Content-Type": media_type})
    faulty(answer, status)
    faulty(shared.client.get(f"{SPEECH}/female_warm"), 405)
    faulty(shared.client.post(f"{SPEECH}/female_warm/sing"), 404)


def test_the_official_client_reads_the_refusals(shared: Room):
    with pytest.raises(ApiError) as wrong:
        labs_client(shared).text_to_speech.convert_with_timestamps(
            "female_warm", text=TEXT, voice_settings=VoiceSettings(speed=9), request_options=ONCE
        )
    assert wrong.value.status_code == 400
    assert wrong.value.body["detail"]["status"] == "invalid_input"
    assert "0.5 to 2" in wrong.value.body["detail"]["message"]


def test_a_full_queue_and_a_stopping_service_say_when_to_come_back(tmp_path):
    with furnished(tmp_path, max_queued=1, start=False) as room:
        room.submit()
        answer = say(room)
        faulty(answer, 429)
        assert int(answer.headers["retry-after"]) > 0
        room.service.draining = True
        answer = say(room)
        faulty(answer, 503)
        assert int(answer.headers["retry-after"]) > 0


def test_there_are_all_names_of_the_official_client():
    from typing import get_args

    from elevenlabs.text_to_speech.types.text_to_speech_convert_request_output_format import (
        TextToSpeechConvertRequestOutputFormat,
    )

    (names, _) = get_args(TextToSpeechConvertRequestOutputFormat)
    assert set(get_args(names)) == set(FORMATS)
    assert {each.kind for each in FORMATS.values()} <= set(StreamKind)
