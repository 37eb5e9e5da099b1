"""The loop of one slot of a worker: wait for the bell, run a job, and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voicecore.ports import Doorbell
from voicecore.usecases.chore import surviving


@dataclass(slots=True)
class Runner:
    """One thread that runs one job after another.

    Attributes:
        run_one: runs a job; False if there was none. `RunJob`.
        interrupt: stops the job under way, so that it is queued again.
        poll_s: how long to wait for the bell before looking anyway, since bells may get lost and leases run out.
    """

    name: str
    doorbell: Doorbell
    run_one: Callable[[str], bool]
    interrupt: Callable[[], None]
    poll_s: float = 1.0
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

    def stop(self, grace_s: float) -> None:
        """Take no new job; let the present one end within `grace_s`, else hand it back. Returns when the loop has ended."""
        self.finish_up()
        if self._thread is None:
            return
        # So that an idle loop ends now, not when its wait is over.
        self.doorbell.close()
        self._thread.join(max(0.0, grace_s))
        while self._thread.is_alive():
            self.interrupt()
            self._thread.join(0.5)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            with surviving():
                if not self.run_one(self.name):
                    self._wait()
                continue
            # Only after an error; the job it belongs to may be the next again.
            self._stopping.wait(self.poll_s)

    def _wait(self) -> None:
        began = time.monotonic()
        if not self.doorbell.wait(self.poll_s):
            # A bell that cannot wait (its connection is gone, it is closed) must not make the loop spin.
            self._stopping.wait(max(0.0, min(self.poll_s, 0.05) - (time.monotonic() - began)))
