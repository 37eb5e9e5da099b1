"""Keeps a running attempt's lease, and learns when the attempt must stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self

from voicecore.errors import Gone, LeaseLost, StorageUnavailable
from voicecore.job import JobStatus, SegmentCount, SynthesisJob
from voicecore.ports import Clock, JobStore

_log = logging.getLogger("voicecore.jobs")


class StopReason(StrEnum):
    """Why an attempt is stopped from outside."""

    LOST = "lost"
    DEADLINE = "deadline"
    SHUTDOWN = "shutdown"


class JobWatch:
    """A thread beside the working one. It looks every `look_every_s` whether the job was cancelled, renews the lease
    every third of it, and calls `interrupt` once when the attempt must stop.

    The lease is renewed from the parent of the process that computes, so a busy model cannot starve it.
    """

    def __init__(
        self, store: JobStore, clock: Clock, job: SynthesisJob, lease: timedelta, timeout: timedelta,
        interrupt: Callable[[], None], *, look_every_s: float = 0.4,
    ) -> None:  # fmt: skip
        self._store, self._clock, self._lease = store, clock, lease
        self._interrupt, self._look_every_s = interrupt, look_every_s
        now = clock.now()
        self._deadline = now + timeout
        self._renewed_at: datetime = now
        self._job = job
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._reason: StopReason | None = None
        self._thread = threading.Thread(target=self._look_until_stopped, name=f"watch-{job.id}", daemon=True)

    @property
    def job(self) -> SynthesisJob:
        """The job as last written."""
        with self._lock:
            return self._job

    @property
    def reason(self) -> StopReason | None:
        """Why the attempt must stop, or None."""
        return self._reason

    @property
    def renewing(self) -> bool:
        """Whether the lease was renewed within the last half of its length."""
        return self._clock.now() < self._renewed_at + self._lease / 2

    def progress(self, segments: SegmentCount, message: str) -> None:
        """Write progress, which renews the lease too. Raises `LeaseLost` if the attempt is not ours any more."""
        self.check()
        self._renew(lambda job: job.progressed(segments, message))

    def check(self) -> None:
        """Raises `LeaseLost` if the attempt must stop."""
        if self._reason is not None:
            raise LeaseLost

    def shut_down(self) -> None:
        """Stop the attempt because the service ends."""
        self._stop_for(StopReason.SHUTDOWN)

    def _renew(self, change: Callable[[SynthesisJob], SynthesisJob] = lambda job: job) -> None:
        with self._lock:
            try:
                self._job = self._store.renew(change(self._job), self._lease)
                self._renewed_at = self._clock.now()
            except LeaseLost:
                self._reason = self._reason or StopReason.LOST
                raise

    def _look_until_stopped(self) -> None:
        while not self._stop.wait(self._look_every_s):
            if self._reason is not None:
                # Again at every look: the working thread may have been between two calls of the engine.
                self._interrupt()
                continue
            try:
                self._look()
            except (LeaseLost, Gone):
                self._stop_for(StopReason.LOST)
            except Exception as error:  # noqa: BLE001 - whatever it is, without this thread nobody keeps the time limit
                if not isinstance(error, StorageUnavailable):
                    _log.exception("the watch of job %s could not look", self._job.id)
                # The store may be back before the lease runs out; if not, another worker may have the job.
                if self._clock.now() >= self._renewed_at + self._lease:
                    self._stop_for(StopReason.LOST)

    def _look(self) -> None:
        now = self._clock.now()
        if now >= self._deadline:
            self._stop_for(StopReason.DEADLINE)
        elif now - self._renewed_at >= self._lease / 3:
            self._renew()
        else:
            stored = self._store.get(self._job.id)
            if stored is None or stored.status is not JobStatus.PROCESSING or stored.attempt != self._job.attempt:
                raise LeaseLost

    def _stop_for(self, reason: StopReason) -> None:
        self._reason = self._reason or reason
        self._interrupt()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
