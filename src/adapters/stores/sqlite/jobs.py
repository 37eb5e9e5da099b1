"""Jobs in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.stores import transitions
from adapters.stores.cursor import Place, place_after
from adapters.stores.sqlite import claims, notices
from adapters.stores.sqlite.database import SqliteDatabase
from adapters.stores.transitions import Lease
from adapters.stores.unreadable import readable
from voicecore.errors import Conflict, NotFound
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.needs import lines_within
from voicecore.ports import Clock, JobPage, JobQuery, Notice
from voicecore.records import dump_job, epoch_us, load_job

_EXPIRED = "SELECT record FROM job WHERE expires_us <= ? ORDER BY expires_us, id LIMIT ?"
_MOST = 2**31


class SqliteJobStore:
    """Jobs in one table: each write is one transaction, on the disk when it returns.

    Reading a job for a change, deciding (`transitions`), and writing it happen inside one `BEGIN IMMEDIATE`, so nobody
    can come between. Leases are counted on a clock of their own, so their columns may differ from the time of day that
    the record shows.
    """

    def __init__(self, database: SqliteDatabase, clock: Clock, lease_clock: Clock | None = None) -> None:
        """`lease_clock` should be a steady one, which no setting of the time of day moves; by default it is `clock`."""
        self._database = database
        self._clock = clock
        self._lease_clock = lease_clock or clock
        self._closed = False
        #: Ids of jobs that wait in vain; written under the database's lock.
        self._unreadable: set[str] = set()
        database.retain()

    def add(
        self, job: SynthesisJob, *, idempotency_key: str | None = None, max_queued: int | None = None
    ) -> SynthesisJob:
        transitions.check_new(job)
        key = transitions.owned_key(job, idempotency_key)
        with self._database.writing() as writer:
            if key is not None and (before := _by_key(writer, key)) is not None:
                return transitions.repeated(job, before)
            if _read(writer, job.id) is not None or _has_tombstone(writer, job.id):
                raise Conflict(f"There is a job {job.id} already.")
            transitions.check_room(_counts(writer)[JobStatus.QUEUED], max_queued)
            _insert(writer, job)
            if key is not None:
                writer.execute("INSERT INTO idempotency_key VALUES (?, ?)", (key, job.id))
        return job

    def get(self, job_id: JobId) -> SynthesisJob | None:
        with self._database.reading() as reader:
            return _find(reader, job_id)

    def page(self, query: JobQuery) -> JobPage:
        filters = [("owner", query.owner), ("status", query.status), ("mode", query.mode)]
        wanted = [(f"{column} = ?", str(value)) for column, value in filters if value is not None]
        where = " AND ".join(["TRUE", *(condition for condition, _ in wanted)])
        values: list[str | int] = [value for _, value in wanted]
        after = place_after(query)
        # Only constants stand in the SQL; every value is bound. The literal lets SQLite use the indexes by owner.
        counts, owned = ("job_count", "") if query.owner is None else ("owned_job_count", "AND owner <> ''")
        totals = f"SELECT coalesce(sum(jobs), 0) FROM {counts} WHERE {where}"  # noqa: S608 # nosec B608 - constants
        older = "" if after is None else "AND (created_us, id) < (?, ?)"
        rows = f"SELECT record FROM job WHERE {where} {owned} {older} ORDER BY created_us DESC, id DESC LIMIT ?"  # noqa: S608 # nosec B608 - constants
        place = [] if after is None else [after.created_us, after.job_id]
        with self._database.reading() as reader:
            (total,) = reader.execute(totals, values).fetchone()
            found = [load_job(row[0]) for row in reader.execute(rows, [*values, *place, query.limit + 1])]
        jobs = tuple(found[: query.limit])
        more = len(found) > query.limit
        return JobPage(total, jobs, Place(epoch_us(jobs[-1].created_at), jobs[-1].id).cursor() if more else None)

    def claim(
        self, worker: str, lease: timedelta, *, max_tries: int, keep: timedelta, engines: Collection[str] | None = None
    ) -> SynthesisJob | None:
        transitions.check_claim(lease, max_tries)
        with self._database.writing() as writer:
            now, leases_now = self._clock.now(), self._lease_clock.now()
            claims.cut_leases(writer, leases_now)
            lines = None if engines is None else lines_within(engines)
            while (job := claims.first_claimable(writer, leases_now, lines, self._unreadable)) is not None:
                taken = transitions.taken(job, worker, now, lease, max_tries=max_tries, keep=keep)
                self._write(writer, job, taken, lease)
                if taken.status is JobStatus.PROCESSING:
                    return taken
        return None

    def renew(self, job: SynthesisJob, lease: timedelta) -> SynthesisJob:
        with self._database.writing() as writer:
            stored = _read(writer, job.id)
            renewed = transitions.renewed(stored, job, self._clock.now(), lease)
            self._write(writer, stored, renewed, lease)
        return renewed

    def finish(self, job: SynthesisJob) -> None:
        with self._database.writing() as writer:
            stored = _read(writer, job.id)
            self._write(writer, stored, transitions.ended(stored, job))

    def cancel(self, job_id: JobId, keep: timedelta) -> SynthesisJob:
        with self._database.writing() as writer:
            job = _find(writer, job_id)
            if job is None:
                raise NotFound(f"There is no job {job_id}.")
            cancelled = job.cancelled(self._clock.now(), keep)
            self._write(writer, job, cancelled)
        return cancelled

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        with self._database.writing() as writer:
            now = self._clock.now()
            _prune(writer, now)
            deleted = writer.execute("DELETE FROM job WHERE id = ?", (job_id,)).rowcount > 0
            if deleted and tombstone:
                writer.execute("INSERT INTO tombstone VALUES (?, ?)", (job_id, epoch_us(now)))
        return deleted

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        now = self._clock.now()
        with self._database.reading() as reader:
            rows = reader.execute(_EXPIRED, (epoch_us(now), min(max(0, limit), _MOST)))
            jobs = tuple(readable(rows, lambda row: load_job(row[0])))
            old = reader.execute("SELECT 1 FROM tombstone WHERE since_us <= ? LIMIT 1", (_oldest(now),)).fetchone()
        if old is not None:
            with self._database.writing() as writer:
                _prune(writer, now)
        return jobs

    def counts(self) -> Mapping[JobStatus, int]:
        with self._database.reading() as reader:
            return _counts(reader)

    def waiting(self) -> Mapping[str, int]:
        with self._database.reading() as reader:
            return claims.waiting(reader)

    def due_notices(self, limit: int, hold: timedelta) -> Sequence[Notice]:
        with self._database.writing() as writer:
            return notices.take_due(writer, self._clock.now(), min(max(0, limit), _MOST), hold)

    def settle_notice(self, job_id: JobId, retry_in: timedelta | None) -> None:
        with self._database.writing() as writer:
            if retry_in is None:
                notices.forget(writer, job_id)
            else:
                notices.put_off(writer, job_id, self._clock.now() + retry_in)

    def close(self) -> None:
        """Let the database go; it closes with its last user."""
        if not self._closed:
            self._closed = True
            self._database.release()

    def _write(
        self,
        writer: sqlite3.Connection,
        before: SynthesisJob | None,
        job: SynthesisJob,
        lease: timedelta | None = None,
    ) -> None:
        """Put `job` in the place of `before`; `lease` is the length that a running one gets."""
        if job == before and lease is None:
            return
        granted = None
        if lease is not None and job.status is JobStatus.PROCESSING:
            granted = Lease.of(self._lease_clock.now(), lease)
        _update(writer, job, granted)
        if transitions.wants_notice(before, job):
            notices.put(writer, job.id, self._clock.now())


def _read(connection: sqlite3.Connection, job_id: JobId) -> SynthesisJob | None:
    row = connection.execute("SELECT record FROM job WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else load_job(row[0])


def _find(connection: sqlite3.Connection, job_id: JobId) -> SynthesisJob | None:
    job = _read(connection, job_id)
    if job is None and _has_tombstone(connection, job_id):
        raise transitions.gone(job_id)
    return job


def _by_key(connection: sqlite3.Connection, key: str) -> SynthesisJob | None:
    row = connection.execute(
        "SELECT record FROM job WHERE id = (SELECT job_id FROM idempotency_key WHERE key = ?)", (key,)
    ).fetchone()
    return None if row is None else load_job(row[0])


def _has_tombstone(connection: sqlite3.Connection, job_id: JobId) -> bool:
    return connection.execute("SELECT 1 FROM tombstone WHERE job_id = ?", (job_id,)).fetchone() is not None


def _counts(connection: sqlite3.Connection) -> dict[JobStatus, int]:
    rows = connection.execute("SELECT status, sum(jobs) FROM job_count GROUP BY status")
    return dict.fromkeys(JobStatus, 0) | {JobStatus(status): jobs for status, jobs in rows}


def _insert(writer: sqlite3.Connection, job: SynthesisJob) -> None:
    writer.execute(
        "INSERT INTO job (id, mode, engine, priority, owner, created_us, status, attempt, record)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.mode.value,
            job.line,
            job.handling.priority.rank,
            job.owner,
            epoch_us(job.created_at),
            job.status.value,
            job.attempt,
            dump_job(job),
        ),
    )


def _update(writer: sqlite3.Connection, job: SynthesisJob, lease: Lease | None) -> None:
    since, until = (None, None) if lease is None else (epoch_us(lease.since), epoch_us(lease.until))
    expires = None if job.expires_at is None else epoch_us(job.expires_at)
    writer.execute(
        "UPDATE job SET status = ?, leased_us = ?, lease_us = ?, expires_us = ?, attempt = ?, record = ? WHERE id = ?",
        (job.status.value, since, until, expires, job.attempt, dump_job(job), job.id),
    )


def _oldest(now: datetime) -> int:
    return epoch_us(now - transitions.TOMBSTONES_LAST)


def _prune(writer: sqlite3.Connection, now: datetime) -> None:
    writer.execute("DELETE FROM tombstone WHERE since_us <= ?", (_oldest(now),))
