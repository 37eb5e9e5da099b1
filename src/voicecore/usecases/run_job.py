"""Take one job from the store and see it to an end."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Lock

from voicecore import blobkeys
from voicecore.errors import DeadlineExceeded, EngineFailed, Gone, LeaseLost, Poisoned, VoiceCoreError
from voicecore.job import JobError, JobResult, JobStatus, SynthesisJob
from voicecore.limits import Limits
from voicecore.ports import BlobStore, Clock, EngineHost, JobStore
from voicecore.request import EnrolmentRequest, Mode
from voicecore.usecases.job_watch import JobWatch, StopReason
from voicecore.usecases.removal import remove_all
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.run_synthesis import RunSynthesis

_log = logging.getLogger("voicecore.jobs")


@dataclass(slots=True)
class RunJob:
    """Claims, works, finishes. Whatever happens, the job ends, or is queued again, or its lease runs out: never stuck.

    Attributes:
        engines: names of those whose jobs are taken; None for all.
    """

    store: JobStore
    blobs: BlobStore
    clock: Clock
    host: EngineHost
    synthesise: RunSynthesis
    enrol: RunEnrolment
    limits: Limits
    engines: frozenset[str] | None = None
    look_every_s: float = 0.4
    _running: JobWatch | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, worker: str) -> bool:
        """Run one job to its end; False if there was none. Raises `StorageUnavailable` from the claim."""
        limits = self.limits
        job = self.store.claim(
            worker, limits.lease, max_tries=limits.max_tries, keep=limits.keep_jobs, engines=self.engines
        )
        if job is None:
            return False
        _log.info("job %s attempt %d started (%s)", job.id, job.attempt, job.mode.value)
        watch = JobWatch(
            self.store, self.clock, job, limits.lease, limits.job_timeout, self.host.interrupt,
            look_every_s=self.look_every_s,
        )  # fmt: skip
        with self._lock:
            self._running = watch
        try:
            with watch:
                ended = self._attempt(watch)
            self._finish(ended)
        finally:
            with self._lock:
                self._running = None
        return True

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._running is not None

    @property
    def renewing(self) -> bool:
        """Whether nothing runs, or the lease of what runs is renewed in time. False while the store cannot be reached."""
        watch = self._running
        return watch is None or watch.renewing

    def shut_down(self) -> None:
        """From another thread: stop the running attempt and queue its job again."""
        with self._lock:
            if self._running is not None:
                self._running.shut_down()

    def _attempt(self, watch: JobWatch) -> SynthesisJob | None:
        """The job as it shall be stored, or None if the attempt lost it."""
        try:
            result = self._work(watch)
        except VoiceCoreError as error:
            return self._ended_badly(watch, error)
        except Exception:  # noqa: BLE001 - logged in full, see below
            # A defect of ours or of a library. The job must end; the details belong in the log, not to the client.
            _log.exception("job %s attempt %d failed unexpectedly", watch.job.id, watch.job.attempt)
            failure = JobError("internal_error", "The job failed by a defect of the service; its log tells more.")
            return watch.job.failed(failure, self.clock.now(), self.limits.keep_jobs)
        return watch.job.completed(result, self.clock.now(), self.limits.keep_jobs)

    def _work(self, watch: JobWatch) -> JobResult:
        engine = self.host.engine(watch.job.engine)
        if isinstance(watch.job.request, EnrolmentRequest):
            return self.enrol(watch, engine)
        return self.synthesise(watch, engine)

    def _ended_badly(self, watch: JobWatch, error: VoiceCoreError) -> SynthesisJob | None:
        job, now, keep = watch.job, self.clock.now(), self.limits.keep_jobs
        if watch.reason is StopReason.DEADLINE:
            limit_s = self.limits.job_timeout.total_seconds()
            late = DeadlineExceeded(
                f"The job took longer than its limit of {limit_s:g} s and was stopped; shorten the text."
            )
            return job.failed(JobError.of(late), now, keep)
        if watch.reason is StopReason.SHUTDOWN:
            return job.handed_back(bad=False)
        if watch.reason is StopReason.LOST or isinstance(error, LeaseLost):
            self._sweep_lost(job)
            return None
        _log.warning("job %s attempt %d: %s: %s", job.id, job.attempt, error.code, error.message)
        if isinstance(error, EngineFailed) and error.retryable:
            if job.tries + 1 < self.limits.max_tries:
                return job.handed_back(bad=True)
            poisoned = Poisoned(
                f"Given up after {job.tries + 1} attempts that ended badly; the last one: {error.message}"
            )
            return job.failed(JobError.of(poisoned), now, keep)
        return job.failed(JobError.of(error), now, keep)

    def _finish(self, ended: SynthesisJob | None) -> None:
        if ended is None:
            return
        if ended.result is None:
            self._sweep(ended)
        try:
            self.store.finish(ended)
        except LeaseLost:
            _log.info("job %s attempt %d lost its lease at the end; nothing is published", ended.id, ended.attempt)
            self._sweep_lost(ended)
            return
        if ended.status.finished and isinstance(ended.request, EnrolmentRequest):
            self._delete_all(blobkeys.upload_prefix(ended.id))
        _log.info("job %s attempt %d: %s", ended.id, ended.attempt, ended.status.value)

    def _sweep(self, job: SynthesisJob) -> None:
        """Remove what this attempt wrote and nobody will read."""
        self._delete_all(blobkeys.attempt_prefix(job.id, job.attempt))

    def _sweep_lost(self, job: SynthesisJob) -> None:
        """As `_sweep`, and what nobody else will remove if the job was cancelled or deleted while this attempt ran."""
        self._sweep(job)
        try:
            stored = self.store.get(job.id)
            if stored is not None and stored.status is JobStatus.CANCELLED and job.mode is Mode.CLONE:
                self.enrol.withdraw(job)
        except Gone:
            stored = None
        except VoiceCoreError as error:
            _log.warning("could not sweep after job %s: %s", job.id, error.message)
            return
        if stored is None:
            self._delete_all(blobkeys.job_prefix(job.id))
        if stored is None or stored.status.finished:
            self._delete_all(blobkeys.upload_prefix(job.id))

    def _delete_all(self, prefix: str) -> None:
        try:
            remove_all(self.blobs, prefix)
        except VoiceCoreError as error:
            # What stays is found again by PurgeExpired, which compares blobs with jobs.
            _log.warning("could not sweep %s: %s", prefix, error.message)
