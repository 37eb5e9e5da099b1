"""Real servers in processes of their own, for the benchmarks to call."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

sys.path.append(str(Path(__file__).parents[1]))
from tests.instruments.free_port import free_port

#: Far more than anything here takes that is no figure: on a busy machine it takes long, and only a defect takes all of it.
PATIENCE_S = 300.0
_BARE = """
import sys, uvicorn
from litestar import Litestar, get, post

@post("/jobs", status_code=202)
async def create(data: dict) -> dict:
    return {"id": "job", "status": "queued"}

@get("/jobs/{job_id:str}")
async def read(job_id: str) -> dict:
    return {"id": job_id, "status": "completed"}

uvicorn.run(Litestar([create, read]), port=int(sys.argv[1]), log_level="warning")
"""


@contextlib.contextmanager
def running(command: list[str], url: str, probe: str, env: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(url + probe)
                break
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit(f"{command[:3]} did not start")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@contextlib.contextmanager
def running_service(folder: Path, engine: str = "tone", **variables: str) -> Iterator[str]:
    """`voicecore serve` on a free port, with these variables; its URL."""
    port = free_port()
    env = {**os.environ, "VOICECORE_ENGINE": engine, "VOICECORE_DATA_DIR": str(folder), "VOICECORE_PORT": str(port),
           "VOICECORE_LOG_LEVEL": "ERROR", "VOICECORE_MAX_QUEUED": "1000000", **variables}  # fmt: skip
    with running([sys.executable, "-m", "entrypoints.cli", "serve"], f"http://127.0.0.1:{port}", "/live", env) as url:
        yield url


@contextlib.contextmanager
def running_bare_handler() -> Iterator[str]:
    """A Litestar application that does nothing: the floor that our overhead stands on."""
    port = free_port()
    command = [sys.executable, "-c", _BARE, str(port)]
    with running(command, f"http://127.0.0.1:{port}", "/jobs/x", dict(os.environ)) as url:
        yield url
