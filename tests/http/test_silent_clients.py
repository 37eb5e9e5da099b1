"""Clients that say nothing, or stop in the middle, and what they cost the others."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.instruments.tones import recording

from .room import PATIENCE_S, Room, eventually, furnished
from .server_process import serving

#: Connections at once.
MANY = 1_000


def door(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=PATIENCE_S)


@contextmanager
def files_for(connections: int) -> Iterator[None]:
    """This process may have so many more."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, connections + 500), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))


def cut(client: socket.socket) -> bool:
    """Whether the server let go of it without a word; waits for it."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_thousand_connections_that_say_nothing_keep_nobody_out_and_are_let_go(tmp_path: Path):
    # What is given to a process to begin with is often as little.
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, soft[1]))
    try:
        with serving(tmp_path, VOICECORE_STREAM_STALL_S="4") as server, ExitStack() as stack:
            process = psutil.Process(server.popen.pid)
            before = process.memory_info().rss
            stack.enter_context(files_for(MANY))
            silent = [stack.enter_context(door(server.url)) for _ in range(MANY)]
            assert server.get("/live").status_code == 200
            grown = process.memory_info().rss - before
            assert grown < 64 << 20, f"{grown >> 20} MB for {MANY} connections"
            assert all(cut(each) for each in silent)
            eventually(lambda: len(process.net_connections()) < 20, "the end of the connections")
            assert server.get("/live").status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, soft)


#: How long the impatient wait.
STALL_S = 0.5


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with furnished(tmp_path_factory.mktemp("data"), stream_stall_s=STALL_S) as made:
        yield made


HEAD = "POST /voices/clone HTTP/1.1\r\nHost: localhost\r\n"
PART = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


@pytest.mark.parametrize(
    "said",
    [
        b"", b"GET /jo", b"GET /live HTTP/1.1\r\nHost: localhost\r\nX-More:",
        (HEAD + "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n" + PART).encode() + recording()[:20_000],
        b'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"mode"',
        b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
    ids=["nothing", "half a line", "half a head", "half an upload", "half a body", "half a chunk"],
)  # fmt: skip
def test_who_stops_in_the_middle_of_a_request_is_let_go_and_leaves_nothing(impatient: Room, said: bytes, caplog):
    jobs = impatient.client.get("/jobs").json()["total"]
    with door(impatient.url) as client:
        with suppress(ConnectionError):  # this machine may stand still before the first word
            client.sendall(said)
        assert cut(client)
    assert impatient.client.get("/jobs").json()["total"] == jobs
    assert impatient.client.get("/ready").status_code == 200
    assert "failed unexpectedly" not in caplog.text, "a client that is gone is no defect"


def test_a_head_that_comes_a_byte_at_a_time_has_no_more_time_than_another(impatient: Room):
    with door(impatient.url) as client:
        client.settimeout(0.1)
        for _ in range(200):
            try:
                client.sendall(b"X")
                if client.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    raise AssertionError("it was not let go")


def test_a_body_that_comes_slowly_but_does_come_is_waited_for(impatient: Room):
    body = b'{"mode": "dubbing", "text": "Devagar.", "source_language": "pt-BR"}'
    head = f"POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    parts = [head.encode(), *(body[start : start + 12] for start in range(0, len(body), 12))]

    def slowly() -> bytes | None:
        """What is answered; None if this machine was slower than that."""
        last = time.monotonic()
        with door(impatient.url) as client:
            for part in parts:
                time.sleep(0.15)
                now, sent = time.monotonic(), True
                try:
                    client.sendall(part)
                except ConnectionError:
                    sent = False
                if time.monotonic() - last >= STALL_S:
                    return None
                assert sent, "it came in time and was not waited for"
                last = now
            return client.recv(12)

    assert eventually(slowly, "a body that comes in time") == b"HTTP/1.1 202"


def test_waiting_for_an_answer_or_for_a_next_request_is_not_owing_one(impatient: Room):
    impatient.gate.opened.clear()
    job_id = impatient.submit(text="Espera.")["id"]
    answer = impatient.client.get(f"/jobs/{job_id}/download", params={"timeout": 1})  # longer than the patience
    impatient.gate.opened.set()
    assert answer.status_code == 408


@pytest.mark.parametrize(
    "headers", [{"X-Huge": "x" * 1_000_000}, {f"X-{n}": "x" * 40 for n in range(20_000)}], ids=["one", "many"]
)
@pytest.mark.parametrize(
    "upgrade",
    [{}, {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "eA=="}],
    ids=["http", "socket"],
)
def test_a_megabyte_of_headers_is_refused(impatient: Room, headers: dict[str, str], upgrade: dict[str, str]):
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | upgrade).items())
    with door(impatient.url) as client:
        try:
            client.sendall(f"GET /ws/speak HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
            answer = client.recv(100)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431")), answer
    assert impatient.client.get("/live").status_code == 200
