"""Tell the receivers of webhooks that their jobs have ended."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from voicecore.errors import Gone, NotDelivered
from voicecore.job import JobId, SynthesisJob
from voicecore.log_lines import belonging_to
from voicecore.ports import Clock, JobStore, Messenger, Notice
from voicecore.usecases.chore import surviving
from voicecore.usecases.receivers import Receivers, Try
from voicecore.webhook import WebhookSigner, message_id, payload

_log = logging.getLogger("voicecore.webhooks")

#: Pauses after the first, second, … failed try; after the last of them one more try is made.
BACKOFF = (
    timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1),
    timedelta(hours=6),
)  # fmt: skip
#: A pause is longer by up to this part of it, so that a receiver that comes back is not met by all at once.
JITTER = 0.2
#: How long a notice is ours. A process that dies with it in hand delays it by so much. A try takes 15 s at the most.
HOLD = timedelta(seconds=60)
#: What waits longer than this is left to whoever gets it next: its hold must not end before its try does.
_KEEP_S = 30.0
#: Notices in hand, and notices asked for at once.
_ROOM, _BATCH = 256, 64
#: Batches asked for in one call, so that a long line of notices for a slow receiver does not keep the call for ever.
_BATCHES = 16
_NO_LONGER_WANTED = 410


def _random_jitter() -> float:
    return random.SystemRandom().uniform(0.0, JITTER)


@dataclass(slots=True)
class DeliverNotices:
    """Takes the notices that are due and delivers them in threads of its own; a chore that calls it again and again.

    A notice is settled after its try. A process that dies between the two leaves it to be delivered again: at least
    once, never silently not at all. Receivers know a repetition by its `webhook-id`.

    Attributes:
        tries_at_once: threads; they end when there is nothing to do.
        jitter: the part of a pause by which it is prolonged, ≥ 0.
    """

    store: JobStore
    messenger: Messenger
    clock: Clock
    signer: WebhookSigner
    tries_at_once: int = 16
    jitter: Callable[[], float] = _random_jitter
    _receivers: Receivers = field(init=False)
    _threads: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)

    def __post_init__(self) -> None:
        self._receivers = Receivers(self.clock, room=_ROOM, keep_s=_KEEP_S)

    def __call__(self) -> int:
        """Take in hand what is due, and return how many that are. It does not wait for any of them to be delivered."""
        taken = 0
        for _ in range(_BATCHES):
            limit = min(_BATCH, self._receivers.room())
            if self._closed or not limit:
                break
            due = self.store.due_notices(limit, HOLD)
            taken += sum([self._receivers.take(notice) for notice in due])
            self._start_threads()
            if len(due) < limit:
                break
        return taken

    def rest(self, timeout_s: float) -> bool:
        """Wait until nothing is in hand; whether that came within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._receivers.in_hand(), timeout_s)

    def close(self, grace_s: float = 0.0) -> None:
        """Begin no more tries. Those under way get `grace_s`; what is not settled then is delivered again. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._threads, grace_s)

    # --- threads ----------------------------------------------------------------------------------
    def _start_threads(self) -> None:
        wanted = self._receivers.startable()
        with self._changed:
            new = 0 if self._closed else min(wanted, self.tries_at_once - self._threads)
            self._threads += max(0, new)
        for _ in range(new):
            # They may be cut anywhere, and must not keep a process that ends.
            threading.Thread(target=self._work, name="voicecore-webhook", daemon=True).start()

    def _work(self) -> None:
        while (current := self._begin()) is not None:
            answered = True
            with belonging_to(job_id=current.notice.job.id), surviving():
                answered = self._deliver(current.notice)
            with self._changed:
                self._receivers.end(current, answered=answered)
                self._changed.notify_all()

    def _begin(self) -> Try | None:
        with self._changed:
            current = None if self._closed else self._receivers.begin()
            if current is None:
                self._threads -= 1
                self._changed.notify_all()
            return current

    # --- one notice -------------------------------------------------------------------------------
    def _deliver(self, notice: Notice) -> bool:
        """Try once and settle; whether the receiver answered, with whatever."""
        job = notice.job
        url = job.handling.webhook_url
        if url is None or self._deleted(job.id):
            self.store.settle_notice(job.id, None)
            return True
        body = payload(job)
        headers = {"content-type": "application/json", **self.signer.headers(message_id(job), self.clock.now(), body)}
        began = time.monotonic()
        try:
            status = self.messenger.post(url, body, headers)
        except NotDelivered as error:
            self._failed(notice, error.message)
            return False
        if 200 <= status < 300:
            self.store.settle_notice(job.id, None)
            _log.info("webhook of %s: delivered in %.2f s", job.id, time.monotonic() - began)
        elif status == _NO_LONGER_WANTED:
            self.store.settle_notice(job.id, None)
            _log.warning("webhook of %s: given up, the receiver answered 410 (wants no more)", job.id)
        else:
            self._failed(notice, f"The receiver answered {status}.")
        return True

    def _failed(self, notice: Notice, why: str) -> None:
        job: SynthesisJob = notice.job
        if notice.tries >= len(BACKOFF):
            self.store.settle_notice(job.id, None)
            _log.error("webhook of %s: given up after %d tries: %s", job.id, notice.tries + 1, why)
            return
        pause = BACKOFF[notice.tries] * (1.0 + self.jitter())
        self.store.settle_notice(job.id, pause)
        _log.warning("webhook of %s: try %d failed: %s Next in %.0f s.", job.id, notice.tries + 1, why,
                     pause.total_seconds())  # fmt: skip

    def _deleted(self, job_id: JobId) -> bool:
        try:
            return self.store.get(job_id) is None
        except Gone:
            return True
