"""`client.speech_to_speech`: a recording, in the voice of a conversion model."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from tests.instruments.tones import recording

from .elevenlabs_clients import ONCE, labs_client
from .room import Room
from .test_conversion import added
from .test_elevenlabs_speech import faulty

CONVERT, CHANGE = "/v1/speech-to-speech", "/v1/voice-changer"


@pytest.fixture(scope="module")
def model(shared: Room) -> str:
    return added(shared, "Narrator")


def bare(seconds: float = 1.0) -> bytes:
    """Samples of 16 bits at 16 kHz, and nothing else."""
    wav = recording(seconds)
    return wav[wav.index(b"data") + 8 :]


def convert(
    room: Room,
    voice: str,
    address: str = CONVERT,
    way: str = "",
    audio: bytes | None = None,
    query: dict | None = None,
    **fields,
) -> httpx.Response:
    files = {"audio": ("a.wav", recording(1.0) if audio is None else audio, "audio/wav")}
    return room.client.post(f"{address}/{voice}{way}", data=fields, files=files, params=query)


def job_of(room: Room, answer) -> dict:
    return room.client.get(f"/jobs/{answer.headers['x-job-id']}").json()


def test_the_official_client_converts_whole_and_streaming(shared: Room, model):
    client = labs_client(shared)
    asked = {"audio": ("a.wav", recording(1.0)), "output_format": "pcm_16000", "request_options": ONCE}
    whole = b"".join(client.speech_to_speech.convert(model, **asked, model_id="eleven_multilingual_sts_v2"))
    assert b"".join(client.speech_to_speech.stream(model, **asked)) == whole
    assert len(whole) / 32_000 == pytest.approx(1.0, abs=0.05)
    assert np.frombuffer(whole, "<i2").any()


@pytest.mark.parametrize("address", [CONVERT, CHANGE])
@pytest.mark.parametrize("way", ["", "/stream"])
@pytest.mark.parametrize("voice", ["by id", "Narrator", "narrator", "female_warm+Narrator"])
def test_the_voice_is_a_model_by_id_or_name_or_joined_to_a_voice(shared: Room, model, address, way, voice):
    answer = convert(shared, model if voice == "by id" else voice, address, way, seed="5")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "audio/mpeg"
    job = job_of(shared, answer)
    assert (job["mode"], job["rvc"]["model_id"], job["seed"], job["status"]) == ("convert", model, 5, "completed")


def test_similarity_reaches_the_conversion_and_what_has_no_effect_is_named(shared: Room, model):
    sliders = json.dumps({"stability": 0.5, "similarity_boost": 0.0, "style": 0.2})
    answer = convert(shared, model, voice_settings=sliders, remove_background_noise="true")
    assert job_of(shared, answer)["rvc"]["index_rate"] == 0.0
    told = answer.headers["x-voicecore-warnings"]
    assert all(name in told for name in ("stability", "style", "remove_background_noise"))
    assert "similarity" not in told
    quiet = convert(shared, model, voice_settings="null", remove_background_noise="false", file_format="other")
    assert "x-voicecore-warnings" not in quiet.headers
    assert job_of(shared, quiet)["rvc"]["index_rate"] == 0.75


def test_bare_samples_are_the_same_recording(shared: Room, model):
    query = {"output_format": "pcm_16000"}
    assert recording(1.0)[24:28] == (16_000).to_bytes(4, "little")
    whole = convert(shared, model, query=query).content
    assert convert(shared, model, audio=bare(), file_format="pcm_s16le_16", query=query).content == whole


@pytest.mark.parametrize(
    ("voice", "changes", "status", "param", "word"),
    [
        ("nobody", {}, 404, "voice_id", "no voice"), ("female_warm+nobody", {}, 404, "voice_id", "conversion model"),
        ("female_warm", {}, 400, "voice_id", "speaks texts"), ("Narrator", {"model_id": "eleven_v3"}, 404, "model_id", "sts"),
        ("Narrator", {"seed": "-1"}, 400, "seed", "4294967295"), ("Narrator", {"seed": "x"}, 400, "seed", "whole"),
        ("Narrator", {"voice_settings": "{"}, 400, "voice_settings", "JSON"),
        ("Narrator", {"voice_settings": '{"similarity_boost": 3}'}, 400, "similarity_boost", "0 to 1"),
        ("Narrator", {"voice_settings": '{"pitch": 3}'}, 400, "voice_settings", "pitch"),
        ("Narrator", {"file_format": "mp3"}, 400, "file_format", "pcm_s16le_16"), ("Narrator", {"pitch": "1"}, 400, "pitch", "no field"),
        ("Narrator", {"remove_background_noise": "perhaps"}, 400, "remove_background_noise", "true or false"),
        ("Narrator", {"audio": b"junk" * 100}, 415, "audio", ""), ("Narrator", {"audio": recording(0.1)}, 400, "audio", "0.5 s"),
        ("Narrator", {"audio": b"odd", "file_format": "pcm_s16le_16"}, 400, "audio", "two each"),
        ("Narrator", {"audio": b"", "file_format": "pcm_s16le_16"}, 400, "audio", "0 bytes"),
        ("Narrator", {"query": {"output_format": "wav"}}, 400, "output_format", "wav_22050"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name(shared: Room, model, voice, changes, status, param, word):
    faulty(convert(shared, voice, **changes), status, param, word)


def test_a_form_without_a_recording_or_with_too_much_is_refused(shared: Room, model):
    address = f"{CONVERT}/Narrator"
    faulty(shared.client.post(address, json={}), 415, None, "multipart")
    faulty(shared.client.post(address, files={"seed": (None, "1")}), 400, "audio", "missing")
    faulty(shared.client.post(address, files={"audio": (None, "text")}), 400, "audio", "filename")
    faulty(shared.client.post(address, files={"file": ("a.wav", b"x")}), 400, "audio", "audio")
    two = [("audio", ("a.wav", recording(1.0))), ("audio", ("b.wav", recording(1.0)))]
    faulty(shared.client.post(address, files=two), 400, "audio", "two recordings")
