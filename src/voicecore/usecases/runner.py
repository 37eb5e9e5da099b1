"""The loop of one slot of a worker: wait for the bell, run a job, and again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voicecore.ports import Doorbell
from voicecore.usecases.chore import surviving

_log = logging.getLogger("voicecore.runner")


@dataclass(slots=True)
class Runner:
    """One thread that runs one job after another.

    Attributes:
        run_one: runs a job; False if there was none. `RunJob`.
        interrupt: stops the job under way, so that it is queued again.
        poll_s: how long to wait for the bell before looking anyway, since bells may get lost and leases run out.
        last_s: how long an interrupted job may take to hand itself back: the engine's two seconds, and a few calls of
            a store that is away.
    """

    name: str
    doorbell: Doorbell
    run_one: Callable[[str], bool]
    interrupt: Callable[[], None]
    poll_s: float = 1.0
    last_s: float = 10.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own. Once only."""
        self._thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def finish_up(self) -> None:
        """Take no new job. Returns at once; the doorbell's `close` ends an idle wait."""
        self._stopping.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the loop to end after `finish_up`; whether it has."""
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))
        return not self.alive

    def stop(self, grace_s: float, last_s: float | None = None) -> None:
        """Take no new job; let the present one end within `grace_s`, else hand it back, for which it has `last_s`.

        Returns when the loop has ended; or, where a disk or a network answers nobody, without that: then the thread ends
        with the process, and the job is taken over when its lease runs out.
        """
        self.finish_up()
        # So that an idle loop ends now, not when its wait is over.
        self.doorbell.close()
        give_up_at = time.monotonic() + max(0.0, grace_s) + (self.last_s if last_s is None else last_s)
        done = self.wait(grace_s)
        while not done and time.monotonic() < give_up_at:
            self.interrupt()
            done = self.wait(0.5)
        if not done:
            _log.error("%s does not end within %g s of being interrupted, and is left behind", self.name, self.last_s)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            with surviving():
                if not self.run_one(self.name):
                    self._wait()
                continue
            # Only after an error; the job it belongs to may be the next again.
            self._stopping.wait(self.poll_s)

    def _wait(self) -> None:
        until = time.monotonic() + self.poll_s
        if not self.doorbell.wait(self.poll_s):
            # A bell that cannot wait (its connection is gone, it is closed) must not make the loop spin.
            self._stopping.wait(max(0.0, until - time.monotonic()))
