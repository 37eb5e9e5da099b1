"""A client that posts forms, polls every 5 s and downloads WAV, against a real server process; its clock runs fifty
times as fast."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlencode

import httpx

from .room import PATIENCE_S, recording
from .server_process import serving

FASTER = 50


def poll(client: httpx.Client, job_id: str) -> dict:
    for _ in range(200):
        time.sleep(5 / FASTER)
        job = client.get(f"/jobs/{job_id}").json()
        if job["status"] in ("completed", "failed", "cancelled"):
            return job
    raise AssertionError("never finished")


def test_a_form_client_lists_profiles_posts_a_form_polls_and_saves_a_wav(tmp_path: Path):
    with serving(tmp_path) as server, httpx.Client(base_url=server.url, timeout=PATIENCE_S) as client:
        form = {"name": "Narradora", "language": "pt-BR", "description": "", "consent": "A narradora aceitou."}
        clone = client.post("/voices/clone", data=form, files={"file": ("x.wav", recording())}).json()
        assert poll(client, clone["job_id"])["status"] == "completed"
        (profile,) = [each for each in client.get("/voices").json()["profiles"] if each["status"] == "active"]
        assert profile["name"] == "Narradora"
        body = urlencode({
            "mode": "dubbing_with_clone", "text": "Olá, çã & 100%! + dois = três", "source_language": "pt-BR",
            "target_language": "", "voice_id": profile["id"], "tts_engine": "tone", "quality_profile": "natural",
            "speed": "1.0", "enable_rvc": "false", "rvc_pitch": "0", "rvc_f0_method": "rmvpe", "voice_preset": "",
        })  # fmt: skip
        answer = client.post(
            "/jobs", content=body, headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        )
        assert answer.status_code == 202, answer.text
        job = poll(client, answer.json()["job_id"])
        assert (job["status"], job["text"]) == ("completed", "Olá, çã & 100%! + dois = três")
        audio = client.get(f"/jobs/{job['id']}/download", params={"format": "wav"})
        (tmp_path / job["output_file"]).write_bytes(audio.content)
        assert audio.content[:4] == b"RIFF"
        assert len(audio.content) == job["file_size"]
