"""Every catalogue keeps the contract."""

from __future__ import annotations

from adapters.stores.memory import MemoryCatalog
from voicecore.testing.contracts.catalog import CatalogContract


class TestMemoryCatalog(CatalogContract):
    def make_catalog(self) -> MemoryCatalog:
        return MemoryCatalog()
