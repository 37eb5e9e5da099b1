"""Every catalogue keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.stores.memory import MemoryCatalog
from adapters.stores.sqlite import SqliteCatalog, SqliteDatabase
from voicecore.testing.contracts.catalog import CatalogContract


class TestMemoryCatalog(CatalogContract):
    def make_catalog(self) -> MemoryCatalog:
        return MemoryCatalog()


class TestSqliteCatalog(CatalogContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_catalog(self) -> SqliteCatalog:
        return SqliteCatalog(SqliteDatabase(self.folder))
