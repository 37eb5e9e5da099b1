"""Every blob store keeps the contract."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.blobs.filesystem import FilesystemBlobStore
from adapters.blobs.memory import MemoryBlobStore
from adapters.blobs.trailer import TRAILER_SIZE
from voicecore.ports import BlobStore, Clock
from voicecore.testing.contracts.blob_store import BlobStoreContract
from voicecore.testing.fakes import FullDisk


class TestMemoryBlobStore(BlobStoreContract):
    def make_store(self, clock: Clock, *, room: int | None = None) -> MemoryBlobStore:
        return MemoryBlobStore(clock=clock, capacity=room)

    def damage(self, store: BlobStore, key: str, content: bytes) -> None:
        assert isinstance(store, MemoryBlobStore)
        store._blobs[key] = (store._blobs[key][0], content)


class TestFilesystemBlobStore(BlobStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self, clock: Clock, *, room: int | None = None) -> FilesystemBlobStore:
        return FilesystemBlobStore(self.folder, clock=clock, write=os.write if room is None else FullDisk(room))

    def damage(self, store: BlobStore, key: str, content: bytes) -> None:
        *folders, name = key.split("/")
        path = self.folder.joinpath(*(f"{part}+" for part in folders), name)
        path.write_bytes(content + path.read_bytes()[-TRAILER_SIZE:])
