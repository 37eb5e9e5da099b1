"""A receiver of webhooks: a real HTTP server on a real port of this machine, and servers that misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Remembers what it got; `answer` says the status, and may wait."""

    answer: Callable[[Received], int] = lambda _: 204
    extra_headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    url: str = ""

    @property
    def ids(self) -> list[str]:
        """The `webhook-id` of every request, in order."""
        return [each.headers["webhook-id"] for each in self.received]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A handler that waits must not keep the test from ending.
    block_on_close = False
    request_queue_size = 128


@contextmanager
def receiving(answer: Callable[[Received], int] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver, as long as the context lasts; by default it answers 204."""
    receiver = Receiver() if answer is None else Receiver(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(request)
            status = receiver.answer(request)
            with suppress(OSError):
                self.send_response(status)
                for name, value in receiver.extra_headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            receiver.received.append(Received(f"GET {self.path}", {}, b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """The test looks at `received`."""

    class Server(_Server):
        def handle_error(self, *_: Any) -> None:
            """A client that leaves is no error here."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def misbehaving(talk: Callable[[socket.socket, threading.Event], None], *, anywhere: bool = False) -> Iterator[str]:
    """The URL of a server that does `talk` with each connection; it is to return soon once the event is set.

    With `anywhere` it listens on every address of this machine, of IPv6 too where there is such.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []
    both = anywhere and socket.has_dualstack_ipv6()
    door = socket.create_server(
        ("" if anywhere else "127.0.0.1", 0),
        family=socket.AF_INET6 if both else socket.AF_INET,
        dualstack_ipv6=both,
    )
    door.settimeout(0.05)

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection, over)

    def listen() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = door.accept()
                connection.setblocking(True)
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}/hook"
    finally:
        over.set()
        listener.join()
        for thread in threads:
            thread.join()
        door.close()
