"""Every curl line of the documentation does what its page says, against a running service.

What only the reader has, the placeholders of `World.means`, is put in; a line with another one fails.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest
from tests.http.server_process import serving
from tests.instruments.tones import recording
from tests.instruments.webhook_receiver import receiving

from voicecore.testing.shifter import shifter_file

ROOT = Path(__file__).parents[2]
_SHELL = re.compile(r"^```(?:bash|console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ADDRESS = re.compile(r"\b(localhost|127\.0\.0\.1):8004\b")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Recordings and models that readers have of their own.
FILES = {"ana.wav", "ana-agrees.wav", "consent.wav", "gravado.wav", "sound.mp3", "narrator.pth", "narrator.index"}


def commands(text: str) -> list[str]:
    """Those that begin with curl, each on one line."""
    found: list[str] = []
    for block in _SHELL.finditer(text):
        lines = iter(block[1].splitlines())
        for line in lines:
            command = line.removeprefix("$ ")
            if not command.startswith("curl "):
                continue
            while command.endswith("\\") or not _closed(command):
                command = command.removesuffix("\\") + " " + next(lines).strip()
            found.append(command)
    return found


def _closed(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True


COMMANDS = [
    pytest.param(command, id=f"{path.relative_to(ROOT)}: {command[5:50]}")
    for path in PAGES for command in commands(path.read_text("utf-8"))
]  # fmt: skip


@dataclass(slots=True)
class World:
    """A service where somebody has been at work, and a folder with the files of a reader."""

    folder: Path
    address: str
    means: dict[str, str]
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """As a reader would, but that a refusal is an error."""
        for placeholder, meaning in self.means.items():
            command = command.replace(placeholder, meaning)
        # Names are the reader's own; two pages may choose the same.
        command = re.sub(r"\bname=(\w+)", lambda match: f"name={match[1]}-{next(self.numbers)}", command)
        command = _ADDRESS.sub(self.address, command)
        assert "…" not in command, f"World.means has no meaning for a placeholder of: {command}"
        command = command.replace("curl ", "curl --fail-with-body --max-time 60 ", 1)
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, capture_output=True, text=True, errors="replace", check=False
        )


def _learned(client: httpx.Client, by: str) -> dict[str, str]:
    """A voice that somebody learned, a model, a consent and a job that are there already."""
    fields = {"name": by, "language": "pt-BR", "consent_by": by}
    cloning = client.post("/voices/clone", data=fields, files={"file": recording()}).raise_for_status().json()["job_id"]
    model = client.post("/rvc-models", data={"name": by}, files={"pth_file": shifter_file()}).raise_for_status().json()
    fields = {"by": by, "language": "pt-BR"}
    consent = client.post("/consents", data=fields, files={"recording": recording()}).raise_for_status().json()
    body = {"mode": "dubbing", "text": "Um texto, que já foi dito.", "source_language": "pt-BR"}
    job = client.post("/jobs", json=body).raise_for_status().json()["id"]
    client.get(f"/jobs/{job}/download", params={"timeout": 60}).raise_for_status()
    while (clone := client.get(f"/jobs/{cloning}").json())["status"] != "completed":
        assert clone["status"] in ("queued", "processing"), clone
        time.sleep(0.05)
    return {"voice_…": clone["voice_id"], "rvc_…": model["id"], "cons_…": consent["id"], "job_…": job, "JOB_ID": job}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("reader")
    for name in FILES:
        content = shifter_file() if name.endswith(".pth") else b"12345" if name.endswith(".index") else recording()
        (folder / name).write_bytes(content)
    secrets = {
        "VOICECORE_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "VOICECORE_WEBHOOK_ALLOW_PRIVATE": "true",
    }
    with (
        receiving() as receiver,
        serving(folder, **secrets) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        means = _learned(client, "Bia Lima") | {"https://example.com/voicecore": f"{receiver.url}/voicecore"}
        yield World(folder, httpx.URL(server.url).netloc.decode(), means)


@pytest.mark.parametrize("command", COMMANDS)
def test_this_line_of_the_documentation_works(world: World, command: str):
    before = set(world.folder.iterdir())
    done = world.run(command)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    new = set(world.folder.iterdir()) - before
    assert done.stdout or any(path.stat().st_size for path in new), f"nothing came of {command}"


def test_the_pages_about_the_service_have_such_lines():
    having = {path.name for path in PAGES if commands(path.read_text("utf-8"))}
    assert having >= {
        "README.md",
        "http.md",
        "openai.md",
        "elevenlabs.md",
        "streaming.md",
        "subtitles.md",
        "webhooks.md",
        "consent-and-marks.md",
    }


def test_no_line_is_overlooked_since_it_is_written_otherwise():
    for path in PAGES:
        text = path.read_text("utf-8")
        begun = re.findall(r"^(?:\$ )?curl .*$", text, re.MULTILINE)
        assert len(begun) == len(commands(text)), path.name
