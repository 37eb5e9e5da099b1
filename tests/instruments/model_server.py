"""A publisher of model files: a real HTTPS server of this machine, with ranges, that can break off."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme


@dataclass
class Publisher:
    """Serves the files of a folder by their names.

    Attributes:
        stop_after: name → bytes after which the connection ends.
        asked: (name, Range) of every request.
    """

    folder: Path
    url: str = ""
    stop_after: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, publisher: Publisher, *arguments: object) -> None:
        self.publisher = publisher
        super().__init__(*arguments)

    def do_GET(self) -> None:
        name, ranges = self.path.lstrip("/"), self.headers.get("Range")
        self.publisher.asked.append((name, ranges))
        path = self.publisher.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        start = int(ranges.removeprefix("bytes=").removesuffix("-")) if ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start : self.publisher.stop_after.get(name)])

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def publishing(folder: Path, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server whose certificate this process trusts, as long as the context lasts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(certificates / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    publisher = Publisher(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, publisher)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        publisher.url = f"https://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield publisher
        server.shutdown()
        thread.join()
