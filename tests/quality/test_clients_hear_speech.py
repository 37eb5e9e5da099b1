"""Real clients of a real server with the real voice: what they download is understood by a recogniser."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import socket
import subprocess
import sys
import time

import httpx
import numpy as np
import openai
import pytest
from elevenlabs import ElevenLabs
from wyoming.client import AsyncTcpClient
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from adapters.audio import SandboxedCodec
from tests.instruments.free_port import free_port
from tests.instruments.recogniser import transcribe, word_error_rate
from voicecore.audio import Audio
from voicecore.ports import AudioLimits

pytestmark = pytest.mark.quality

DONE = {"completed", "success", "done", "finished"}
WYOMING_PORT = free_port()
BAD = {"failed", "error", "cancelled", "canceled", "aborted"}
#: Speech takes seconds, and minutes where other models are at work on the same cores.
PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    port = free_port()
    folder = tmp_path_factory.mktemp("data")
    env = {**os.environ, "VOICECORE_PORT": str(port), "VOICECORE_DATA_DIR": str(folder), "VOICECORE_ENGINE": "kokoro"}
    env["VOICECORE_WYOMING_PORT"] = str(WYOMING_PORT)
    with subprocess.Popen(
        [sys.executable, "-m", "entrypoints.cli", "serve", "--wyoming"], env=env, cwd=folder
    ) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(lambda: process.poll() is not None or _answers(address))
            assert process.poll() is None, "it ended before it answered"
            yield address
        finally:
            # Also where it never answered: leaving `with` waits for its end.
            process.terminate()
        assert process.wait(PATIENCE_S) == 0


def _answers(address):
    try:
        # Not its health, which a disk that is nearly full spoils.
        if httpx.get(f"{address}/ready").status_code != 200:
            return False
        socket.create_connection(("127.0.0.1", WYOMING_PORT)).close()
    except (httpx.TransportError, ConnectionError):
        return False
    return True


def _wait_for(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


def heard(body: bytes, language: str) -> str:
    return transcribe(SandboxedCodec().decode(io.BytesIO(body), AudioLimits()), language)


def test_an_orchestrator_gets_speech_it_can_use(url):
    """Polls as the contract says, reads each value from the first field that has it, and takes the name from the header."""
    text = "Bom dia. Os cientistas brasileiros descobriram uma nova espécie de peixe."
    job = {
        "mode": "dubbing",
        "text": text,
        "source_language": "pt-BR",
        "target_language": "pt-BR",
        "voice_preset": "female_generic",
    }
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        # Where the disk of this machine is nearly full, it says that.
        assert client.get("/health").json()["status"] in {"healthy", "degraded"}
        made = client.post("/jobs", json=job)
        assert made.is_success
        answer = made.json()
        job_id = answer.get("job_id") or answer["id"]
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            answer = client.get(f"/jobs/{job_id}").json()
            state = str(answer.get("status") or answer.get("state")).lower()
            progress = answer["progress"] * 100 if answer["progress"] <= 1 else answer["progress"]
            assert 0 <= progress <= 100
            assert state not in BAD, answer.get("error") or answer.get("error_message")
            if state in DONE:
                break
            time.sleep(0.5)
        assert progress == 100
        download = client.get(f"/jobs/{job_id}/download")
        name = re.search(r'filename="?([^";]+)"?', download.headers["content-disposition"])[1]
    assert name == f"dubbed_{job_id}.wav"
    assert word_error_rate(text, heard(download.content, "pt-BR"), "pt-BR") <= 0.10


@pytest.mark.parametrize("audio_format", ["mp3", "ogg", "flac", "m4a", "opus"])
def test_a_form_posting_client_gets_speech_in_every_format(url, audio_format):
    text = "Good morning. The library is right next to the school."
    form = {"mode": "dubbing", "text": text, "source_language": "en", "voice_preset": "male_generic", "speed": "1.0"}
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        job_id = client.post("/jobs", data=form).raise_for_status().json()["id"]
        body = client.get(
            f"/jobs/{job_id}/download", params={"format": audio_format, "timeout": 120}
        ).raise_for_status()
    assert word_error_rate(text, heard(body.content, "en"), "en") <= 0.10


BOM_DIA = ("pt-BR", "Bom dia. Os cientistas brasileiros descobriram uma nova espécie de peixe.")
GOOD_MORNING = ("en", "Good morning. The library is next to the school.")


@pytest.mark.parametrize(
    ("kind", "voice", "spoken"),
    [("mp3", "alloy", BOM_DIA), ("opus", "onyx", GOOD_MORNING), ("pcm", "echo", BOM_DIA)],
)  # fmt: skip
def test_the_official_client_of_openai_gets_speech_in_every_family_of_formats(url, kind, voice, spoken):
    language, text = spoken
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
    with client.audio.speech.with_streaming_response.create(
        model="tts-1-hd", voice=voice, input=text, response_format=kind, extra_body={"language": language}
    ) as answer:
        body = b"".join(answer.iter_bytes())
    if kind == "pcm":
        body = Audio(np.frombuffer(body, "<i2").astype(np.float32) / 32_768, 24_000).wav_bytes()
    assert word_error_rate(text, heard(body, language), language) <= 0.15


@pytest.mark.parametrize(
    ("voice", "spoken"), [("pt-BR/female_warm", BOM_DIA), ("en-US/male_generic", GOOD_MORNING)]
)  # fmt: skip
def test_home_assistant_hears_the_language_that_belongs_to_the_voice(url, voice, spoken):
    """Text in portions, as an assistant's model writes it; the voice's name is all that tells the language."""
    language, text = spoken

    async def talk() -> bytes:
        async with AsyncTcpClient("127.0.0.1", WYOMING_PORT, connect_timeout=60, read_timeout=PATIENCE_S) as client:
            await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name=voice)).event())
            for start in range(0, len(text), 7):
                await client.write_event(SynthesizeChunk(text[start : start + 7]).event())
            await client.write_event(SynthesizeStop().event())
            sound = b""
            while (event := await client.read_event()) is not None and event.type != "synthesize-stopped":
                sound += event.payload or b""
            return sound

    audio = Audio(np.frombuffer(asyncio.run(talk()), "<i2").astype(np.float32) / 32_768, 24_000)
    assert word_error_rate(text, heard(audio.wav_bytes(), language), language) <= 0.15


def test_the_official_client_of_elevenlabs_gets_speech_and_the_times_of_its_words(url):
    language, text = BOM_DIA
    with httpx.Client(timeout=PATIENCE_S) as http:
        speak = ElevenLabs(base_url=url, api_key="none", httpx_client=http).text_to_speech
        phone = b"".join(speak.stream("female_warm", text=text, output_format="pcm_8000"))
        told = speak.convert_with_timestamps("21m00Tcm4TlvDq8ikWAM", text=text, output_format="mp3_44100_64")
    body = Audio(np.frombuffer(phone, "<i2").astype(np.float32) / 32_768, 8_000).wav_bytes()
    assert word_error_rate(text, heard(body, language), language) <= 0.15
    # The first sentence, by its times, is heard alone.
    whole = SandboxedCodec().decode(io.BytesIO(base64.b64decode(told.audio_base_64)), AudioLimits())
    cut = round(told.alignment.character_end_times_seconds[text.index(".")] * whole.sample_rate_hz)
    first = transcribe(Audio(whole.samples[:cut], whole.sample_rate_hz), language)
    assert word_error_rate("Bom dia.", first, language) == 0
