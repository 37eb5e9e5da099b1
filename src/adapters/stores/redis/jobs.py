"""The job store of a service with many workers: everything in one Redis, every step one script."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

from redis import Redis

from adapters.stores import transitions
from adapters.stores.cursor import place_after
from adapters.stores.line import place_of
from adapters.stores.redis.calls import Scripts
from adapters.stores.redis.job_hash import (
    StoredJob,
    added_fields,
    as_bytes,
    as_text,
    from_us,
    in_us,
    key_digest,
    place_member,
    worker_field,
    written_fields,
)
from adapters.stores.unreadable import readable
from voicecore.errors import Conflict, InvalidInput, LeaseLost, NotFound, StorageUnavailable
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.needs import lines_within
from voicecore.ports import Clock, JobPage, JobQuery, Notice
from voicecore.records import JOB_VERSION, epoch_us
from voicecore.request import Mode

_log = logging.getLogger("voicecore.stores")

_MODES = tuple(mode.value for mode in Mode)
#: Ids of jobs of newer programs that were logged; then there is no need to say more.
_LOGGED_LIMIT = 1_000


class RedisJobStore:
    """Jobs in hashes, indexes in sorted sets, decisions in Lua with the attempt as fencing token.

    Leases, ends that no worker wrote, and what is due are by Redis' own time; a worker's clock only says when a job that
    it finished was completed, and so until when it is kept. One Redis ≥ 6.2, or one with
    replicas behind it; not Redis Cluster, since a script touches keys of many slots. Several services may share it, each
    with its own prefix.
    """

    def __init__(self, client: Redis, prefix: str, *, clock: Clock | None = None) -> None:
        """Open the store.

        Args:
            client: from `redisclient.connect`, which sends nothing twice by itself; it stays the caller's, who closes it.
            prefix: of every key, without the colon.
            clock: instead of Redis' time, for the contract suites.

        Raises:
            StorageUnavailable: if Redis cannot be reached, or its keys have a newer layout.
        """
        self._scripts = Scripts(client, prefix, clock)
        self._logged: set[bytes] = set()
        self._logging = Lock()
        self._scripts.repeat("open")

    def add(
        self, job: SynthesisJob, *, idempotency_key: str | None = None, max_queued: int | None = None
    ) -> SynthesisJob:
        transitions.check_new(job)
        key = key_digest(transitions.owned_key(job, idempotency_key))
        room = "" if max_queued is None else max_queued
        word, rest = self._scripts.repeat("add", *added_fields(job), key, room, *_MODES)
        if word == "repeated":
            return transitions.repeated(job, _job(rest[0]))
        if word == "same":
            return _job(rest[0])
        if word == "full":
            transitions.check_room(int(rest[0]), max_queued)
        if word == "conflict":
            raise Conflict(f"There is a job {job.id} already.")
        return job

    def get(self, job_id: JobId) -> SynthesisJob | None:
        word, rest = self._scripts.repeat("get", as_bytes(job_id))
        if word == "gone":
            raise transitions.gone(job_id)
        return _job(rest[0]) if word == "job" else None

    def page(self, query: JobQuery) -> JobPage:
        after = place_after(query)
        start = b"" if after is None else place_member(after)
        owner = b"" if query.owner is None else as_bytes(query.owner)
        lists = _lists(query.status, query.mode)
        _, (total, shown) = self._scripts.repeat("page", query.limit + 1, start, owner, *lists)
        jobs = tuple(_job(values) for values in shown[: query.limit])
        more = len(shown) > query.limit
        return JobPage(int(total), jobs, place_of(jobs[-1]).cursor() if more else None)

    def claim(
        self, worker: str, lease: timedelta, *, max_tries: int, keep: timedelta, engines: Collection[str] | None = None
    ) -> SynthesisJob | None:
        transitions.check_claim(lease, max_tries)
        wanted = ["1"] if engines is None else ["0", *map(as_bytes, lines_within(engines))]
        while True:
            word, rest = self._scripts.call(
                "claim", worker_field(worker), in_us(lease), max_tries, in_us(keep), JOB_VERSION, *wanted
            )
            if word == "claimed":
                return _job(rest[0])
            if word == "none":
                self._tell_of_newer(rest[0])
                return None

    def renew(self, job: SynthesisJob, lease: timedelta) -> SynthesisJob:
        transitions.renewed(job, job, job.created_at, lease)
        word, rest = self._scripts.repeat("renew", *written_fields(job), in_us(lease))
        if word == "refused":
            return _judged(rest[0], job, lambda stored: transitions.renewed(stored, job, job.created_at, lease))
        return replace(job, lease_until=from_us(int(rest[0])))

    def finish(self, job: SynthesisJob) -> None:
        transitions.ended(job, job)
        expires = "" if job.expires_at is None else epoch_us(job.expires_at)
        word, rest = self._scripts.repeat("finish", *written_fields(job), job.status.value, expires)
        if word == "refused":
            _judged(rest[0], job, lambda stored: transitions.ended(stored, job), repeatable=True)

    def cancel(self, job_id: JobId, keep: timedelta) -> SynthesisJob:
        word, rest = self._scripts.repeat("cancel", as_bytes(job_id), in_us(keep), JOB_VERSION)
        if word == "none":
            raise NotFound(f"There is no job {job_id}.")
        if word == "gone":
            raise transitions.gone(job_id)
        job = _job(rest[0])
        # Raises for one that has ended otherwise; what the script cancelled just now stays as it is.
        return job.cancelled(job.created_at, keep)

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        lasts = in_us(transitions.TOMBSTONES_LAST) if tombstone else ""
        # Sent again, it would say that there was nothing to delete.
        word, _ = self._scripts.call("delete", as_bytes(job_id), lasts)
        return word == "deleted"

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        most = max(0, limit)
        _, (shown,) = self._scripts.repeat("expired", most, JOB_VERSION)
        jobs = readable(shown, _job)
        return tuple(sorted(jobs, key=lambda job: (job.expires_at or job.created_at, job.id))[:most])

    def counts(self) -> Mapping[JobStatus, int]:
        _, (sizes,) = self._scripts.repeat("counts", *_lists(None, None))
        found = iter(sizes)
        return {status: sum(int(next(found)) for _ in Mode) for status in JobStatus}

    def waiting(self) -> Mapping[str, int]:
        _, (pairs,) = self._scripts.repeat("waiting")
        found: Counter[str] = Counter()
        for line, jobs in pairs:
            found[as_text(line)] += jobs
        return +found

    def due_notices(self, limit: int, hold: timedelta) -> Sequence[Notice]:
        # Sent again, it would hold others and leave the first ones waiting.
        _, (due,) = self._scripts.call("due_notices", max(0, limit), in_us(hold), JOB_VERSION)
        return tuple(readable(due, lambda each: Notice(_job(each[1]), int(each[0]))))

    def settle_notice(self, job_id: JobId, retry_in: timedelta | None) -> None:
        if retry_in is None:
            self._scripts.repeat("settle_notice", as_bytes(job_id), "")
        else:
            # Sent again, one failed try would count as two.
            self._scripts.call("settle_notice", as_bytes(job_id), in_us(retry_in))

    def close(self) -> None:
        """Nothing to give back: the client is the caller's."""

    def _tell_of_newer(self, ids: Sequence[bytes]) -> None:
        with self._logging:
            fresh = [each for each in ids if each not in self._logged and len(self._logged) < _LOGGED_LIMIT]
            self._logged.update(fresh)
        for job_id in fresh:
            _log.warning(
                "job %s waits for a newer voicecore: its record is newer than version %d, which this worker reads; "
                "it is left to the newer workers",
                as_text(job_id), JOB_VERSION,
            )  # fmt: skip


def _lists(status: JobStatus | None, mode: Mode | None) -> list[str]:
    """Which indexes hold the jobs of this status and mode; all for None."""
    return [
        f"{each.value}:{kind.value}"
        for each in JobStatus
        for kind in Mode
        if status in (None, each) and mode in (None, kind)
    ]


def _job(values: Sequence[Any]) -> SynthesisJob:
    stored = StoredJob.shown(values)
    if stored is None:
        raise StorageUnavailable(
            "An index of Redis names a job that is not there; restore Redis, and set it to noeviction."
        )
    return stored.job()


def _judged(
    values: Sequence[Any],
    job: SynthesisJob,
    judge: Callable[[SynthesisJob | None], SynthesisJob],
    *,
    repeatable: bool = False,
) -> SynthesisJob:
    """What the rule that all stores share says to a write that the script refused; it raises, or knows the same write."""
    shown = StoredJob.shown(values)
    try:
        stored = None if shown is None else shown.job()
    except StorageUnavailable as error:
        raise LeaseLost(f"Attempt {job.attempt} of job {job.id} no longer owns it; a newer voicecore does.") from error
    judged = judge(stored)
    if repeatable and stored == job:
        return judged
    raise InvalidInput(f"What job {job.id} needs cannot change.")
