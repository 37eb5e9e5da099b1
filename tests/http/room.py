"""A running service: the real container and stores, the tone engine in this process, a real HTTP server on a real port."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from litestar import Litestar

from adapters.hosts import LocalHost
from entrypoints.container import Container, build
from entrypoints.http.server import server_config
from entrypoints.service import Service
from entrypoints.settings import Settings
from tests.instruments.tones import recording
from voicecore.testing.tone import ToneEngine, TonePlan, ToneProvider

HELLO = {"mode": "dubbing", "text": "Olá, mundo!", "source_language": "pt-BR"}
#: How long a test waits for something that takes a fraction of it, also on a machine that stands still for seconds.
PATIENCE_S = 60.0


def eventually(look: Callable[[], Any], what: str = "it") -> Any:
    """The first truthy result of `look`."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {PATIENCE_S:g} s")


class Gate(ToneProvider):
    """A tone engine whose steps wait until the test opens the gate."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.opened.set()
        self._left = 0
        self._lock = threading.Lock()

    def let(self, steps: int) -> None:
        """Close the gate behind so many more steps: what they make is heard, and nothing comes to its end by itself."""
        with self._lock:
            self._left = steps
        self.opened.clear()

    def passes(self) -> bool:
        """Whether a step may be made now; waits a moment for it."""
        with self._lock:
            if self._left and not self.opened.is_set():
                self._left -= 1
                return True
        return self.opened.wait(0.02)

    def open(self, *, threads: int | None = None) -> ToneEngine:
        del threads
        gate = self

        class Gated(ToneEngine):
            def step(self):
                return super().step() if self._queue and gate.passes() else ()

        return Gated(TonePlan.from_environment())


class Again(httpx.HTTPTransport):
    """Asks again where the server let go of the client before it answered."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        def answered() -> httpx.Response | None:
            try:
                return super(Again, self).handle_request(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                return None

        answer: httpx.Response = eventually(answered, "an answer")
        return answer


def refused(answer: httpx.Response, status: int, field: str | None = None, word: str = "") -> dict:
    """The problem, checked for its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "code", "error", "error_message", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["detail"] == problem["error"] == problem["error_message"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if field is not None:
        assert problem["field"] == field, problem
    assert word.lower() in problem["detail"].lower(), problem
    return problem


@dataclass(slots=True)
class Room:
    """A service and a client of it."""

    service: Service
    client: httpx.Client
    gate: Gate
    container: Container
    app: Litestar

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(self.client.base_url).rstrip("/")

    def watching(self) -> Any:
        """Who looks after jobs for those who watch them."""
        return self.app.state.job_watching

    def submit(self, **changes: Any) -> dict[str, Any]:
        """An accepted job."""
        answer = self.client.post("/jobs", json={**HELLO, **changes})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def finished(self, job_id: str) -> dict[str, Any]:
        """The job, when it is finished and nobody works at it any more."""
        done = ("completed", "failed", "cancelled")
        job = eventually(
            lambda: (job := self.client.get(f"/jobs/{job_id}").json())["status"] in done and job, f"the end of {job_id}"
        )
        # It is stored as finished a moment before it is counted, and before what it needed is deleted.
        eventually(lambda: not self.works_at(job_id), f"the end of the work at {job_id}")
        return job

    def works_at(self, job_id: str) -> bool:
        """Whether a slot of this process does."""
        watches = [slot.run_job._running for slot in self.service.crew.slots]
        return any(watch is not None and watch.job.id == job_id for watch in watches)

    def spoken(self, **changes: Any) -> dict[str, Any]:
        """A completed job."""
        job = self.finished(self.submit(**changes)["id"])
        assert job["status"] == "completed", job
        return job

    def enrolled(self, name: str = "Ana", **fields: str) -> dict[str, Any]:
        """A completed enrolment."""
        data = {"name": name, "language": "pt-BR", "consent_by": name, **fields}
        answer = self.client.post("/voices/clone", data=data, files={"file": ("a.wav", recording(), "audio/wav")})
        assert answer.status_code == 202, answer.text
        job = self.finished(answer.json()["job_id"])
        assert job["status"] == "completed", job
        return job


def listening(service: Service, stack: ExitStack) -> tuple[str, Litestar]:
    """Serve the application in a thread until the stack unwinds; its address, and itself."""
    config = server_config(service)
    server = uvicorn.Server(config)
    door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    stack.callback(stop)
    eventually(lambda: server.started, "the start of the server")
    return f"http://127.0.0.1:{door.getsockname()[1]}", config.app


@contextmanager
def furnished(
    data_dir: Path, *, start: bool = True, override: Callable[[Container], None] | None = None, **settings: Any
) -> Iterator[Room]:
    """A room of these settings."""
    container = build(Settings(engine="tone", data_dir=data_dir, **settings))
    gate = Gate()
    container.host.override(LocalHost({"tone": gate}))
    if override is not None:
        override(container)
    service = container.service()
    for slot in service.crew.slots:
        slot.runner.poll_s = 0.05
    with ExitStack() as stack:
        stack.callback(service.close)
        stack.callback(gate.opened.set)
        if start:
            service.open()
        url, app = listening(service, stack)
        # With a door that is soon impatient, this machine may stand still for longer than it waits for a request.
        transport = Again(verify=False) if service.settings.stream_stall_s < 10 else None
        # Nothing is encrypted here; without `verify` each client would read all of the machine's certificates first, 20 ms.
        client = stack.enter_context(httpx.Client(base_url=url, timeout=PATIENCE_S, transport=transport, verify=False))
        yield Room(service, client, gate, container, app)


def leave_after(room: Room, path: str, body: dict[str, Any], wait: Callable[[], Any]) -> Any:
    """A client that sends its request, reads nothing of its own accord, and is gone when `wait` returns; what that returned."""
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((room.client.base_url.host, room.client.base_url.port), timeout=PATIENCE_S) as door:
        door.sendall(head.encode() + data)
        return wait()
