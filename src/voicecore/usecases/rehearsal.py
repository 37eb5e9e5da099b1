"""A trial run of cleaning up: stores from which what is deleted is gone for who looks through them, and stays where it is.

So a trial goes through the very code that removes, and cannot count by other rules than it does. For one thread, and for
as long as one run takes: each deleted key is remembered, some 150 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, Generic, NoReturn

from voicecore.access import ApiKey
from voicecore.consent import Consent
from voicecore.conversion_model import ConversionModel
from voicecore.errors import Gone, NotFound
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import BlobStat, BlobStore, Catalog, Item, JobPage, JobQuery, JobStore, Shelf
from voicecore.quality import QualityProfile
from voicecore.voice import VoiceProfile


def _refused(*_: object, **__: object) -> NoReturn:
    message = "a trial run only reads and deletes"
    raise TypeError(message)


class RehearsedBlobs:
    """The blobs, without those that were deleted here."""

    put = _refused

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._gone: set[str] = set()

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> BinaryIO:
        """As of the port."""
        if key in self._gone:
            raise NotFound(f"There is no blob {key!r}.")
        return self._blobs.open(key, start=start, end=end)

    def stat(self, key: str) -> BlobStat | None:
        """As of the port."""
        return None if key in self._gone else self._blobs.stat(key)

    def delete(self, key: str) -> bool:
        """As of the port, for a key that a listing or `stat` told of just now: it is not looked for again."""
        new = key not in self._gone
        self._gone.add(key)
        return new

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        """As of the port."""
        return (stat for stat in self._blobs.list(prefix) if stat.key not in self._gone)


class RehearsedJobs:
    """The jobs, without those that were deleted here."""

    add = claim = renew = finish = cancel = due_notices = settle_notice = _refused

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._gone: dict[JobId, bool] = {}

    def get(self, job_id: JobId) -> SynthesisJob | None:
        """As of the port."""
        if self._gone.get(job_id):
            raise Gone(f"The job {job_id!r} is over and has been removed.")
        return None if job_id in self._gone else self._store.get(job_id)

    def page(self, query: JobQuery) -> JobPage:
        """As of the port, but a page may have fewer jobs than there are, and `total` counts those that are gone, too."""
        page = self._store.page(query)
        return replace(page, jobs=tuple(job for job in page.jobs if job.id not in self._gone))

    def delete(self, job_id: JobId, *, tombstone: bool = False) -> bool:
        """As of the port, for a job that was read just now: it is not looked for again."""
        new = job_id not in self._gone
        self._gone.setdefault(job_id, tombstone)
        return new

    def expired(self, limit: int) -> Sequence[SynthesisJob]:
        """As of the port, but of the first `limit` only: those that are gone do not make room."""
        return tuple(job for job in self._store.expired(limit) if job.id not in self._gone)

    def counts(self) -> Mapping[JobStatus, int]:
        """As of the port, with those that are gone."""
        return self._store.counts()

    def waiting(self) -> Mapping[str, int]:
        """As of the port."""
        return self._store.waiting()

    def close(self) -> None:
        """The store stays open."""


class RehearsedShelf(Generic[Item]):
    """A shelf, without what was deleted here."""

    add = replace = _refused

    def __init__(self, shelf: Shelf[Item]) -> None:
        self._shelf = shelf
        self._gone: set[str] = set()

    def get(self, item_id: str) -> Item | None:
        """As of the port."""
        return None if item_id in self._gone else self._shelf.get(item_id)

    def all(self) -> Sequence[Item]:
        """As of the port."""
        return tuple(item for item in self._shelf.all() if item.id not in self._gone)

    def delete(self, item_id: str) -> bool:
        """As of the port."""
        there = self.get(item_id) is not None
        self._gone.add(item_id)
        return there


class RehearsedCatalog:
    """A catalogue, without what was deleted here."""

    set_default_profile = _refused

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.voices: Shelf[VoiceProfile] = RehearsedShelf(catalog.voices)
        self.profiles: Shelf[QualityProfile] = RehearsedShelf(catalog.profiles)
        self.models: Shelf[ConversionModel] = RehearsedShelf(catalog.models)
        self.keys: Shelf[ApiKey] = RehearsedShelf(catalog.keys)
        self.consents: Shelf[Consent] = RehearsedShelf(catalog.consents)

    def default_profile(self, engine: str) -> str | None:
        """As of the port."""
        return self._catalog.default_profile(engine)

    def close(self) -> None:
        """The catalogue stays open."""
