"""Every blob store keeps the contract."""

from __future__ import annotations

from adapters.blobs.memory import MemoryBlobStore
from voicecore.ports import BlobStore, Clock
from voicecore.testing.contracts.blob_store import BlobStoreContract


class TestMemoryBlobStore(BlobStoreContract):
    def make_store(self, clock: Clock, *, room: int | None = None) -> MemoryBlobStore:
        return MemoryBlobStore(clock=clock, capacity=room)

    def damage(self, store: BlobStore, key: str, content: bytes) -> None:
        assert isinstance(store, MemoryBlobStore)
        store._blobs[key] = (store._blobs[key][0], content)
