"""The loop of a worker: wait for the bell, run jobs, clean up now and then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from voicecore.errors import VoiceCoreError
from voicecore.ports import Doorbell

_log = logging.getLogger("voicecore.runner")


@dataclass(slots=True)
class Runner:
    """One thread that runs one job after another.

    Attributes:
        run_one: runs a job; False if there was none. `RunJob`.
        interrupt: stops the job under way, so that it is queued again.
        tidy: what is done every `tidy_every` idle looks: `PurgeExpired`.
        poll_s: how long to wait for the bell before looking anyway, since bells may get lost and leases run out.
    """

    name: str
    doorbell: Doorbell
    run_one: Callable[[str], bool]
    interrupt: Callable[[], None]
    tidy: Callable[[], object]
    poll_s: float = 1.0
    tidy_every: int = 60
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

    def stop(self, grace_s: float) -> None:
        """Take no new job; let the present one end within `grace_s`, else hand it back. Returns when the loop has ended."""
        self._stopping.set()
        if self._thread is None:
            return
        self._thread.join(grace_s)
        while self._thread.is_alive():
            self.interrupt()
            self._thread.join(0.5)

    def _loop(self) -> None:
        looks = 0
        while not self._stopping.is_set():
            try:
                if self.run_one(self.name):
                    continue
                if looks % self.tidy_every == 0:
                    self.tidy()
                looks += 1
                self.doorbell.wait(self.poll_s)
            except VoiceCoreError as error:
                _log.warning("%s: %s", error.code, error.message)
                self._stopping.wait(self.poll_s)
            except Exception:  # noqa: BLE001 - logged in full, see below
                # The loop outlives every defect: a dead runner would leave all jobs waiting.
                _log.exception("unexpected error in the runner")
                self._stopping.wait(self.poll_s)
