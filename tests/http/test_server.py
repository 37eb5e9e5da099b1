"""`serve` in a process of its own: how it starts, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from entrypoints.http.server import serve
from entrypoints.settings import Settings
from voicecore.errors import InvalidInput

from .room import HELLO, PATIENCE_S, eventually
from .server_process import Process, serving

LONG = {**HELLO, "text": "Uma frase. " * 60}
#: A plan by which LONG does not end.
HANGS = json.dumps({"hang_on": "frase"})


def submit(server: Process, body: dict | None = None) -> str:
    return server.post("/jobs", json=body or HELLO).json()["id"]


def status(server: Process, job_id: str) -> str:
    return server.get(f"/jobs/{job_id}").json()["status"]


def events(server: Process) -> list[str]:
    return [json.loads(line)["event"] for line in server.logged().splitlines()]


@contextmanager
def held(server: Process) -> Iterator[None]:
    """The engine's process stands still inside."""
    engine = eventually(lambda: psutil.Process(server.popen.pid).children(), "the engine's process")[0]
    engine.suspend()
    try:
        yield
    finally:
        engine.resume()


def asked(server: Process, path: str) -> HTTPConnection:
    """A request that the server has taken in."""
    place = urlsplit(server.url)
    door = HTTPConnection(place.hostname or "", place.port or 0, timeout=PATIENCE_S)
    door.request("GET", path)
    server.get("/live")  # whoever answers what came later has read what came before
    return door


def rest(door: HTTPConnection, status: int = 200) -> bytes:
    """The body of the answer to it."""
    with closing(door):
        answer = door.getresponse()
        body = answer.read()
    assert answer.status == status, body
    return body


def test_sigterm_lets_the_running_job_end_serves_it_and_exits_with_0(tmp_path: Path):
    with serving(tmp_path) as server:
        first = submit(server)
        eventually(lambda: status(server, first) == "completed")
        with held(server):
            job_id = submit(server, LONG)
            eventually(lambda: status(server, job_id) == "processing")
            server.popen.send_signal(signal.SIGTERM)
            eventually(lambda: server.get("/ready").status_code == 503)
            refused = server.post("/jobs", json=HELLO)
            assert (refused.status_code, refused.json()["code"]) == (503, "draining")
            # Asked for while the job stands still, since the service ends with it.
            waiting = asked(server, f"/jobs/{job_id}/download?timeout=600")
        assert rest(waiting).startswith(b"RIFF")
        assert server.popen.wait(PATIENCE_S) == 0, server.logged()
        assert "stopped" in events(server)


def test_a_job_that_outlasts_the_drain_is_handed_back_and_finished_by_the_next_process(tmp_path: Path):
    with serving(tmp_path, VOICECORE_TESTING_TONE=HANGS, VOICECORE_DRAIN_S="0.2") as server:
        job_id = submit(server, LONG)
        eventually(lambda: status(server, job_id) == "processing")
        server.popen.send_signal(signal.SIGTERM)
        assert server.popen.wait(PATIENCE_S) == 0, server.logged()
    with serving(tmp_path) as server:
        assert eventually(lambda: status(server, job_id) == "completed")
        assert server.get(f"/jobs/{job_id}").json()["attempt"] == 2


def test_a_second_signal_hands_the_job_back_at_once(tmp_path: Path):
    with serving(tmp_path, VOICECORE_TESTING_TONE=HANGS, VOICECORE_DRAIN_S="600") as server:
        job_id = submit(server, LONG)
        eventually(lambda: status(server, job_id) == "processing")
        server.popen.send_signal(signal.SIGTERM)
        eventually(lambda: server.get("/ready").status_code == 503)
        server.popen.send_signal(signal.SIGINT)
        assert server.popen.wait(PATIENCE_S) == 0, server.logged()
    with serving(tmp_path) as server:
        assert eventually(lambda: status(server, job_id) == "completed")


def test_a_client_that_waits_for_a_job_is_told_when_the_service_ends_without_it(tmp_path: Path):
    with serving(tmp_path, VOICECORE_TESTING_TONE=HANGS, VOICECORE_DRAIN_S="0.5") as server:
        job_id = submit(server, LONG)
        eventually(lambda: status(server, job_id) == "processing")
        waiting = asked(server, f"/jobs/{job_id}/download?timeout=600")
        server.popen.send_signal(signal.SIGTERM)
        assert json.loads(rest(waiting, 503))["code"] == "draining"
        assert server.popen.wait(PATIENCE_S) == 0, server.logged()


def test_every_line_of_the_log_is_json_and_none_holds_the_text(tmp_path: Path):
    with serving(tmp_path) as server:
        job_id = submit(server, {**HELLO, "text": "palavra confidencial"})
        eventually(lambda: status(server, job_id) == "completed")
        server.popen.send_signal(signal.SIGTERM)
        assert server.popen.wait(PATIENCE_S) == 0
        assert any("listening on 127.0.0.1" in event for event in events(server))
        assert any("there are no API keys, so only programs on this machine" in event for event in events(server))
        assert "confidencial" not in server.logged()


def test_an_address_beyond_this_machine_is_served_with_a_warning_that_there_are_no_keys(tmp_path: Path):
    with serving(tmp_path, VOICECORE_HOST="0.0.0.0") as server:
        assert any("no API keys" in event for event in events(server))


def test_a_port_in_use_is_an_error_that_names_the_setting(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(engine="tone", data_dir=tmp_path, port=taken.getsockname()[1])
        with pytest.raises(InvalidInput, match="VOICECORE_PORT"):
            serve(settings)


def test_a_job_accepted_before_a_kill_is_finished_after_the_next_start(tmp_path: Path):
    with serving(tmp_path, VOICECORE_TESTING_TONE=HANGS, VOICECORE_LEASE_S="3") as server:
        job_id = submit(server, LONG)
        eventually(lambda: status(server, job_id) == "processing")
        server.popen.kill()
        server.popen.wait()
    with serving(tmp_path, VOICECORE_LEASE_S="3") as server:
        assert eventually(lambda: status(server, job_id) == "completed")
