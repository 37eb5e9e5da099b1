"""The table of notices. The caller owns the transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.stores.unreadable import readable
from voicecore.job import JobId
from voicecore.ports import Notice
from voicecore.records import epoch_us, load_job

DUE = """
    SELECT notice.job_id, notice.tries, job.record FROM notice CROSS JOIN job ON job.id = notice.job_id
    WHERE notice.due_us <= ? ORDER BY notice.due_us, notice.job_id LIMIT ?
"""


def put(writer: sqlite3.Connection, job_id: JobId, due: datetime) -> None:
    """A new notice; a job ends only once, so there is none yet."""
    writer.execute("INSERT INTO notice (job_id, due_us, tries) VALUES (?, ?, 0)", (job_id, epoch_us(due)))


def take_due(writer: sqlite3.Connection, now: datetime, limit: int, hold: timedelta) -> Sequence[Notice]:
    """At most `limit` due notices, longest due first; each is due again after `hold`."""
    rows = writer.execute(DUE, (epoch_us(now), limit)).fetchall()
    again = epoch_us(now + hold)
    writer.executemany("UPDATE notice SET due_us = ? WHERE job_id = ?", [(again, row[0]) for row in rows])
    return tuple(readable(rows, lambda row: Notice(load_job(row[2]), row[1])))


def put_off(writer: sqlite3.Connection, job_id: JobId, due: datetime) -> None:
    """Count a failed try, and have the notice due again then; if there is none, nothing happens."""
    writer.execute("UPDATE notice SET tries = tries + 1, due_us = ? WHERE job_id = ?", (epoch_us(due), job_id))


def forget(writer: sqlite3.Connection, job_id: JobId) -> None:
    """Remove the notice, if there is one."""
    writer.execute("DELETE FROM notice WHERE job_id = ?", (job_id,))
