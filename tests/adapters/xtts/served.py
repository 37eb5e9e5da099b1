"""A service with XTTS behind it, on the tiny checkpoint, and a client of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from adapters.audio import SandboxedCodec
from adapters.hosts import LocalHost
from entrypoints.container import build
from entrypoints.settings import Settings
from tests.http.room import Gate, Room, listening
from tests.instruments.heads import pcm_of
from voicecore.audio import Audio
from voicecore.request import OutputFormat

#: For what takes seconds: torch is loaded in a process that starts.
PATIENCE_S = 120.0
TEXT = "Bom dia a todos, hoje vamos falar um pouco da casa amarela."


def settings_of(models_dir: Path, data_dir: Path, **changes: Any) -> Settings:
    """As an operator has it who accepted the licence."""
    values = {
        "engine": "xtts", "models_dir": models_dir, "data_dir": data_dir, "device": "cpu", "threads": 1,
        "accept_licences": ("xtts",),
    }  # fmt: skip
    return Settings(**{**values, **changes})


@contextmanager
def opened(settings: Settings, *, here: bool = True) -> Iterator[Room]:
    """A service of these settings; `here`: the model is in this process, where torch is loaded already."""
    container = build(settings)
    if here:
        container.host.override(LocalHost(settings=settings.engine_settings))
    service = container.service()
    for slot in service.crew.slots:
        slot.runner.poll_s = 0.05
    with ExitStack() as stack:
        stack.enter_context(service)
        url, app = listening(service, stack)
        client = stack.enter_context(httpx.Client(base_url=url, timeout=PATIENCE_S))
        yield Room(service, client, Gate(), container, app)


def ended(room: Room, job_id: str) -> dict[str, Any]:
    """The job, when it has ended."""
    until = time.monotonic() + PATIENCE_S
    while (job := room.client.get(f"/jobs/{job_id}").json())["status"] not in ("completed", "failed", "cancelled"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
    return job


def completed(room: Room, job_id: str) -> dict[str, Any]:
    job = ended(room, job_id)
    assert job["status"] == "completed", job
    return job


def spoken(room: Room, **fields: Any) -> bytes:
    """The WAV of a completed job."""
    job = completed(room, room.submit(**{"text": TEXT, **fields})["id"])
    return room.client.get(job["audio_url"]).content


def said(room: Room, **body: Any) -> bytes:
    """Its samples alone, which two jobs of one request have in common; what stands before them names the job."""
    return pcm_of(spoken(room, **body))


def sent(room: Room, *clips: tuple[str, bytes], **fields: str) -> httpx.Response:
    """The answer to `POST /voices/clone`: each clip is a name and its bytes."""
    files = [("file", (name, content, "application/octet-stream")) for name, content in clips]
    return room.client.post(
        "/voices/clone", data={"name": "Ana", "language": "pt-BR", "consent_by": "Ana", **fields}, files=files
    )


def cloned(room: Room, *clips: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    """The completed job that learned a voice."""
    answer = sent(room, *clips, **fields)
    assert answer.status_code == 202, answer.text
    return completed(room, answer.json()["job_id"])


def wav(audio: Audio) -> tuple[str, bytes]:
    return "a.wav", audio.wav_bytes()


def flac(audio: Audio) -> tuple[str, bytes]:
    return "b.flac", b"".join(SandboxedCodec().encode([audio.samples], audio.sample_rate_hz, OutputFormat.FLAC))


def files_of(data_dir: Path, voice_id: str) -> list[Path]:
    """Files in the data folder that are named after the voice."""
    return [path for path in data_dir.rglob("*") if path.is_file() and voice_id in str(path)]
