"""Take one job from the store and see it to an end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TypeVar

from voicecore.errors import (
    DeadlineExceeded,
    DiskFull,
    EngineFailed,
    LeaseLost,
    ModelCorrupt,
    NotInstalled,
    Poisoned,
    StorageUnavailable,
    VoiceCoreError,
)  # fmt: skip
from voicecore.job import JobError, JobResult, SynthesisJob
from voicecore.limits import Limits
from voicecore.log_lines import told
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import BlobStore, Clock, EngineHost, JobStore
from voicecore.request import Mode
from voicecore.usecases.converters import CONVERSION_MISSING
from voicecore.usecases.end_job import EndJob
from voicecore.usecases.job_watch import JobWatch, StopReason
from voicecore.usecases.run_conversion import RunConversion
from voicecore.usecases.run_enrolment import RunEnrolment
from voicecore.usecases.run_synthesis import RunSynthesis

_log = logging.getLogger("voicecore.jobs")

T = TypeVar("T")

#: An engine that could not be opened here is tried again after so long: somebody may have mended it.
REOPEN_AFTER_S = 600.0


@dataclass(slots=True)
class RunJob:
    """Claims, works, finishes. Whatever happens, the job ends, or is queued again, or its lease runs out: never stuck.

    Attributes:
        engines: names of what is served, the converter among them; None for all. A worker with such a set is one of several:
            a job of which an engine or the converter cannot be opened here goes back to the queue for the others, and the
            name leaves the set for a while. Slots may share one. Without it this process is the only one, and the job
            fails with the reason.
        convert: what jobs that only convert need; None where nothing does.
        said: what of a sentence is for clients. Why a job failed or was not converted is stored with it, and told by whoever
            is asked; only here it is known what this machine's folders are.
        pauses_s: seconds between one try and the next, within an attempt, while blobs cannot be stored or read.
    """

    store: JobStore
    blobs: BlobStore
    clock: Clock
    host: EngineHost
    synthesise: RunSynthesis
    enrol: RunEnrolment
    limits: Limits
    engines: set[str] | None = None
    look_every_s: float = 0.4
    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
    convert: RunConversion | None = None
    observer: Observer = UNWATCHED
    said: Callable[[str], str] = str
    end_job: EndJob = field(init=False)
    _closed: dict[str, float] = field(default_factory=dict)
    _running: JobWatch | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.end_job = EndJob(
            self.store,
            self.blobs,
            self.clock,
            self.enrol,
            self.synthesise.cache,
            self.synthesise.relay,
            observer=self.observer,
        )

    def __call__(self, worker: str) -> bool:
        """Run one job to its end; False if there was none. Raises `StorageUnavailable` from the claim."""
        limits, engines = self.limits, self._engines_now()
        if engines is not None and not engines:
            return False
        asked_at = self.clock.monotonic()
        job = self.store.claim(worker, limits.lease, max_tries=limits.max_tries, keep=limits.keep_jobs, engines=engines)
        if job is None:
            return False
        with self.observer.attempt(job):
            self._run(job, asked_at)
        return True

    def _run(self, job: SynthesisJob, asked_at: float) -> None:
        limits = self.limits
        _log.info("job %s attempt %d started (%s)", job.id, job.attempt, job.mode.value)
        watch = JobWatch(
            self.store, self.clock, job, limits.lease, limits.job_timeout, self.host.interrupt,
            look_every_s=self.look_every_s, claimed_at=asked_at,
        )  # fmt: skip
        with self._lock:
            self._running = watch
        try:
            with watch:
                self.end_job(watch, self._attempt(watch))
        finally:
            with self._lock:
                self._running = None
            self.host.rest()

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
        """From another thread: stop the running attempt and queue its job again. May be called again and again."""
        with self._lock:
            if self._running is not None:
                self._running.shut_down()

    def _engines_now(self) -> frozenset[str] | None:
        if self.engines is None:
            return None
        for name in [name for name, until in self._closed.items() if self.clock.monotonic() >= until]:
            del self._closed[name]
            self.engines.add(name)
        return frozenset(self.engines)

    def _attempt(self, watch: JobWatch) -> SynthesisJob | None:
        """The job as it shall be stored, or None if the attempt lost it."""
        try:
            return self._patiently(watch)
        except VoiceCoreError as error:
            return self._ended_badly(watch, error)
        except Exception as error:  # noqa: BLE001 - logged in full by `_defect`
            if watch.reason is not None:
                # Called off: whatever an engine says while it is stopped by force is no news.
                return self._ended_badly(watch, LeaseLost())
            return self._defect(watch, error)

    def _patiently(self, watch: JobWatch) -> SynthesisJob:
        """Work, and again after each pause while blobs cannot be stored or read. What is in the cache by then is found
        there, and nothing of this attempt is visible to anybody yet.
        """
        for pause_s in self.pauses_s:
            try:
                return self._worked(watch)
            except DiskFull:
                raise
            except StorageUnavailable as error:
                if watch.reason is not None:
                    raise
                job = watch.job
                _log.warning("job %s attempt %d begins again in %g s: %s", job.id, job.attempt, pause_s, error.message)
            watch.pause(pause_s)
        return self._worked(watch)

    def _worked(self, watch: JobWatch) -> SynthesisJob:
        result = self._converted(watch) if watch.job.mode is Mode.CONVERT else self._spoken(watch)
        if result is None:
            return watch.job.handed_back(bad=False)
        if result.conversion_fallback:
            result = replace(result, conversion_fallback=self.said(result.conversion_fallback))
        return watch.job.completed(result, watch.store_now(), self.limits.keep_jobs)

    def _spoken(self, watch: JobWatch) -> JobResult | None:
        engine = self._open(watch, watch.job.engine, self.host.engine)
        if engine is None or not self._converter_opens(watch):
            return None
        if watch.job.makes_voice:
            return self.enrol(watch, engine)
        return self.synthesise(watch, engine, self.host)

    def _converted(self, watch: JobWatch) -> JobResult | None:
        if self.convert is None:
            raise NotInstalled(CONVERSION_MISSING)
        converter = self._open(watch, watch.job.engine, self.host.converter)
        return None if converter is None else self.convert(watch, converter)

    def _converter_opens(self, watch: JobWatch) -> bool:
        """False if the speech is to be converted, and only other workers may be able to.

        A job that was handed on as often as it may be tried is kept: it ends now, with the plain voice or the reason.
        """
        job = watch.job
        if job.converter is None or self.engines is None or job.attempt >= self.limits.max_tries:
            return True
        try:
            return self._open(watch, job.converter, self.host.converter) is not None
        except VoiceCoreError:
            # The conversion itself will meet it, and knows whether the plain voice may be kept.
            return True

    def _open(self, watch: JobWatch, name: str, opening: Callable[[str], T]) -> T | None:
        """What the job needs of the host; None if only other workers may have it."""
        try:
            return opening(name)
        except (NotInstalled, ModelCorrupt) as error:
            if self.engines is None or watch.reason is not None:
                raise
            self.engines.discard(name)
            self._closed[name] = self.clock.monotonic() + REOPEN_AFTER_S
            _log.error(
                "%s cannot be opened here, so its jobs are left to other workers for %g s: %s",
                name, REOPEN_AFTER_S, error.message,
            )  # fmt: skip
            return None

    def _ended_badly(self, watch: JobWatch, error: VoiceCoreError) -> SynthesisJob | None:
        job, now, keep = watch.job, watch.store_now(), self.limits.keep_jobs
        if watch.reason is StopReason.DEADLINE:
            limit_s = self.limits.job_timeout.total_seconds()
            late = DeadlineExceeded(
                f"The job took longer than its limit of {limit_s:g} s and was stopped; shorten the text."
            )
            return job.failed(JobError.of(late), now, keep)
        if watch.reason is StopReason.SHUTDOWN:
            return job.handed_back(bad=False)
        if watch.reason is StopReason.LOST or isinstance(error, LeaseLost):
            return None
        _log.warning("job %s attempt %d: %s", job.id, job.attempt, told(error))
        again = (
            isinstance(error, EngineFailed | StorageUnavailable) and not isinstance(error, DiskFull) and error.retryable
        )
        if again and job.tries + 1 < self.limits.max_tries:
            self.observer.ended_badly(error)
            return job.handed_back(bad=True)
        failure = _told(error, job.tries + 1)
        return job.failed(replace(failure, message=self.said(failure.message)), now, keep)

    def _defect(self, watch: JobWatch, error: Exception) -> SynthesisJob:
        # Of ours or of a library. The job must end; the details belong in the log, not to the client.
        job = watch.job
        _log.error("job %s attempt %d failed unexpectedly", job.id, job.attempt, exc_info=error)
        failure = JobError("internal_error", "The job failed by a defect of the service; its log tells more.")
        return job.failed(failure, watch.store_now(), self.limits.keep_jobs)


def _told(error: VoiceCoreError, attempts: int) -> JobError:
    """What the client gets to know of the last attempt. Where things are stored is none of it."""
    if isinstance(error, DiskFull):
        return JobError.of(DiskFull())
    if isinstance(error, StorageUnavailable):
        return JobError.of(
            StorageUnavailable(f"Given up after {attempts} attempts: the storage could not be used; try again later.")
        )
    if isinstance(error, EngineFailed) and error.retryable:
        return JobError.of(
            Poisoned(f"Given up after {attempts} attempts that ended badly; the last one: {error.message}")
        )
    return JobError.of(error)
