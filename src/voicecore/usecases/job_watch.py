"""Keeps a running attempt's lease, and learns when the attempt must stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self

from voicecore.errors import Gone, LeaseLost, StorageUnavailable
from voicecore.job import JobStatus, SegmentCount, SynthesisJob
from voicecore.log_lines import carried
from voicecore.ports import Clock, JobStore

_log = logging.getLogger("voicecore.jobs")

#: How long the end of an attempt waits for a call of the store that is under way; what it says then changes nothing.
_LAST_CALL_S = 1.0
#: Progress is written at once, but not more often: what a fast engine or a full cache makes meanwhile is one write.
_PACE_S = 0.05


class StopReason(StrEnum):
    """Why an attempt is stopped from outside."""

    LOST = "lost"
    DEADLINE = "deadline"
    SHUTDOWN = "shutdown"


class JobWatch:
    """Two threads beside the working one, which look every `look_every_s`.

    One renews the lease every third of it, writes progress, and asks whether the job was cancelled; the store may keep
    it waiting. The other keeps the time and never asks anybody: it calls `interrupt` when the attempt must stop.

    All times are of the even clock, so that somebody who sets the time of day neither ends nor prolongs an attempt.
    While the store cannot be reached the attempt goes on; it counts as lost when its lease would have run out.
    """

    def __init__(
        self, store: JobStore, clock: Clock, job: SynthesisJob, lease: timedelta, timeout: timedelta,
        interrupt: Callable[[], None], *, look_every_s: float = 0.4, claimed_at: float | None = None,
    ) -> None:  # fmt: skip
        """`claimed_at` is when the claim was asked for, by the even clock; now, if it is not given."""
        self._store, self._clock, self._lease = store, clock, lease
        self._interrupt, self._look_every_s = interrupt, look_every_s
        began = clock.monotonic() if claimed_at is None else claimed_at
        self._deadline = began + timeout.total_seconds()
        #: The store's time of day at the claim, and the even clock's time then.
        self._claimed = (clock.now() if job.lease_until is None else job.lease_until - lease, began)
        self._renewed_at = began
        self._job = job
        self._unwritten = False
        self._reason: StopReason | None = None
        self._finishing = False
        #: Guards the four above; never held during a call of the store.
        self._lock = threading.Lock()
        self._renewal = threading.Lock()
        self._over, self._called_off, self._asked_to_end = threading.Event(), threading.Event(), threading.Event()
        self._news = threading.Event()
        self._threads = [
            threading.Thread(target=carried(self._keep_time), name=f"watch-{job.id}", daemon=True),
            threading.Thread(target=carried(self._keep_lease), name=f"lease-{job.id}", daemon=True),
        ]
        #: Keys in the segment cache that this attempt may have written: what a deletion that came first did not see.
        self.cached: frozenset[str] = frozenset()

    @property
    def job(self) -> SynthesisJob:
        """The job with its latest progress, which may not be written yet."""
        with self._lock:
            return self._job

    def store_now(self) -> datetime:
        """The time of day of the store, by which ends and expiries are counted: this machine's may be hours off."""
        time_of_day, began = self._claimed
        return time_of_day + timedelta(seconds=self._clock.monotonic() - began)

    @property
    def took_s(self) -> float:
        """Seconds since the claim, by the even clock."""
        return self._clock.monotonic() - self._claimed[1]

    @property
    def reason(self) -> StopReason | None:
        """Why the attempt must stop, or None."""
        return self._reason

    @property
    def called_off(self) -> bool:
        """Whether the attempt must stop: whatever an engine says from then on, while it is stopped by force, is no news."""
        return self._reason is not None

    @property
    def renewing(self) -> bool:
        """Whether the lease was renewed within the last half of its length."""
        return self._clock.monotonic() < self._renewed_at + self._lease.total_seconds() / 2

    def progress(self, segments: SegmentCount, message: str) -> None:
        """Say how far the attempt is; it is written in a moment. Raises `LeaseLost` if the attempt must stop."""
        self.check()
        with self._lock:
            self._job = self._job.progressed(segments, message)
            self._unwritten = True
        self._news.set()

    def warn(self, sentences: Iterable[str]) -> None:
        """What the caller should know of the result; stored with the job's end. Said again, it is still told once."""
        with self._lock:
            new = [each for each in dict.fromkeys(sentences) if each not in self._job.warnings]
            self._job = replace(self._job, warnings=(*self._job.warnings, *new))

    def fence(self, segments: SegmentCount, message: str) -> None:
        """As `progress`, but returns when it is written: before a step that others see. Waits for a store that is away."""
        self.progress(segments, message)
        while True:
            try:
                self._renew()
            except StorageUnavailable:
                self.pause(self._look_every_s)
            else:
                return

    def check(self) -> None:
        """Raises `LeaseLost` if the attempt must stop."""
        if self._reason is not None:
            raise LeaseLost

    def pause(self, seconds: float) -> None:
        """Wait. Raises `LeaseLost` as soon as the attempt must stop."""
        self._called_off.wait(seconds)
        self.check()

    def shut_down(self) -> None:
        """Stop the attempt because the service ends. Returns at once; may be called again and again."""
        self._asked_to_end.set()
        if not self._finishing:
            self._call_off(StopReason.SHUTDOWN)

    def finish(self) -> None:
        """The work is over, and its end is to be stored: neither the time limit nor a doubtful lease matters any more.

        Whether the lease held is for the store to say.
        """
        with self._lock:
            self._finishing = True
        self._asked_to_end.clear()

    def told_to_end(self, seconds: float) -> bool:
        """Wait so long; True as soon as the service was asked to end since `finish`."""
        return self._asked_to_end.wait(seconds)

    # --- the lease ------------------------------------------------------------------------------------
    def _renew(self) -> None:
        with self._renewal:
            with self._lock:
                job, self._unwritten = self._job, False
            began = self._clock.monotonic()
            try:
                stored = self._store.renew(job, self._lease)
            except LeaseLost:
                self._call_off(StopReason.LOST)
                raise
            except BaseException:
                with self._lock:
                    self._unwritten = True
                raise
            with self._lock:
                # Progress that was made meanwhile stays.
                self._job = replace(self._job, lease_until=stored.lease_until)
                # Of the asking, not of the answer: the store's time of lease began somewhere between the two.
                self._renewed_at = began

    def _keep_lease(self) -> None:
        while not self._over.wait(min(_PACE_S, self._look_every_s)):
            self._news.wait(self._look_every_s)
            self._news.clear()
            if self._reason is StopReason.LOST or self._over.is_set():
                continue
            try:
                self._look()
            except (LeaseLost, Gone):
                self._call_off(StopReason.LOST)
            except StorageUnavailable as error:
                _log.debug("the lease of job %s waits for the store: %s", self._job.id, error.message)
            except Exception:  # noqa: BLE001 - whatever it is, the store may still be well enough for the next look
                _log.exception("the watch of job %s could not look", self._job.id)

    def _look(self) -> None:
        due = self._clock.monotonic() - self._renewed_at >= self._lease.total_seconds() / 3
        if due or (self._unwritten and not self._finishing):
            self._renew()
        elif not self._finishing:
            stored = self._store.get(self._job.id)
            if stored is None or stored.status is not JobStatus.PROCESSING or stored.attempt != self._job.attempt:
                raise LeaseLost

    # --- the time -------------------------------------------------------------------------------------
    def _keep_time(self) -> None:
        while not self._over.is_set():
            self._called_off.wait(self._look_every_s)
            if self._finishing:
                self._over.wait(self._look_every_s)
                continue
            now = self._clock.monotonic()
            if now >= self._deadline:
                self._call_off(StopReason.DEADLINE)
            elif now >= self._renewed_at + self._lease.total_seconds():
                self._call_off(StopReason.LOST)
            if self._reason is not None and not self._over.is_set():
                self._stop_the_engine()
                # Again at every look: the working thread may have been between two calls of the engine.
                self._over.wait(self._look_every_s)

    def _stop_the_engine(self) -> None:
        try:
            self._interrupt()
        except Exception:  # noqa: BLE001 - without this thread nobody keeps the time limit
            _log.exception("job %s could not be interrupted", self._job.id)

    def _call_off(self, reason: StopReason) -> None:
        with self._lock:
            if self._finishing:
                return
            self._reason = self._reason or reason
        self._called_off.set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._called_off.set()
        self._news.set()
        timekeeper, leaseholder = self._threads
        # It may be about to interrupt, which must not hit the next job.
        timekeeper.join()
        leaseholder.join(_LAST_CALL_S)
