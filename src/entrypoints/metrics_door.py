"""A port of its own for `GET /metrics`: of a worker, which has no other, or of a service whose own port strangers reach."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Self

from voicecore.errors import InvalidInput

#: Seconds that a connection may take to say what it wants, or to take its answer.
_PATIENCE_S = 5.0
_log = logging.getLogger("voicecore.metrics")

Exposition = Callable[[str], tuple[bytes, str]]


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], exposition: Exposition) -> None:
        self.exposition = exposition
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Answer)

    def server_bind(self) -> None:
        """Without the library's question of what the address is called, which a name server may take long to answer."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hung up is no news; the library would print a traceback."""


class _Answer(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    server_version, sys_version = "voicecore", ""
    server: _Door

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self._send(404, b"There is only /metrics here.\n", "text/plain; charset=utf-8")
            return
        try:
            body, media_type = self.server.exposition(self.headers.get("Accept", ""))
        except Exception:  # noqa: BLE001 - whoever scrapes learns that it failed, and the log why
            _log.exception("the metrics could not be read")
            self._send(500, b"The metrics could not be read; the log tells more.\n", "text/plain; charset=utf-8")
            return
        self._send(200, body, media_type)

    def _send(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The library would print each request."""


class MetricsDoor:
    """Answers in threads of its own, as a context manager. With port 0 there is none.

    Raises:
        InvalidInput: if the address cannot be listened on.
    """

    def __init__(self, host: str, port: int, exposition: Exposition) -> None:
        self._address, self._exposition = (host, port), exposition
        self._server: _Door | None = None

    def __enter__(self) -> Self:
        host, port = self._address
        if port == 0:
            return self
        try:
            self._server = _Door(self._address, self._exposition)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise InvalidInput(
                f"Cannot listen on {host} port {port} for metrics ({why}); choose others with VOICECORE_METRICS_HOST and "
                "VOICECORE_METRICS_PORT."
            ) from error
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        _log.info("metrics on %s port %d", host, port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
