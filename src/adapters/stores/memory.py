"""Job store and catalogue in this process's memory: for tests, and for library use that keeps nothing."""

from __future__ import annotations

import heapq
import itertools
import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic

from adapters.stores import transitions
from adapters.stores.cursor import Place, place_after
from adapters.stores.line import Line, place_of, turn_of
from adapters.stores.naming import check_free, check_room, missing, shelf_key
from adapters.stores.notice_board import NoticeBoard
from adapters.stores.transitions import Lease
from voicecore.access import ApiKey
from voicecore.consent import Consent
from voicecore.conversion_model import ConversionModel
from voicecore.errors import Conflict, NotFound
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.needs import lines_within
from voicecore.ports import Clock, Item, JobPage, JobQuery, Notice
from voicecore.quality import QualityProfile
from voicecore.request import Mode
from voicecore.voice import VoiceProfile


class MemoryJobStore:
    """Jobs in a dict, behind one lock.

    Beside it, one sorted list of places for each status and mode, and the same for each owner: their lengths are the
    totals, and a page is a merge of the few lists that the query admits. So a page does not cost more with more jobs.
    Whose turn it is stands in a `Line`, and who is to be told in a `NoticeBoard`.
    """

    def __init__(self, clock: Clock, lease_clock: Clock | None = None) -> None:
        """Leases are counted on `lease_clock`, which should be a steady one; by default on `clock` like all else."""
        self._clock = clock
        self._lease_clock = lease_clock or clock
        self._lock = threading.Lock()
        self._jobs: dict[JobId, SynthesisJob] = {}
        #: By owner, status and mode; those of the owner None are of all jobs.
        self._places: defaultdict[tuple[str | None, JobStatus, Mode], list[Place]] = defaultdict(list)
        self._line = Line()
        self._leases: dict[JobId, Lease] = {}
        self._notices = NoticeBoard()
        self._keys: dict[str, JobId] = {}
        self._tombstones: dict[JobId, datetime] = {}

    def add(
        self, job: SynthesisJob, *, idempotency_key: str | None = None, max_queued: int | None = None
    ) -> SynthesisJob:
        transitions.check_new(job)
        key = transitions.owned_key(job, idempotency_key)
        with self._lock:
            if key is not None and key in self._keys:
                return transitions.repeated(job, self._jobs[self._keys[key]])
            if job.id in self._jobs or job.id in self._tombstones:
                raise Conflict(f"There is a job {job.id} already.")
            transitions.check_room(self._counts()[JobStatus.QUEUED], max_queued)
            self._write(job)
            if key is not None:
                self._keys[key] = job.id
            return job

    def get(self, job_id: JobId) -> SynthesisJob | None:
        with self._lock:
            return self._find(job_id)

    def page(self, query: JobQuery) -> JobPage:
        after = place_after(query)
        with self._lock:
            lists = [
                self._places[query.owner, status, mode]
                for status in JobStatus
                for mode in Mode
                if query.status in (None, status)
                and query.mode in (None, mode)
                and (query.owner, status, mode) in self._places
            ]
            newest_first = heapq.merge(*(_down_from(places, after) for places in lists), reverse=True)
            shown = list(itertools.islice(newest_first, query.limit + 1))
            jobs = tuple(self._jobs[JobId(place.job_id)] for place in shown[: query.limit])
            more = len(shown) > query.limit
            return JobPage(sum(map(len, lists)), jobs, shown[query.limit - 1].cursor() if more else None)

    def claim(
        self, worker: str, lease: timedelta, *, max_tries: int, keep: timedelta, engines: Collection[str] | None = None
    ) -> SynthesisJob | None:
        transitions.check_claim(lease, max_tries)
        with self._lock:
            now, leases_now = self._clock.now(), self._lease_clock.now()
            self._leases = {job_id: each.cut(leases_now) for job_id, each in self._leases.items()}
            lines = None if engines is None else lines_within(engines)
            while (job := self._first_claimable(leases_now, lines)) is not None:
                taken = transitions.taken(job, worker, now, lease, max_tries=max_tries, keep=keep)
                self._write(taken, lease)
                if taken.status is JobStatus.PROCESSING:
                    return taken
            return None

    def renew(self, job: SynthesisJob, lease: timedelta) -> SynthesisJob:
        with self._lock:
            renewed = transitions.renewed(self._jobs.get(job.id), job, self._clock.now(), lease)
            self._write(renewed, lease)
            return renewed

    def finish(self, job: SynthesisJob) -> None:
        with self._lock:
            self._write(transitions.ended(self._jobs.get(job.id), job))

    def cancel(self, job_id: JobId, keep: timedelta) -> SynthesisJob:
        with self._lock:
            job = self._find(job_id)
            if job is None:
                raise NotFound(f"There is no job {job_id}.")
            cancelled = job.cancelled(self._clock.now(), keep)
            self._write(cancelled)
            return cancelled

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        with self._lock:
            now = self._clock.now()
            self._prune(now)
            job = self._jobs.get(job_id)
            if job is None:
                return False
            self._forget(job)
            del self._jobs[job_id]
            self._notices.settle(job_id)
            self._keys = {key: owner for key, owner in self._keys.items() if owner != job_id}
            if tombstone:
                self._tombstones[job_id] = now
            return True

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        with self._lock:
            now = self._clock.now()
            self._prune(now)
            over = (job for job in self._jobs.values() if job.expired(now))
            return heapq.nsmallest(max(0, limit), over, key=lambda job: (job.expires_at, job.id))

    def counts(self) -> Mapping[JobStatus, int]:
        with self._lock:
            return self._counts()

    def waiting(self) -> Mapping[str, int]:
        with self._lock:
            return self._line.lengths()

    def due_notices(self, limit: int, hold: timedelta) -> Sequence[Notice]:
        with self._lock:
            due = self._notices.due(self._clock.now(), limit, hold)
            return tuple(Notice(self._jobs[job_id], tries) for job_id, tries in due)

    def settle_notice(self, job_id: JobId, retry_in: timedelta | None) -> None:
        with self._lock:
            if retry_in is None:
                self._notices.settle(job_id)
            else:
                self._notices.put_off(job_id, self._clock.now() + retry_in)

    def close(self) -> None:
        """Nothing to give back: the jobs go with the object."""

    # --- under the lock ---------------------------------------------------------------------------
    def _find(self, job_id: JobId) -> SynthesisJob | None:
        if job_id in self._tombstones:
            raise transitions.gone(job_id)
        return self._jobs.get(job_id)

    def _counts(self) -> dict[JobStatus, int]:
        return {status: sum(len(self._places[None, status, mode]) for mode in Mode) for status in JobStatus}

    def _first_claimable(self, now: datetime, lines: Collection[str] | None) -> SynthesisJob | None:
        running = (self._jobs[job_id] for job_id, lease in self._leases.items() if lease.until <= now)
        lapsed = (turn_of(job) for job in running if lines is None or job.line in lines)
        first = min(itertools.chain(self._line.firsts(lines), lapsed), default=None)
        return None if first is None else self._jobs[JobId(first.place.job_id)]

    def _write(self, job: SynthesisJob, lease: timedelta | None = None) -> None:
        """Put the job in the place of what was stored; `lease` is the length that a running one gets."""
        before = self._jobs.get(job.id)
        if before is not None:
            self._forget(before)
        self._jobs[job.id] = job
        for owner in _listed_under(job):
            insort(self._places[owner, job.status, job.mode], place_of(job))
        if job.status is JobStatus.QUEUED:
            self._line.join(job)
        if lease is not None and job.status is JobStatus.PROCESSING:
            self._leases[job.id] = Lease.of(self._lease_clock.now(), lease)
        if transitions.wants_notice(before, job):
            self._notices.put(job.id, self._clock.now())

    def _forget(self, job: SynthesisJob) -> None:
        for owner in _listed_under(job):
            places = self._places[owner, job.status, job.mode]
            del places[bisect_left(places, place_of(job))]
        self._leases.pop(job.id, None)
        if job.status is JobStatus.QUEUED:
            self._line.leave(job)

    def _prune(self, now: datetime) -> None:
        oldest = now - transitions.TOMBSTONES_LAST
        self._tombstones = {job_id: since for job_id, since in self._tombstones.items() if since > oldest}


