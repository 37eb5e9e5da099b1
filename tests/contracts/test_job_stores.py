"""Every job store keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.stores.memory import MemoryJobStore
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.ports import Clock
from voicecore.testing.contracts.job_store import JobStoreContract


class TestMemoryJobStore(JobStoreContract):
    def make_store(self, clock: Clock) -> MemoryJobStore:
        return MemoryJobStore(clock)


class TestSqliteJobStore(JobStoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self, clock: Clock) -> SqliteJobStore:
        return SqliteJobStore(SqliteDatabase(self.folder), clock)
