"""Keep the house clean: expired jobs, orphaned blobs, the segment cache's bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from voicecore import blobkeys
from voicecore.errors import Gone
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import BlobStore, Catalog, Clock, JobQuery, JobStore
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.removal import Removed, remove
from voicecore.usecases.segment_cache import SegmentCache

_BATCH = 100
#: A blob without an owner may belong to something being written; after this long it does not.
_ORPHAN_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed."""

    jobs: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class PurgeExpired:
    """Removes what its time is over for. `deep` also removes every finished job and orphans of any age.

    Neither touches voices that are in the catalogue, models, or jobs that wait or run.
    """

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    clock: Clock
    cache: SegmentCache
    delete_job: DeleteJob

    def __call__(self, *, deep: bool = False) -> Purged:
        """What was removed."""
        jobs, removed = 0, Removed()
        while batch := self.store.expired(_BATCH):
            for job in batch:
                removed += self.delete_job.expire(job)
                jobs += 1
        if deep:
            for job in self._finished():
                removed += self.delete_job.delete_blobs(job.id)
                jobs += self.store.delete(job.id)
        removed += self._orphans(timedelta() if deep else _ORPHAN_AGE)
        removed += self.cache.evict()
        return Purged(jobs, removed.files, removed.bytes)

    def _finished(self) -> Iterator[SynthesisJob]:
        """One page in memory at a time; a cursor is a place, so it holds though what was before it is deleted."""
        for status in (status for status in JobStatus if status.finished):
            cursor = None
            while True:
                page = self.store.page(JobQuery(status=status, limit=_BATCH, cursor=cursor))
                yield from page.jobs
                cursor = page.next_cursor
                if cursor is None:
                    break

    def _orphans(self, age: timedelta) -> Removed:
        """Blobs of jobs and voices that are not there (any more)."""
        now = self.clock.now()
        owners: dict[tuple[str, str], bool] = {}
        removed = Removed()
        for folder in ("jobs/", "uploads/", "voices/", f"{blobkeys.SEGMENTS}voice_"):
            # Uploads are written before their job is stored, so a young one is never an orphan.
            oldest = now - (_ORPHAN_AGE if folder == "uploads/" else age)
            for stat in list(self.blobs.list(folder)):
                kind, owner = stat.key.split("/")[:2]
                if stat.modified_at > oldest:
                    continue
                if (kind, owner) not in owners:
                    owners[kind, owner] = self._has_owner(kind, owner)
                    if kind == "jobs" and not owners[kind, owner]:
                        # With what its plan names in the cache.
                        removed += self.delete_job.delete_blobs(owner)
                if not owners[kind, owner]:
                    removed += remove(self.blobs, [stat])
        return removed

    def _has_owner(self, kind: str, owner: str) -> bool:
        """Whether a job or a voice still needs what lies there. Uploads are needed until their job ends."""
        if kind != "segments":
            # An enrolment that runs has written its voice's blobs, and adds the voice last.
            job = self._job("job_" + owner.removeprefix("voice_") if kind == "voices" else owner)
            if job is not None and (kind == "jobs" or not job.status.finished):
                return True
        # Asked after the job, not before: an enrolment that is over by now has added its voice by now.
        return kind in ("voices", "segments") and self.catalog.voices.get(owner) is not None

    def _job(self, job_id: str) -> SynthesisJob | None:
        try:
            return self.store.get(JobId(job_id))
        except Gone:
            return None
