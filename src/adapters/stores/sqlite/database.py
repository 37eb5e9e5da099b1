"""The database file and its connections."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.stores.sqlite.failures import translated
from adapters.stores.sqlite.lock import FolderLock
from adapters.stores.sqlite.schema import migrate
from voicecore.errors import StorageUnavailable

FILE_NAME = "voicecore.sqlite3"
BUSY_TIMEOUT_S = 5.0
#: Reading connections kept open when idle. More are opened when more threads read at once.
_IDLE_READERS = 8


class SqliteDatabase:
    """Has two responsibilities: it owns the data directory, and it lends connections.

    Writing: one connection, lent to one thread at a time behind a lock. A commit is on the disk when it returns (WAL with
    `synchronous=FULL`). One writer also keeps clear of SQLite's WAL-reset bug (before 3.51.3), which needs two. A lock
    serves as well as a thread of its own would, since every method of the stores waits for its result anyway; it
    saves two thread switches a write, and there is no queue to drain at the end.

    Reading: connections that cannot write, from a pool, so that readers never wait for the writer, and a thread that
    ends leaves no connection behind.

    Stores `retain` the database, and the last `release` closes it.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open the file in `folder`, both made if they are missing.

        Raises:
            StorageUnavailable: if another process owns the folder, the file is not ours or too new, or cannot be used.
            DiskFull: if there is no room to make it.
        """
        self.folder = Path(folder)
        self.path = self.folder / FILE_NAME
        self._writing = threading.Lock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._users = 0
        self._closed = False
        with translated(self.folder):
            # What people say and whose voices they keep is nobody else's business on this machine.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FolderLock(self.folder)
        try:
            with translated(self.path):
                self._writer = self._connect("rwc")
                try:
                    self._prepare()
                except BaseException:
                    self._writer.close()
                    raise
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self) -> None:
        self.path.chmod(0o600)
        mode = self._writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StorageUnavailable(f"{self.path} cannot use a write-ahead log (it got {mode!r}); use a local disk.")
        # fullfsync matters on macOS, where fsync does not reach the platter, and does nothing elsewhere. secure_delete
        # overwrites what was deleted: a deleted job's text must not be found in the file.
        for setting in (
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            self._writer.execute(f"PRAGMA {setting}")
        migrate(self._writer)

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writer, in a transaction that commits at the end and rolls back on any error."""
        with translated(self.path), self._writing:
            self._check_open()
            writer = self._writer
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors, a full disk among them.
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A reader, in a transaction: all its queries see the same state."""
        with translated(self.path):
            self._check_open()
            reader = self._borrow()
            try:
                reader.execute("BEGIN")
                yield reader
                reader.execute("COMMIT")
            except BaseException:
                reader.close()
                raise
            self._give_back(reader)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect("ro")

    def _give_back(self, reader: sqlite3.Connection) -> None:
        if self._closed or len(self._idle) >= _IDLE_READERS:
            reader.close()
        else:
            self._idle.append(reader)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageUnavailable(f"{self.path} has been closed.")

    def problems(self) -> Sequence[str]:
        """What SQLite's own check of the whole file finds; empty if it is sound. It reads everything: seconds a gigabyte."""
        with self.reading() as reader:
            lines = [str(row[0]) for row in reader.execute("PRAGMA integrity_check")]
            orphans = [f"{row[0]} refers to a missing {row[2]}" for row in reader.execute("PRAGMA foreign_key_check")]
        return [line for line in lines if line != "ok"] + orphans

    def retain(self) -> None:
        """Count one more user."""
        with self._writing:
            self._users += 1

    def release(self) -> None:
        """Count one user less; the last one closes the database."""
        with self._writing:
            self._users -= 1
            last = self._users <= 0
        if last:
            self.close()

    def close(self) -> None:
        """Fold the log into the file, close it, and give the folder back. Idempotent."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            # Readers first: the connection that closes last folds the log in, and readers cannot write.
            while self._idle:
                self._idle.pop().close()
            self._writer.close()
            self._lock.release()
