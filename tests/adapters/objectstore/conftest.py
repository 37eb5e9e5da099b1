"""A store on the shared server, and one that a test may break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.blobs.objectstore import ObjectStoreBlobStore
from tests.instruments.s3_server import S3Server, fresh_url, shared_s3_server

Connect = Callable[..., ObjectStoreBlobStore]


@pytest.fixture
def server() -> S3Server:
    """Serves all tests of this process; not to be broken."""
    return shared_s3_server()


@pytest.fixture
def private_server(tmp_path: Path) -> Iterator[S3Server]:
    """Of this test alone: it may be killed and frozen."""
    with S3Server(tmp_path / "s3") as server:
        yield server


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """A new store of a server, with the environment that this needs."""

    def connected(
        server: S3Server, url: str | None = None, *, patience_s: float = 0.3, **environment: object
    ) -> ObjectStoreBlobStore:
        for name, value in server.environment(**environment).items():
            monkeypatch.setenv(name, value)
        return ObjectStoreBlobStore(url or fresh_url(), patience_s=patience_s)

    return connected
