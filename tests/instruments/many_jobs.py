"""A data directory as weeks of work leave it: very many jobs that have ended, in seconds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from adapters.stores.sqlite.database import FILE_NAME
from voicecore import Language, SynthesisRequest
from voicecore.job import JobError, JobId, SynthesisJob
from voicecore.system import SystemClock

#: Of so many jobs one failed, if a test wants no other share; all others were called off.
ONE_FAILED_IN = 400
_KEEP = timedelta(days=7)
_TEXT = "Uma frase de tamanho comum."
_INSERT = (
    "INSERT INTO job (id, mode, engine, priority, owner, created_us, status, attempt, expires_us, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def text_of(number: int) -> str:
    """What job `number` says; the newest has the highest number."""
    return f"{_TEXT} {number:06d}."


def fill(folder: Path, count: int, *, one_failed_in: int = ONE_FAILED_IN) -> None:
    """Make a database with so many jobs, numbered from 0, the oldest, one in a tenth of a second.

    One job of each kind goes through the store itself; the others are copies of its row and record.
    """
    began = datetime.now(UTC) - timedelta(seconds=count / 10 + 60)
    with closing(SqliteJobStore(SqliteDatabase(folder), SystemClock())) as store:
        for number in (0, 1):
            store.add(_job(number, began))
        failed = store.claim("somebody", timedelta(minutes=1), max_tries=1, keep=_KEEP)
        assert failed is not None
        assert failed.id == _id(0)
        store.finish(failed.failed(JobError("engine_failed", "The engine ended."), datetime.now(UTC), _KEEP))
        store.cancel(_id(1), _KEEP)
    with closing(sqlite3.connect(folder / FILE_NAME)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        kinds = [_row(database, number) for number in (0, 1)]
        database.executemany(_INSERT, _copies(kinds, range(2, count), one_failed_in, began))


def _id(number: int) -> JobId:
    return JobId(f"job_{number:020d}")


def _asked(number: int, began: datetime) -> datetime:
    return began + timedelta(milliseconds=100 * number)


def _job(number: int, began: datetime) -> SynthesisJob:
    request = SynthesisRequest(text=text_of(number), source_language=Language("pt", "BR"))
    return SynthesisJob(
        id=_id(number), request=request, engine="tone", quality_profile_id="natural",
        spoken_language=Language("pt", "BR"), created_at=_asked(number, began),
    )  # fmt: skip


def _row(database: sqlite3.Connection, number: int) -> tuple[str | int, ...]:
    columns = _INSERT.partition("(")[2].partition(")")[0]
    return database.execute(f"SELECT {columns} FROM job WHERE id = ?", (_id(number),)).fetchone()


def _said(number: int, began: datetime) -> tuple[str, ...]:
    """What differs between the records of two jobs."""
    return tuple(json.dumps(each) for each in (_id(number), text_of(number), _asked(number, began).isoformat()))


def _copies(
    kinds: list[tuple[str | int, ...]], numbers: range, one_failed_in: int, began: datetime
) -> Iterator[tuple[str | int, ...]]:
    for number in numbers:
        kind = 0 if number % one_failed_in == 0 else 1
        _, *columns, record = kinds[kind]
        columns[4] = int(columns[4]) + 100_000 * (number - kind)
        for before, after in zip(_said(kind, began), _said(number, began), strict=True):
            record = str(record).replace(before, after)
        yield (_id(number), *columns, record)
