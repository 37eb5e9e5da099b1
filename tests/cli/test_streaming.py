"""Sound from a running service while it is made."""

from __future__ import annotations

import json
import signal

import httpx
import pytest

from tests.cli.shell import PATIENCE_S, Shell
from tests.cli.test_service_commands import serving
from tests.instruments.heads import head_bytes

HELLO = {"mode": "dubbing", "text": "Olá, mundo! Até amanhã, meu amigo.", "source_language": "pt-BR"}
LONG = " ".join(f"Esta é a frase de número {number}, nem curta nem longa." for number in range(30))


@pytest.fixture
def slow(shell: Shell):
    """A service that takes its time, and a shell of commands."""
    plan = {"step_s": 0.05, "letters_per_chunk": 6, "batch_size": 1, "fail_on": "falha"}
    with serving(shell.slow(**plan)) as url:
        yield shell, url


def finished(url, job_id):
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        client.get(f"/jobs/{job_id}/download", params={"timeout": PATIENCE_S})
        return client.get(f"/jobs/{job_id}").json()


def test_what_goes_to_stdout_is_heard_while_it_is_made_and_is_the_download(slow):
    shell, url = slow
    with shell.start("say", LONG, "-o", "-", "--format", "pcm", "--url", url) as process:
        first = process.stdout.read(1_000)
        job = httpx.get(f"{url}/jobs", timeout=PATIENCE_S).json()["jobs"][0]
        assert job["status"] == "processing"
        assert len(first) == 1_000
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(PATIENCE_S) == 130
    assert finished(url, job["id"])["status"] == "cancelled"

    said = shell.run("say", HELLO["text"], "-o", "-", "--format", "pcm", "--json", "--url", url)
    assert said.code == 0, said.err
    report = json.loads(said.err)
    wav = httpx.get(f"{url}/jobs/{report['job_id']}/download", timeout=PATIENCE_S).content
    assert said.out == wav[head_bytes(wav) :]
    assert report["duration_s"] == pytest.approx(len(said.out) / 2 / report["sample_rate_hz"], abs=1e-3)

    failed = shell.run("say", f"{HELLO['text']} Isto falha sempre, aqui e agora.", "-o", "-", "--url", url)
    assert failed.code == 1
    assert "told to fail" in failed.err

    job_id = httpx.post(f"{url}/jobs", json=HELLO, timeout=PATIENCE_S).json()["id"]
    heard = shell.run("listen", job_id, "-o", "job.flac", "--url", url)
    assert heard.code == 0, heard.err
    assert (shell.home / "job.flac").read_bytes()[:4] == b"fLaC"
    assert finished(url, job_id)["status"] == "completed"
    unknown = shell.run("listen", "job_none", "-o", "-", "--url", url)
    assert (unknown.code, unknown.out) == (4, b"")
