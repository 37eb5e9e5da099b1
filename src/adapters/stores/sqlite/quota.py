"""Counts of what callers take, of which the long ones survive a restart."""

from __future__ import annotations

from datetime import timedelta

from adapters.stores.quota import MemoryQuota
from adapters.stores.sqlite.database import SqliteDatabase
from adapters.stores.windows import checked, window_now
from voicecore.ports import Clock, Count, Window

#: Windows from this length on are on the disk. A write for each request would cost more than many a request does, and a
#: restart within a minute forgives at most that minute.
KEPT_FROM_S = 3_600
_MOST = 2**53


class SqliteQuota:
    """A row for each counter and length of window. One process owns the file, so the rest is in its memory."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._short = MemoryQuota(clock)
        self._closed = False
        database.retain()

    def take(self, counter: str, amount: int, window: Window) -> Count:
        if window.length_s < KEPT_FROM_S:
            return self._short.take(counter, amount, window)
        wanted = min(checked(amount), _MOST)
        with self._database.writing() as writer:
            number, resets_in_s = window_now(self._clock.now(), window)
            row = writer.execute(
                "SELECT used FROM quota WHERE counter = ? AND length_s = ? AND window = ?",
                (counter, window.length_s, number),
            ).fetchone()
            used = 0 if row is None else int(row[0])
            taken = used + wanted <= window.limit
            if taken:
                used += wanted
                writer.execute(
                    "INSERT INTO quota VALUES (?, ?, ?, ?) ON CONFLICT (counter, length_s)"
                    " DO UPDATE SET window = excluded.window, used = excluded.used",
                    (counter, window.length_s, number, used),
                )
        return Count(taken, used, resets_in_s)

    def give_back(self, counter: str, amount: int, window: Window) -> None:
        if window.length_s < KEPT_FROM_S:
            self._short.give_back(counter, amount, window)
            return
        lowered = min(checked(amount), _MOST)
        with self._database.writing() as writer:
            number, _ = window_now(self._clock.now(), window)
            writer.execute(
                "UPDATE quota SET used = max(0, used - ?) WHERE counter = ? AND length_s = ? AND window = ?",
                (lowered, counter, window.length_s, number),
            )

    def hold(self, counter: str, holder: str, limit: int, lasts: timedelta) -> bool:
        return self._short.hold(counter, holder, limit, lasts)

    def let_go(self, counter: str, holder: str) -> None:
        self._short.let_go(counter, holder)

    def close(self) -> None:
        """Let the database go; it closes with its last user."""
        if not self._closed:
            self._closed = True
            self._database.release()
