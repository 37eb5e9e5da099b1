"""The object store keeps the contract of blob stores, on a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import obstore
import pytest
from obstore.store import S3Store, from_url
from tests.adapters.objectstore.refusing_front import RefusingFront, full_after
from tests.instruments.s3_server import fresh_url, shared_s3_server

from adapters.blobs.objectstore import ObjectStoreBlobStore
from voicecore.ports import BlobStore, Clock
from voicecore.testing.contracts.blob_store import BlobStoreContract


class TestObjectStoreBlobStore(BlobStoreContract):
    lists_time_of_server = True

    @pytest.fixture(autouse=True)
    def _server(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.server = shared_s3_server()
        self.monkeypatch = monkeypatch
        self._connect(self.server.port)
        with ExitStack() as self.fronts:
            yield

    def make_store(self, clock: Clock, *, room: int | None = None) -> ObjectStoreBlobStore:
        self.url = fresh_url()
        if room is None:
            return ObjectStoreBlobStore(self.url, clock=clock)
        front = self.fronts.enter_context(RefusingFront(self.server.port, full_after(room)))
        self._connect(front.port)
        return ObjectStoreBlobStore(self.url, clock=clock, patience_s=0.1)

    def damage(self, store: BlobStore, key: str, content: bytes) -> None:
        objects = from_url(self.url, client_options={"allow_http": True})
        assert isinstance(objects, S3Store)
        attributes = obstore.get(objects, key).attributes
        obstore.put(objects, key, content, attributes=attributes)

    def _connect(self, port: int) -> None:
        for name, value in self.server.environment(port=port).items():
            self.monkeypatch.setenv(name, value)
