"""Keep the house clean: expired jobs, orphaned blobs, the segment cache's bound."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from voicecore.errors import Gone, VoiceCoreError
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import BlobStore, Catalog, Clock, JobStore
from voicecore.usecases.consents import forget_consents
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.planned import planned_keys
from voicecore.usecases.rehearsal import RehearsedBlobs, RehearsedCatalog, RehearsedJobs
from voicecore.usecases.removal import Removed
from voicecore.usecases.segment_cache import SegmentCache
from voicecore.usecases.sweep_orphans import ORPHAN_AGE, SweepOrphans, always, readable
from voicecore.usecases.waiting_jobs import jobs_in
from voicecore.voice import VoiceProfile

_log = logging.getLogger("voicecore.jobs")

_BATCH = 100
_AT_ONCE = 8
#: Jobs that cannot be deleted, in one go, before it is rather the place of the files that is away.
_STUCK_LIMIT = 3 * _BATCH
_FINISHED = tuple(status for status in JobStatus if status.finished)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed."""

    jobs: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(self.jobs + other.jobs, self.files + other.files, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class PurgeExpired:
    """Removes what its time is over for.

    `expire` asks the store for expired jobs only: cheap, to be called every minute or so. `tidy` reads the whole list of
    blobs: to be called some times a day. Calling the whole does both. Any number of processes may do so at once: each
    step may be done twice.

    Attributes:
        known_since: as of `SweepOrphans`.
        trial: whether its stores are those of a trial run, from which nothing really goes.

    Neither touches voices and conversion models that are in the catalogue, or jobs that wait or run. A record that a newer program
    wrote is not touched either, and does not keep the rest from being cleaned.
    """

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    clock: Clock
    cache: SegmentCache
    delete_job: DeleteJob
    known_since: Callable[[], datetime] = always
    trial: bool = False

    def __call__(self, *, deep: bool = False) -> Purged:
        """Both, at once. `deep` also removes every finished job, and orphans of any age."""
        purged = self.expire()
        if deep:
            purged += self._finished_jobs()
        return purged + self.tidy(timedelta() if deep else ORPHAN_AGE)

    def rehearse(self, *, deep: bool = False) -> Purged:
        """What calling this would remove now; nothing is removed. What expires, comes or is removed meanwhile may or may not
        be in it.
        """
        store, catalog, blobs = RehearsedJobs(self.store), RehearsedCatalog(self.catalog), RehearsedBlobs(self.blobs)
        trial = replace(
            self, trial=True, store=store, catalog=catalog, blobs=blobs, cache=replace(self.cache, blobs=blobs),
            delete_job=replace(self.delete_job, store=store, blobs=blobs),
        )  # fmt: skip
        return trial(deep=deep)

    def _expire_each(self) -> Purged:
        """One after the other, without asking the store for the first ones again and again, which a trial would not remove."""
        purged = Purged()
        with readable(self.store, "expired jobs"):
            first = self.store.expired(_BATCH)
            over: Iterable[SynthesisJob] = first
            if len(first) == _BATCH:
                # There may be more, and a store tells the first ones only.
                now = self.clock.now()
                over = (job for status in _FINISHED for job in jobs_in(self.store, status) if job.expired(now))
            for job in over:
                purged += self._remove(job)
        return purged

    def expire(self) -> Purged:
        """Remove finished jobs whose time of keeping is over, with their audio. One whose files cannot be removed holds
        up no other, and is tried again the next time.
        """
        if self.trial:
            return self._expire_each()
        purged = Purged()
        stuck: dict[JobId, VoiceCoreError] = {}
        with readable(self.store, "expired jobs"):
            while batch := [job for job in self.store.expired(_BATCH + len(stuck)) if job.id not in stuck]:
                # Deleting is waiting: for a disk to sync, or a network. A million jobs a day are a dozen a second.
                with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="expire") as pool:
                    for done in pool.map(lambda job: self._expire(job, stuck), batch):
                        purged += done
                if len(stuck) >= _STUCK_LIMIT:
                    break
            if stuck:
                raise next(iter(stuck.values()))
        return purged

    def _expire(self, job: SynthesisJob, stuck: dict[JobId, VoiceCoreError]) -> Purged:
        try:
            return self._remove(job)
        except VoiceCoreError as error:
            stuck[job.id] = error
            return Purged()

    def _remove(self, job: SynthesisJob) -> Purged:
        was_there, removed = self.delete_job.expire(job)
        return Purged(int(was_there), removed.files, removed.bytes)

    def tidy(self, age: timedelta = ORPHAN_AGE) -> Purged:
        """Remove voices of cancelled enrolments, consents of enrolments that made no voice, blobs older than `age` that nobody
        owns, and what the cache has too much.
        """
        orphans = SweepOrphans(self.store, self.catalog, self.blobs, self.clock, self.delete_job, self.known_since)
        removed = orphans(age) + self._withdrawn_voices() + self._left_consents()
        removed += self.cache.evict(self._needed)
        return Purged(0, removed.files, removed.bytes)

    def _finished_jobs(self) -> Purged:
        purged = Purged()
        for status in _FINISHED:
            with readable(self.store, f"{status.value} jobs"):
                for job in jobs_in(self.store, status):
                    removed = self.delete_job.delete_blobs(job.id)
                    purged += Purged(int(self.store.delete(job.id)), removed.files, removed.bytes)
        return purged

    def _needed(self) -> frozenset[str]:
        """Cached segments that jobs which wait or run will ask for."""
        needed: set[str] = set()
        for status in (JobStatus.QUEUED, JobStatus.PROCESSING):
            with readable(self.store, f"{status.value} jobs"):
                for job in jobs_in(self.store, status):
                    # Before its first attempt a job has no plan, and nothing that is worth more than others' segments.
                    if job.attempt:
                        needed |= planned_keys(self.blobs, job.id)
        return frozenset(needed)

    def _withdrawn_voices(self) -> Removed:
        """An attempt that listed its voice, and was killed before it saw that its job had been cancelled, left it there."""
        removed = Removed()
        voices: Sequence[VoiceProfile] = ()
        with readable(self.store, "voices"):
            voices = self.catalog.voices.all()
        for voice in voices:
            # Its job is gone from the store when its time of keeping is over; most voices are older, and cost no question.
            if (
                voice.source_job_id is None
                or self.clock.now() - voice.created_at > 2 * self.delete_job.limits.keep_jobs
            ):
                continue
            with readable(self.store, "voices"), suppress(Gone):
                job = self.store.get(JobId(voice.source_job_id))
                if job is not None and job.status is JobStatus.CANCELLED:
                    _log.info("the enrolment of voice %s was cancelled before the voice was listed", voice.id)
                    removed += DeleteVoice(self.catalog, self.blobs).remove(voice.id)
        return removed

    def _left_consents(self) -> Removed:
        """A consent is kept right before the voice that needs it is listed: an attempt that was killed in between left it."""
        left: list[str] = []
        with readable(self.store, "consents"):
            for consent in self.catalog.consents.all():
                if consent.source_job_id is None or self.clock.now() - consent.created_at < ORPHAN_AGE:
                    continue
                with readable(self.store, "consents"):
                    try:
                        job = self.store.get(JobId(consent.source_job_id))
                    except Gone:
                        job = None
                    if job is None or job.status.finished:
                        left.append(consent.id)
            # Those that a voice needs stay.
            return forget_consents(self.catalog, self.blobs, left)
        return Removed()
