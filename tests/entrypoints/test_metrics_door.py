"""The port of its own for metrics: of a service, and of a worker, which has no other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as read_text
from tests.http.room import PATIENCE_S, eventually
from tests.http.server_process import serving
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import fresh_prefix, shared_server

from entrypoints.metrics_door import MetricsDoor
from entrypoints.settings import load
from voicecore.errors import InvalidInput


def exposition(accept):
    return f"numbers for {accept!r}\n".encode(), "text/plain; version=0.0.4"


@pytest.fixture
def url():
    port = free_port()
    with MetricsDoor("127.0.0.1", port, exposition):
        yield f"http://127.0.0.1:{port}"


def test_it_answers_the_numbers_and_nothing_else(url):
    answer = httpx.get(f"{url}/metrics?module=x", timeout=PATIENCE_S, headers={"Accept": "text/plain"})
    assert (answer.status_code, answer.text) == (200, "numbers for 'text/plain'\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"
    assert httpx.get(f"{url}/jobs", timeout=PATIENCE_S).status_code == 404
    assert httpx.post(f"{url}/metrics", timeout=PATIENCE_S).status_code == 501


def test_it_listens_on_this_machine_alone_unless_told_otherwise():
    assert (load({}).metrics_host, load({}).metrics_port) == ("127.0.0.1", 0)


@pytest.mark.parametrize("port", ["-1", "65536", "many"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(InvalidInput, match="VOICECORE_METRICS_PORT"):
        load({"VOICECORE_METRICS_PORT": port})


def test_a_port_that_is_taken_is_refused_with_the_settings_that_mend_it():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InvalidInput, match="VOICECORE_METRICS_PORT"),
        MetricsDoor("127.0.0.1", taken.getsockname()[1], exposition),
    ):
        pass


def test_port_0_is_no_port():
    with MetricsDoor("127.0.0.1", 0, exposition):
        pass


def test_connections_that_say_nothing_hold_up_nobody(url):
    host, port = url.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port)), timeout=PATIENCE_S) for _ in range(20)]
    assert httpx.get(f"{url}/metrics", timeout=PATIENCE_S).status_code == 200
    for each in silent:
        each.close()


def test_numbers_that_cannot_be_read_are_a_500_without_a_reason():
    def broken(_accept):
        raise RuntimeError("canary")

    port = free_port()
    with MetricsDoor("127.0.0.1", port, broken):
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S)
    assert answer.status_code == 500
    assert "canary" not in answer.text


def test_a_service_gives_its_numbers_on_a_port_of_their_own(tmp_path):
    port = free_port()
    with serving(tmp_path, VOICECORE_METRICS_PORT=str(port)) as server:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text
        assert "voicecore_store_up 1.0" in text
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=PATIENCE_S).status_code == 404
        assert server.popen.poll() is None


def test_a_worker_gives_its_own(tmp_path):
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VOICECORE_")}
    environment |= {
        "VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(tmp_path / "data"), "VOICECORE_REDIS_URL": shared_server().url,
        "VOICECORE_REDIS_PREFIX": fresh_prefix(), "VOICECORE_METRICS_PORT": str(port), "VOICECORE_WORKER_ENGINES": "tone",
    }  # fmt: skip
    command = [sys.executable, "-m", "entrypoints.cli", "worker", "--slots", "2"]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        text = eventually(lambda: _read(port) or worker.poll() is not None, "the worker's numbers")
        assert isinstance(text, str), (tmp_path / "log").read_text()
        values = {sample.name: sample.value for family in read_text(text) for sample in family.samples}
        assert (values["voicecore_slots"], values["voicecore_running_jobs"], values["voicecore_store_up"]) == (2, 0, 1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0
    finally:
        worker.kill()
        worker.wait()


def _read(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text
    except httpx.TransportError:
        return None
