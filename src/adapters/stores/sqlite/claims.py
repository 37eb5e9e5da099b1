"""Whose turn it is: the queries behind a claim. The caller owns the transaction."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection
from datetime import datetime

from voicecore.errors import StorageUnavailable
from voicecore.job import SynthesisJob
from voicecore.records import epoch_us, load_job

_log = logging.getLogger("voicecore.stores")

# The indexes are named, since without statistics SQLite prefers one by status, and then looks at all that wait.

# A running job whose lease is over. There are at most as many as workers died, so they are sorted when found.
_LAPSED = """SELECT priority, created_us, id, record FROM job INDEXED BY job_by_lease
             WHERE status = 'processing' AND lease_us <= :now AND id NOT IN (SELECT value FROM json_each(:unreadable))"""

#: The first of the waiting jobs and of those whose lease ran out, the former found by one look into an index.
FIRST_OF_ALL = f"""
    SELECT id, record FROM (
        SELECT * FROM (SELECT priority, created_us, id, record FROM job INDEXED BY job_by_turn
                       WHERE status = 'queued' AND id NOT IN (SELECT value FROM json_each(:unreadable))
                       ORDER BY priority, created_us, id LIMIT 1)
        UNION ALL
        SELECT * FROM ({_LAPSED} ORDER BY priority, created_us, id LIMIT 1)
    ) ORDER BY priority, created_us, id LIMIT 1
"""  # noqa: S608 # nosec B608 - constants

#: The same for some lines (a JSON list), by one look for each of them. The column `engine` has the name of the job's line.
FIRST_OF_LINES = f"""
    SELECT id, record FROM (
        SELECT * FROM (
            SELECT job.priority, job.created_us, job.id, job.record FROM json_each(:lines) AS served
            CROSS JOIN job ON job.id = (
                SELECT id FROM job AS first INDEXED BY job_by_engine WHERE first.status = 'queued' AND first.engine = served.value
                AND first.id NOT IN (SELECT value FROM json_each(:unreadable))
                ORDER BY first.priority, first.created_us, first.id LIMIT 1)
            ORDER BY job.priority, job.created_us, job.id LIMIT 1)
        UNION ALL
        SELECT * FROM ({_LAPSED} AND engine IN (SELECT value FROM json_each(:lines))
                       ORDER BY priority, created_us, id LIMIT 1)
    ) ORDER BY priority, created_us, id LIMIT 1
"""  # noqa: S608 # nosec B608 - constants

# `Lease.cut` in SQL: what began later than now was written before the clock was set back.
CUT_LEASES = """
    UPDATE job INDEXED BY job_by_lease_start SET lease_us = :now + (lease_us - leased_us), leased_us = :now
    WHERE status = 'processing' AND leased_us > :now
"""

WAITING = "SELECT engine, count(*) FROM job INDEXED BY job_by_engine WHERE status = 'queued' GROUP BY engine"


def first_claimable(
    connection: sqlite3.Connection, now: datetime, lines: Collection[str] | None, unreadable: set[str]
) -> SynthesisJob | None:
    """The job whose turn it is; `now` is by the clock of leases.

    One whose record cannot be read is logged, joins the `unreadable`, and lets the next go first.
    """
    query = FIRST_OF_ALL if lines is None else FIRST_OF_LINES
    wanted = None if lines is None else json.dumps(sorted(lines))
    while True:
        skipped = json.dumps(sorted(unreadable))
        words = {"now": epoch_us(now), "lines": wanted, "unreadable": skipped}
        row = connection.execute(query, words).fetchone()
        if row is None:
            return None
        try:
            return load_job(row[1])
        except StorageUnavailable as error:
            unreadable.add(row[0])
            _log.error("job %s is left alone until the next start: %s", row[0], error.message)


def cut_leases(writer: sqlite3.Connection, now: datetime) -> None:
    """Let no lease last longer than its own length from now on."""
    writer.execute(CUT_LEASES, {"now": epoch_us(now)})


def waiting(connection: sqlite3.Connection) -> dict[str, int]:
    """How many jobs are queued in each line that has any."""
    return dict(connection.execute(WAITING).fetchall())