def _listed_under(job: SynthesisJob) -> tuple[str | None, ...]:
    return (None, job.owner) if job.owner else (None,)


def _down_from(places: list[Place], after: Place | None) -> Iterator[Place]:
    end = len(places) if after is None else bisect_left(places, after)
    return (places[index] for index in range(end - 1, -1, -1))


class MemoryShelf(Generic[Item]):
    """Things in a dict, in the order of adding, behind one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, Item] = {}

    def add(self, item: Item, *, room: int | None = None) -> None:
        with self._lock:
            names = {shelf_key(other) for other in self._items.values()}
            check_free(item, id_used=item.id in self._items, name_used=shelf_key(item) in names)
            check_room(len(self._items), room)
            self._items[item.id] = item

    def get(self, item_id: str) -> Item | None:
        with self._lock:
            return self._items.get(item_id)

    def all(self) -> Sequence[Item]:
        with self._lock:
            return tuple(self._items.values())

    def replace(self, item: Item) -> None:
        with self._lock:
            if item.id not in self._items:
                raise missing(item.id)
            names = {shelf_key(other) for other in self._items.values() if other.id != item.id}
            check_free(item, id_used=False, name_used=shelf_key(item) in names)
            self._items[item.id] = item

    def delete(self, item_id: str) -> bool:
        with self._lock:
            return self._items.pop(item_id, None) is not None


class MemoryCatalog:
    """Four shelves and a dict."""

    def __init__(self) -> None:
        self._voices: MemoryShelf[VoiceProfile] = MemoryShelf()
        self._profiles: MemoryShelf[QualityProfile] = MemoryShelf()
        self._models: MemoryShelf[ConversionModel] = MemoryShelf()
        self._keys: MemoryShelf[ApiKey] = MemoryShelf()
        self._consents: MemoryShelf[Consent] = MemoryShelf()
        self._defaults: dict[str, str] = {}

    @property
    def voices(self) -> MemoryShelf[VoiceProfile]:
        return self._voices

    @property
    def profiles(self) -> MemoryShelf[QualityProfile]:
        return self._profiles

    @property
    def models(self) -> MemoryShelf[ConversionModel]:
        return self._models

    @property
    def keys(self) -> MemoryShelf[ApiKey]:
        return self._keys

    @property
    def consents(self) -> MemoryShelf[Consent]:
        return self._consents

    def default_profile(self, engine: str) -> str | None:
        return self._defaults.get(engine)

    def set_default_profile(self, engine: str, profile_id: str | None) -> None:
        if profile_id is None:
            self._defaults.pop(engine, None)
        else:
            self._defaults[engine] = profile_id

    def close(self) -> None:
        """Nothing to give back: the things go with the object."""
