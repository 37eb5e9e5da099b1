"""The catalogue in SQLite, in the same file as the jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Generic

from adapters.stores.naming import check_free, check_room, missing, shelf_key
from adapters.stores.sqlite.database import SqliteDatabase
from voicecore import consent_records, key_records, records
from voicecore.access import ApiKey
from voicecore.consent import Consent
from voicecore.conversion_model import ConversionModel
from voicecore.ports import Item
from voicecore.quality import QualityProfile
from voicecore.voice import VoiceProfile


class SqliteShelf(Generic[Item]):
    """The rows of table `item` with one value of `shelf`."""

    def __init__(
        self, database: SqliteDatabase, shelf: str, *, dump: Callable[[Item], str], load: Callable[[str], Item]
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._dump = dump
        self._load = load

    def add(self, item: Item, *, room: int | None = None) -> None:
        with self._database.writing() as writer:
            check_free(item, id_used=self._has_id(writer, item.id), name_used=self._name_used(writer, item))
            check_room(self._count(writer), room)
            writer.execute(
                "INSERT INTO item (shelf, id, name_key, record) VALUES (?, ?, ?, ?)",
                (self._shelf, item.id, shelf_key(item), self._dump(item)),
            )

    def get(self, item_id: str) -> Item | None:
        with self._database.reading() as reader:
            query = "SELECT record FROM item WHERE shelf = ? AND id = ?"
            row = reader.execute(query, (self._shelf, item_id)).fetchone()
            return None if row is None else self._load(row[0])

    def all(self) -> Sequence[Item]:
        with self._database.reading() as reader:
            rows = reader.execute("SELECT record FROM item WHERE shelf = ? ORDER BY place", (self._shelf,))
            return tuple(self._load(row[0]) for row in rows)

    def replace(self, item: Item) -> None:
        with self._database.writing() as writer:
            if not self._has_id(writer, item.id):
                raise missing(item.id)
            check_free(item, id_used=False, name_used=self._name_used(writer, item))
            writer.execute(
                "UPDATE item SET name_key = ?, record = ? WHERE shelf = ? AND id = ?",
                (shelf_key(item), self._dump(item), self._shelf, item.id),
            )

    def delete(self, item_id: str) -> bool:
        with self._database.writing() as writer:
            done = writer.execute("DELETE FROM item WHERE shelf = ? AND id = ?", (self._shelf, item_id))
            return done.rowcount > 0

    def _has_id(self, connection: sqlite3.Connection, item_id: str) -> bool:
        query = "SELECT 1 FROM item WHERE shelf = ? AND id = ?"
        return connection.execute(query, (self._shelf, item_id)).fetchone() is not None

    def _count(self, connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM item WHERE shelf = ?", (self._shelf,)).fetchone()[0])

    def _name_used(self, connection: sqlite3.Connection, item: Item) -> bool:
        """Whether another thing on the shelf has the name."""
        query = "SELECT 1 FROM item WHERE shelf = ? AND name_key = ? AND id <> ?"
        return connection.execute(query, (self._shelf, shelf_key(item), item.id)).fetchone() is not None


class SqliteCatalog:
    """Four shelves, and the table of default profiles."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._voices = SqliteShelf(database, "voices", dump=records.dump_voice, load=records.load_voice)
        self._profiles = SqliteShelf(database, "profiles", dump=records.dump_profile, load=records.load_profile)
        self._models = SqliteShelf(database, "models", dump=records.dump_model, load=records.load_model)
        self._keys = SqliteShelf(database, "keys", dump=key_records.dump_key, load=key_records.load_key)
        self._consents = SqliteShelf(
            database, "consents", dump=consent_records.dump_consent, load=consent_records.load_consent
        )
        self._closed = False
        database.retain()

    @property
    def voices(self) -> SqliteShelf[VoiceProfile]:
        return self._voices

    @property
    def profiles(self) -> SqliteShelf[QualityProfile]:
        return self._profiles

    @property
    def models(self) -> SqliteShelf[ConversionModel]:
        return self._models

    @property
    def keys(self) -> SqliteShelf[ApiKey]:
        return self._keys

    @property
    def consents(self) -> SqliteShelf[Consent]:
        return self._consents

    def default_profile(self, engine: str) -> str | None:
        with self._database.reading() as reader:
            row = reader.execute("SELECT profile_id FROM default_profile WHERE engine = ?", (engine,)).fetchone()
            return None if row is None else str(row[0])

    def set_default_profile(self, engine: str, profile_id: str | None) -> None:
        with self._database.writing() as writer:
            writer.execute("DELETE FROM default_profile WHERE engine = ?", (engine,))
            if profile_id is not None:
                writer.execute("INSERT INTO default_profile VALUES (?, ?)", (engine, profile_id))

    def close(self) -> None:
        """Let the database go; it closes with its last user."""
        if not self._closed:
            self._closed = True
            self._database.release()
