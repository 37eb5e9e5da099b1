"""Store how an attempt ended, and sweep what it wrote and nobody will read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from voicecore import blobkeys
from voicecore.errors import DiskFull, Gone, LeaseLost, StorageUnavailable, VoiceCoreError
from voicecore.job import JobStatus, SynthesisJob
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import BlobStore, Clock, JobStore, Relay
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.removal import remove, remove_all
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.segment_cache import SegmentCache

_log = logging.getLogger("voicecore.jobs")


@dataclass(frozen=True, slots=True)
class EndJob:
    """Writes the end of an attempt, fenced, and again until the store has answered: what was made is worth a wait.

    Attributes:
        relay: whose followers are told that the job is over.
        give_up_after: how long a store that is away is asked again. Then the lease runs out and another attempt is made.
        first_pause_s, longest_pause_s: between two askings; each pause is twice the one before.
    """

    store: JobStore
    blobs: BlobStore
    clock: Clock
    enrol: RunEnrolment
    cache: SegmentCache
    relay: Relay | None = None
    give_up_after: timedelta = timedelta(minutes=10)
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0
    observer: Observer = UNWATCHED

    def __call__(self, watch: JobWatch, ended: SynthesisJob | None) -> None:
        """`ended` is the job as it shall be stored, or None if the attempt lost it."""
        watch.finish()
        took_s = watch.took_s
        if ended is None:
            self.observer.ended(watch.job, None, took_s)
            self._sweep_lost(watch)
            return
        if ended.result is None:
            self._sweep(watch, ended)
        try:
            stored = self._write(watch, ended)
        except LeaseLost:
            _log.info("job %s attempt %d lost its lease at the end; nothing is published", ended.id, ended.attempt)
            self.observer.ended(watch.job, None, took_s)
            self._sweep_lost(watch)
            return
        if not stored:
            _log.error("job %s attempt %d could not be stored as %s; another attempt follows when its lease runs out",
                       ended.id, ended.attempt, ended.status.value)  # fmt: skip
            return
        self.observer.ended(watch.job, ended, took_s)
        if ended.status.finished:
            self._end_relay(ended)
            if ended.has_uploads:
                self._delete_all(blobkeys.upload_prefix(ended.id))
        _log.info("job %s attempt %d: %s", ended.id, ended.attempt, ended.status.value)

    def _write(self, watch: JobWatch, ended: SynthesisJob) -> bool:
        """Whether the store said that it has it. What it did not say may be stored all the same: nothing is deleted then."""
        give_up_at = self.clock.monotonic() + self.give_up_after.total_seconds()
        pause_s = self.first_pause_s
        while True:
            try:
                self.store.finish(ended)
            except StorageUnavailable as error:
                _log.warning("job %s waits to be stored as %s: %s", ended.id, ended.status.value, error.message)
                if watch.told_to_end(pause_s) or self.clock.monotonic() >= give_up_at:
                    return False
                pause_s = min(2 * pause_s, self.longest_pause_s)
            else:
                return True

    def _sweep(self, watch: JobWatch, ended: SynthesisJob) -> None:
        """Remove what this attempt wrote. Cached segments stay, except on a full disk: there they would fail the next job."""
        self._delete_all(blobkeys.attempt_prefix(ended.id, ended.attempt))
        if ended.error is not None and ended.error.code == DiskFull.code:
            self._delete_cached(watch)
            try:
                shed = self.cache.shed()
            except VoiceCoreError as error:
                _log.warning("the disk is full, and the segment cache could not be shortened: %s", error.message)
            else:
                _log.warning("the disk is full; %d bytes of the segment cache were given up for it", shed.bytes)

    def _sweep_lost(self, watch: JobWatch) -> None:
        """Remove what this attempt wrote, and what nobody else will if the job was cancelled or deleted meanwhile."""
        job, expired = watch.job, False
        try:
            stored = self.store.get(job.id)
        except Gone:
            stored, expired = None, True
        except VoiceCoreError as error:
            # Without knowing what was published, delete nothing: it goes with the job.
            _log.warning("nothing is swept after job %s: %s", job.id, error.message)
            return
        if stored is None:
            # Its deletion looked for these before they were there.
            self._delete_cached(watch)
            self._delete_all(blobkeys.job_prefix(job.id))
        elif not _published_by(job, stored):
            self._delete_all(blobkeys.attempt_prefix(job.id, job.attempt))
        if job.makes_voice and stored is not None and stored.status is JobStatus.CANCELLED:
            self._withdraw(job, self.enrol.withdraw)
        elif job.makes_voice and stored is None and not expired:
            # Deleted while it ran. Had another attempt completed it before, the voice would stay.
            self._withdraw(job, self.enrol.withdraw_own)
        if stored is None or stored.status.finished:
            self._delete_all(blobkeys.upload_prefix(job.id))
            self._end_relay(job)

    def _withdraw(self, job: SynthesisJob, how: Callable[[SynthesisJob], object]) -> None:
        try:
            how(job)
        except VoiceCoreError as error:
            # PurgeExpired finds voices of cancelled enrolments.
            _log.warning("the voice of the cancelled job %s is still listed: %s", job.id, error.message)

    def _end_relay(self, job: SynthesisJob) -> None:
        if self.relay is None:
            return
        try:
            self.relay.end(job.id)
        except Exception:  # noqa: BLE001 - best effort; its followers lose patience by themselves
            _log.exception("the followers of job %s could not be told of its end", job.id)

    def _delete_cached(self, watch: JobWatch) -> None:
        try:
            remove(self.blobs, (self.blobs.stat(key) for key in sorted(watch.cached)))
        except VoiceCoreError as error:
            _log.warning("cached segments of job %s stay until they are evicted: %s", watch.job.id, error.message)

    def _delete_all(self, prefix: str) -> None:
        try:
            remove_all(self.blobs, prefix)
        except VoiceCoreError as error:
            # What stays is found again by PurgeExpired, which compares blobs with jobs.
            _log.warning("could not sweep %s: %s", prefix, error.message)


def _published_by(job: SynthesisJob, stored: SynthesisJob) -> bool:
    """Whether the stored result names blobs of this very attempt: it was stored, though we were told otherwise."""
    named = () if stored.result is None else (stored.result.audio_key, stored.result.manifest_key)
    ours = blobkeys.attempt_prefix(job.id, job.attempt)
    return any(key is not None and key.startswith(ours) for key in named)
