"""Remove blobs of jobs, voices and conversion models that are not there (any more)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from voicecore import blobkeys
from voicecore.errors import Gone, StorageUnavailable
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import BlobStore, Catalog, Clock, JobStore
from voicecore.usecases.delete_job import DeleteJob
from voicecore.usecases.removal import Removed, remove

_log = logging.getLogger("voicecore.jobs")

#: A blob without an owner may belong to something being written; after this long it does not.
ORPHAN_AGE = timedelta(hours=1)


def always() -> datetime:
    """A store that was there before everything."""
    return datetime.min.replace(tzinfo=UTC)


@contextmanager
def readable(store: JobStore, what: str) -> Iterator[None]:
    """Go past records that a newer program wrote. A store that cannot be reached raises `StorageUnavailable` still."""
    try:
        yield
    except StorageUnavailable as error:
        # Counting reads no record.
        store.counts()
        _log.warning("some %s are left alone: %s", what, error.message)


@dataclass(frozen=True, slots=True)
class SweepOrphans:
    """Reads the list of all blobs, and asks once for each job, voice or model that they are of.

    Attributes:
        known_since: since when jobs and voices have been stored where they are looked for now; raises if the blobs are not
            theirs. Of what is older nobody can say here that it has no owner: their store may have been lost, and come
            back from a backup. So it stays.
    """

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    clock: Clock
    delete_job: DeleteJob
    known_since: Callable[[], datetime] = always

    def __call__(self, age: timedelta = ORPHAN_AGE) -> Removed:
        """What was removed: orphans older than `age`. Uploads are written before their job is stored, and models before they
        are listed, so of them never any that are younger than an hour.
        """
        removed, since = Removed(), self.known_since()
        for folder in (
            "jobs/",
            "uploads/",
            "voices/",
            blobkeys.CONSENTS,
            blobkeys.MODELS,
            f"{blobkeys.SEGMENTS}voice_",
        ):
            early = folder in ("uploads/", blobkeys.CONSENTS, blobkeys.MODELS)
            removed += self._sweep(folder, max(age, ORPHAN_AGE) if early else age, since)
        return removed

    def _sweep(self, folder: str, age: timedelta, since: datetime) -> Removed:
        oldest = self.clock.now() - age
        removed, left = Removed(), 0
        asked: tuple[str, str] | None = None
        owned = True
        # In key order, so an owner's blobs come together, and memory holds one owner, not a million.
        for stat in self.blobs.list(folder):
            if stat.modified_at > oldest:
                continue
            kind, owner = stat.key.split("/")[:2]
            if (kind, owner) != asked:
                asked, owned = (kind, owner), self._has_owner(kind, owner)
                if kind == "jobs" and not owned and stat.modified_at >= since:
                    # With what its plan names in the cache.
                    removed += self.delete_job.delete_blobs(owner)
            if not owned and stat.modified_at < since:
                left += 1
            elif not owned:
                removed += remove(self.blobs, [stat])
        if left:
            _log.warning("%d blobs under %s are older than the store of jobs and voices, which knows nothing of them; they stay",
                         left, folder)  # fmt: skip
        return removed

    def _has_owner(self, kind: str, owner: str) -> bool:
        """Whether a job, a voice or a model still needs what lies there. What a record says that nobody here can read counts as yes."""
        with readable(self.store, f"blobs of {owner}"):
            return self._needs(kind, owner)
        return True

    def _needs(self, kind: str, owner: str) -> bool:
        if kind == "models":
            return self.catalog.models.get(owner) is not None
        if kind == "consents":
            return self.catalog.consents.get(owner) is not None
        if kind != "segments":
            # An enrolment that runs has written its voice's blobs, and adds the voice last.
            job = self._job("job_" + owner.removeprefix("voice_") if kind == "voices" else owner)
            # Uploads are needed until their job ends.
            if job is not None and (kind == "jobs" or not job.status.finished):
                return True
        # Asked after the job, not before: an enrolment that is over by now has added its voice by now.
        return kind in ("voices", "segments") and self.catalog.voices.get(owner) is not None

    def _job(self, job_id: str) -> SynthesisJob | None:
        try:
            return self.store.get(JobId(job_id))
        except Gone:
            return None
