"""Follow a job's sound: all of it, in order, once, as soon as it is made."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from voicecore.errors import (
    Cancelled,
    Conflict,
    NotFound,
    NothingHeard,
)  # fmt: skip
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import BlobStore, Ear, Ids, JobStore, LiveChunk, Relay
from voicecore.usecases.audience import Audience
from voicecore.usecases.listening import Listening, Sources
from voicecore.usecases.segment_cache import SegmentCache

_log = logging.getLogger("voicecore.jobs")


@dataclass(frozen=True, slots=True)
class Listen:
    """Everybody who wants to hear a job while it is made comes through here.

    Attributes:
        keep_jobs: how long a job is kept that is cancelled since its follower went away.
        audience: who follows jobs in this process.
    """

    store: JobStore
    relay: Relay
    blobs: BlobStore
    cache: SegmentCache
    ids: Ids
    keep_jobs: timedelta = timedelta(hours=24)
    observer: Observer = UNWATCHED
    audience: Audience = field(default_factory=Audience)

    def follow(self, job_id: JobId, *, patience_s: float) -> Iterator[LiveChunk]:
        """The whole sound of the job from its first sample to its last: contiguous chunks, each sample once. What is given is,
        as 16-bit samples, the finished audio bit for bit. It is listened from now on, not from the first `next` on.

        Args:
            patience_s: how long nothing may come, be it that the job waits in the queue.

        Raises:
            NotFound, Gone: there is no such job; also when it is deleted meanwhile.
            Conflict: it makes no sound, but a voice.
            Cancelled: it was cancelled.
            VoiceChanged: after the first chunk, a conversion was given up (or worked after all); start over.
            NothingHeard: patience ended.
            VoiceCoreError: the job's own error, when it failed.
        """
        return _patient(self.open(job_id, keep=True), patience_s)

    def open(self, job_id: JobId, *, keep: bool | None = None) -> Listening:
        """A follower whose user wants to look around between two chunks. Raises as `follow`, at once where it is known.

        Args:
            keep: whether the job goes on if the follower is closed before its end, as the last one of the job in this process;
                None: unless one who left before did not want to keep it.
        """
        # First the ear, then the look: what happens between the two is heard.
        ear = self.relay.follow(job_id)
        try:
            job = self._audible(job_id)
        except BaseException:
            ear.close()
            raise
        return self._listening(job, ear, keep=keep)

    def submit(self, submit: Callable[[JobId], SynthesisJob], *, keep: bool = False) -> Listening:
        """Submit a job and follow it. The ear is there before the job is, so that nothing of a fast one is missed.

        Args:
            keep: whether the job goes on if the follower leaves it before its end, and no other one is there.
            submit: given an id for the new job, returns the job; another one if it was submitted before.
        """
        job_id = JobId(self.ids.new("job"))
        ear = self.relay.follow(job_id)
        try:
            job = submit(job_id)
        except BaseException:
            ear.close()
            raise
        if job.id == job_id:
            return self._listening(job, ear, keep=keep)
        ear.close()
        return self.open(job.id, keep=keep)

    def cancel(self, job_id: JobId) -> SynthesisJob:
        """Cancel a job; its followers hear of it at once. Raises `NotFound`, `Gone`, `Conflict` if it ended."""
        before = self.store.get(job_id)
        job = self.store.cancel(job_id, self.keep_jobs)
        if before is not None and before.status is not JobStatus.CANCELLED:
            self.observer.cancelled(before)
        try:
            self.relay.end(job_id)
        except Exception:  # noqa: BLE001 - best effort; its followers look at the store by themselves
            _log.exception("the followers of job %s could not be told of its end", job_id)
        return job

    def look(self, job_id: JobId) -> SynthesisJob:
        """The job, unless it ended without sound. Raises as `follow`."""
        job = self._job(job_id)
        if job.error is not None:
            raise job.error.raised()
        if job.status is JobStatus.CANCELLED:
            raise Cancelled(f"Job {job_id} was cancelled: it has no sound, or no more of it.")
        return job

    def _listening(self, job: SynthesisJob, ear: Ear, *, keep: bool | None) -> Listening:
        sources = Sources(self.blobs, self.cache, self.look, self.cancel, self.audience)
        return Listening(sources, job, ear, keep=keep)

    def _audible(self, job_id: JobId) -> SynthesisJob:
        job = self._job(job_id)
        if job.makes_voice:
            raise Conflict(f"Job {job_id} makes a voice and has no sound to follow.")
        return job

    def _job(self, job_id: JobId) -> SynthesisJob:
        job = self.store.get(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id[:80]!r}; GET /jobs lists them.")
        return job


def _patient(listening: Listening, patience_s: float) -> Iterator[LiveChunk]:
    with closing(listening):
        since = time.monotonic()
        for chunk in listening:
            if chunk is not None:
                yield chunk
                since = time.monotonic()
            elif time.monotonic() - since >= patience_s:
                raise NothingHeard
