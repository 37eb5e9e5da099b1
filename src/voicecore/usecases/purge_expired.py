"""Keep the house clean: expired jobs, orphaned blobs, the segment cache's bound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from voicecore.errors import Gone
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import BlobStore, Catalog, Clock, JobQuery, JobStore
from voicecore.usecases.delete_job import DeleteJob
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
        before = self._bytes()
        jobs = files = 0
        while batch := self.store.expired(_BATCH):
            for job in batch:
                files += self.delete_job.expire(job)
                jobs += 1
        if deep:
            for job in self._finished():
                files += self.delete_job.delete_blobs(job.id)
                jobs += self.store.delete(job.id)
        files += self._orphans(timedelta() if deep else _ORPHAN_AGE)
        files += self.cache.evict()
        return Purged(jobs, files, max(0, before - self._bytes()))

    def _finished(self) -> list[SynthesisJob]:
        found: list[SynthesisJob] = []
        for status in (status for status in JobStatus if status.finished):
            cursor = None
            while True:
                page = self.store.page(JobQuery(status=status, limit=_BATCH, cursor=cursor))
                found.extend(page.jobs)
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found

    def _orphans(self, age: timedelta) -> int:
        """Blobs of jobs and voices that are not there (any more)."""
        oldest = self.clock.now() - age
        owners: dict[tuple[str, str], bool] = {}
        count = 0
        for folder in ("jobs/", "uploads/", "voices/"):
            for stat in list(self.blobs.list(folder)):
                kind, owner = stat.key.split("/")[:2]
                if stat.modified_at > oldest:
                    continue
                if (kind, owner) not in owners:
                    owners[kind, owner] = self._has_owner(kind, owner)
                if not owners[kind, owner]:
                    count += self.blobs.delete(stat.key)
        return count

    def _has_owner(self, kind: str, owner: str) -> bool:
        if kind == "voices":
            if self.catalog.voices.get(owner) is not None:
                return True
            # An enrolment that runs has written its voice's blobs, and adds the voice last.
            owner = "job_" + owner.removeprefix("voice_")
        try:
            job = self.store.get(JobId(owner))
        except Gone:
            return False
        if kind == "voices":
            return job is not None and not job.status.finished
        return job is not None

    def _bytes(self) -> int:
        return sum(stat.size for stat in self.blobs.list())
