"""`serve` as users run it: in a process of its own, with the engine in a child of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from .room import eventually


@dataclass(slots=True)
class Process:
    """`serve` in a process of its own."""

    popen: subprocess.Popen[str]
    url: str
    log: Path

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")


@contextmanager
def serving(folder: Path, *, port: int = 0, **variables: str) -> Iterator[Process]:
    """A server process with the tone engine in its child process, as users run it; on a free port, unless one is given."""
    with socket.create_server(("127.0.0.1", port)) as door:
        port = door.getsockname()[1]
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
        return httpx.get(f"{url}/ready").status_code == 200
    except httpx.TransportError:
        return False
