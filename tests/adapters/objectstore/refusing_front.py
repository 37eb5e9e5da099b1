"""A front of an S3 server that refuses some requests with an answer of the test's, and passes the others on."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

#: Method, path with query, and bytes of the body: a status with an S3 error code, or None to pass the request on.
Rule = Callable[[str, str, int], tuple[int, str] | None]
_XML = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{}</Code><Message>refused by the test</Message></Error>'


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The server behind is gone, or the client: the connection ends, as it would without a front."""


class RefusingFront:
    """An HTTP server on 127.0.0.1. The Host header stays as the client signed it."""

    def __init__(self, target_port: int, rule: Rule, *, hides: str = "no header") -> None:
        """`hides`: answers lose the headers whose names begin so."""
        self.rule = rule
        self.seen: list[tuple[str, str]] = []
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                front.seen.append((self.command, self.path))
                refusal = front.rule(self.command, self.path, len(body))
                if refusal is not None:
                    content = b"" if self.command == "HEAD" else _XML.format(refusal[1]).encode()
                    self._send(refusal[0], {"Content-Length": str(len(content))}, content)
                    return
                with closing(http.client.HTTPConnection("127.0.0.1", target_port, timeout=30)) as target:
                    target.request(self.command, self.path, body, dict(self.headers))
                    response = target.getresponse()
                    content = response.read()
                hidden = ("transfer-encoding", hides)
                headers = {name: value for name, value in response.getheaders() if not name.lower().startswith(hidden)}
                headers.setdefault("Content-Length", str(len(content)))
                self._send(response.status, headers, content)

            def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def full_after(room: int) -> Rule:
    """Refuses what is uploaded beyond `room` bytes, as MinIO does on a full disk."""
    left = [room]
    lock = threading.Lock()

    def rule(method: str, _path: str, size: int) -> tuple[int, str] | None:
        with lock:
            if method == "PUT" and size > left[0]:
                return 507, "XMinioStorageFull"
            left[0] -= size if method == "PUT" else 0
        return None

    return rule
