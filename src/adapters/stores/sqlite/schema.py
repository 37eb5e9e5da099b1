"""Tables of the database file, and how an older file becomes a present one.

The records (`voicecore.records`) are the truth. The columns beside them are what queries look at, and are written
from the record in the same statement. `job_count` is kept by triggers, so that the total of a page is a sum over at
most 20 rows, however many jobs there are.
"""

from __future__ import annotations

import sqlite3

from voicecore.errors import StorageUnavailable

#: "VCOR", so that `file` and we can tell this database from another program's.
APPLICATION_ID = 0x56434F52

_FIRST = (
    """
    CREATE TABLE job (
        id TEXT NOT NULL PRIMARY KEY,
        status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
        mode TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        lease_us INTEGER CHECK ((lease_us IS NOT NULL) = (status = 'processing')),
        expires_us INTEGER,
        attempt INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX job_by_age ON job (created_us, id)",
    "CREATE INDEX job_by_status ON job (status, created_us, id)",
    "CREATE INDEX job_by_mode ON job (mode, created_us, id)",
    "CREATE INDEX job_by_status_and_mode ON job (status, mode, created_us, id)",
    "CREATE INDEX job_by_expiry ON job (expires_us, id) WHERE expires_us IS NOT NULL",
    """
    CREATE TABLE job_count (
        status TEXT NOT NULL, mode TEXT NOT NULL, jobs INTEGER NOT NULL CHECK (jobs >= 0),
        PRIMARY KEY (status, mode)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER job_added AFTER INSERT ON job BEGIN
        INSERT INTO job_count VALUES (new.status, new.mode, 1)
            ON CONFLICT (status, mode) DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TRIGGER job_removed AFTER DELETE ON job BEGIN
        UPDATE job_count SET jobs = jobs - 1 WHERE status = old.status AND mode = old.mode;
    END
    """,
    """
    CREATE TRIGGER job_moved AFTER UPDATE OF status ON job WHEN old.status <> new.status BEGIN
        UPDATE job_count SET jobs = jobs - 1 WHERE status = old.status AND mode = old.mode;
        INSERT INTO job_count VALUES (new.status, new.mode, 1)
            ON CONFLICT (status, mode) DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TABLE idempotency_key (
        key TEXT NOT NULL PRIMARY KEY,
        job_id TEXT NOT NULL UNIQUE REFERENCES job (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE tombstone (job_id TEXT NOT NULL PRIMARY KEY, since_us INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX tombstone_by_age ON tombstone (since_us)",
    """
    CREATE TABLE item (
        place INTEGER PRIMARY KEY,
        shelf TEXT NOT NULL,
        id TEXT NOT NULL,
        name_key TEXT NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (shelf, id),
        UNIQUE (shelf, name_key)
    ) STRICT
    """,
    "CREATE TABLE default_profile (engine TEXT NOT NULL PRIMARY KEY, profile_id TEXT NOT NULL) STRICT, WITHOUT ROWID",
)

# The engine and the turn of a job, leases that know their beginning, and notices. Version 1 had no priorities: its jobs
# are normal ones (rank 1). Nobody alive can hold a lease of a file that is opened now, least of all an older program.
# The partial indexes hold only what can be claimed, so finished jobs, however many, cost a claim nothing.
_MANY_WORKERS = (
    "ALTER TABLE job ADD COLUMN engine TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE job ADD COLUMN leased_us INTEGER",
    """
    UPDATE job SET
        engine = CASE WHEN json_valid(record) THEN coalesce(CAST(json_extract(record, '$.engine') AS TEXT), '') ELSE '' END,
        leased_us = CASE WHEN status = 'processing' THEN 0 END,
        lease_us = CASE WHEN status = 'processing' THEN 0 END
    """,
    "CREATE INDEX job_by_turn ON job (priority, created_us, id) WHERE status = 'queued'",
    # With the status in it, counting those who wait needs no look at the jobs.
    "CREATE INDEX job_by_engine ON job (engine, priority, created_us, id, status) WHERE status = 'queued'",
    "CREATE INDEX job_by_lease ON job (lease_us, engine) WHERE status = 'processing'",
    "CREATE INDEX job_by_lease_start ON job (leased_us) WHERE status = 'processing'",
    """
    CREATE TABLE notice (
        job_id TEXT NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
        due_us INTEGER NOT NULL,
        tries INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX notice_by_due ON notice (due_us, job_id)",
)

# Conversions in the records, and a shelf of conversion models: the tables have room for both.
_CONVERSION: tuple[str, ...] = ()
# What a job's trace is called, in the records.
_TRACES: tuple[str, ...] = ()

# Owners, and a shelf of keys. What was made before is nobody's. Jobs without an owner are not in these indexes, so a service
# without keys pays nothing for them; a query must say `owner <> ''` for SQLite to know that it may use them.
_OWNERS = (
    "ALTER TABLE job ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX job_by_owner ON job (owner, created_us, id) WHERE owner <> ''",
    "CREATE INDEX job_by_owner_and_status ON job (owner, status, created_us, id) WHERE owner <> ''",
    "CREATE INDEX job_by_owner_and_mode ON job (owner, mode, created_us, id) WHERE owner <> ''",
    """
    CREATE TABLE owned_job_count (
        owner TEXT NOT NULL, status TEXT NOT NULL, mode TEXT NOT NULL, jobs INTEGER NOT NULL CHECK (jobs >= 0),
        PRIMARY KEY (owner, status, mode)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER owned_job_added AFTER INSERT ON job WHEN new.owner <> '' BEGIN
        INSERT INTO owned_job_count VALUES (new.owner, new.status, new.mode, 1)
            ON CONFLICT (owner, status, mode) DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TRIGGER owned_job_removed AFTER DELETE ON job WHEN old.owner <> '' BEGIN
        UPDATE owned_job_count SET jobs = jobs - 1 WHERE owner = old.owner AND status = old.status AND mode = old.mode;
    END
    """,
    """
    CREATE TRIGGER owned_job_moved AFTER UPDATE OF status ON job WHEN old.owner <> '' AND old.status <> new.status BEGIN
        UPDATE owned_job_count SET jobs = jobs - 1 WHERE owner = old.owner AND status = old.status AND mode = old.mode;
        INSERT INTO owned_job_count VALUES (new.owner, new.status, new.mode, 1)
            ON CONFLICT (owner, status, mode) DO UPDATE SET jobs = jobs + 1;
    END
    """,
    """
    CREATE TABLE quota (
        counter TEXT NOT NULL, length_s INTEGER NOT NULL, window INTEGER NOT NULL, used INTEGER NOT NULL CHECK (used >= 0),
        PRIMARY KEY (counter, length_s)
    ) STRICT, WITHOUT ROWID
    """,
)

# The column `engine` holds the line: a job whose speech is converted waits for a worker that converts, too.
_NEEDS = (
    """
    UPDATE job SET engine = engine || '+rvc'
    WHERE CASE WHEN json_valid(record) THEN json_extract(record, '$.request[0]') = 'speech'
                    AND json_extract(record, '$.request[1].conversion') IS NOT NULL END
    """,
)

# Consents: a shelf, and their ids in the records of voices and enrolments.
_CONSENTS: tuple[str, ...] = ()

#: Migration n leads from version n to n + 1. A new version of the records also needs one here, even an empty one, so
#: that an older program refuses the file as a whole instead of stumbling over single records.
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _MANY_WORKERS, _CONVERSION, _OWNERS, _NEEDS, _CONSENTS, _TRACES)


def migrate(writer: sqlite3.Connection) -> None:
    """Bring the file to this program's version, in one transaction.

    Raises:
        StorageUnavailable: if the file is another program's, or a newer voicecore's.
    """
    writer.execute("BEGIN IMMEDIATE")
    try:
        version = _version(writer)
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            for statement in statements:
                writer.execute(statement)
            writer.execute(f"PRAGMA user_version = {number}")
        writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        writer.execute("COMMIT")
    except BaseException:
        if writer.in_transaction:
            writer.execute("ROLLBACK")
        raise


def _version(writer: sqlite3.Connection) -> int:
    (owner,) = writer.execute("PRAGMA application_id").fetchone()
    (tables,) = writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner != APPLICATION_ID and (owner or tables):
        raise StorageUnavailable("The database file belongs to another program; use another data directory.")
    version = int(writer.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StorageUnavailable(
            f"The database has version {version}, and this voicecore knows versions up to {len(MIGRATIONS)}: "
            "run the newer voicecore that wrote it."
        )
    return version
