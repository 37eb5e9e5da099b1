"""`voicecore wyoming` and `voicecore serve --wyoming` as users run them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import pytest
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from tests.http.room import PATIENCE_S, eventually
from tests.instruments.free_port import free_port

from .home import answer


def _heard(port):
    async def talk():
        async with AsyncTcpClient("127.0.0.1", port, connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S) as client:
            await client.write_event(Synthesize("Olá, mundo!").event())
            return (await answer(client)).kinds

    try:
        return asyncio.run(talk())
    except ConnectionError:
        return []


def _answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/live", timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("words", [("wyoming",), ("serve", "--wyoming")])
def test_it_speaks_until_it_is_told_to_end(tmp_path, words):
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
    environment |= {
        "VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(tmp_path / "data"), "VOICECORE_PORT": str(rest := free_port()),
        "VOICECORE_WYOMING_PORT": str(port),
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.cli", *words], env=environment, cwd=tmp_path, stdout=log, stderr=log
        )
    try:
        heard = eventually(lambda: process.poll() is not None or _heard(port), "speech")
        assert heard == ["audio-start", "audio-chunk", "audio-stop"], (tmp_path / "log").read_text()
        if "serve" in words:  # which hears signals from when it answers
            eventually(lambda: _answers(rest), "the REST service")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()
