"""`serve` as users run it: in a process of its own, with the engine in a child of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.instruments.free_port import free_port

from .room import PATIENCE_S, eventually


@dataclass(slots=True)
class Process:
    """`serve` in a process of its own."""

    popen: subprocess.Popen[str]
    url: str
    log: Path

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def get(self, path: str, **more: Any) -> httpx.Response:
        """The answer to a request of its own connection."""
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE_S, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """As `get`."""
        return httpx.post(f"{self.url}{path}", timeout=PATIENCE_S, **more)


@contextmanager
def serving(folder: Path, *, port: int = 0, **variables: str) -> Iterator[Process]:
    """A server process with the tone engine in its child process, as users run it; on a free port, unless one is given."""
    port = port or free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
    environment |= {"VOICECORE_ENGINE": "tone", "VOICECORE_PORT": str(port), "VOICECORE_DATA_DIR": str(folder / "data")}
    environment |= variables
    log = folder / "log"
    with log.open("w") as sink:
        popen = subprocess.Popen(
            [sys.executable, "-c", "from entrypoints.http.server import serve\nfrom entrypoints.settings import load\nserve(load())"],
            env=environment, stdout=sink, stderr=sink, text=True,
        )  # fmt: skip
    process = Process(popen, f"http://127.0.0.1:{environment['VOICECORE_PORT']}", log)
    try:
        eventually(lambda: popen.poll() is not None or _ready(process.url), "readiness")
        assert popen.poll() is None, process.logged()
        yield process
    finally:
        popen.kill()
        popen.wait()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=PATIENCE_S).status_code == 200
    except httpx.TransportError:
        return False
