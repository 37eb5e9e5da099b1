"""One SQLite file in the data directory: the jobs and the catalogue of an embedded voicecore."""

from adapters.stores.sqlite.catalog import SqliteCatalog
from adapters.stores.sqlite.database import SqliteDatabase
from adapters.stores.sqlite.jobs import SqliteJobStore

__all__ = ["SqliteCatalog", "SqliteDatabase", "SqliteJobStore"]
