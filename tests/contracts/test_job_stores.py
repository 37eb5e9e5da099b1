"""Every job store keeps the contract."""

from __future__ import annotations

from adapters.stores.memory import MemoryJobStore
from voicecore.ports import Clock
from voicecore.testing.contracts.job_store import JobStoreContract


class TestMemoryJobStore(JobStoreContract):
    def make_store(self, clock: Clock) -> MemoryJobStore:
        return MemoryJobStore(clock)
