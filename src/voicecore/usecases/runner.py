"""The loop of a worker: wait for the bell, run jobs; and beside it, clean up now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from voicecore.errors import VoiceCoreError
from voicecore.job import JobId
from voicecore.ports import Doorbell

_log = logging.getLogger("voicecore.runner")


#: Cleaning may take one part in so many of the time, however much there is to look at.
_REST_AFTER_TIDY = 20
#: A cleaning under way may take so long to end with the service; it may be cut anywhere.
_TIDY_GRACE_S = 5.0


@dataclass(slots=True)
class Runner:
    """One thread that runs one job after another, and one that keeps the house clean meanwhile.

    Attributes:
        run_one: runs a job; False if there was none. `RunJob`.
        interrupt: stops the job under way, so that it is queued again.
        tidy: what is done at the start and every `tidy_every_s`, busy or not, beside the jobs: `PurgeExpired`.
        poll_s: how long to wait for the bell before looking anyway, since bells may get lost and leases run out.
    """

    name: str
    doorbell: Doorbell
    run_one: Callable[[str], bool]
    interrupt: Callable[[], None]
    tidy: Callable[[], object]
    poll_s: float = 1.0
    tidy_every_s: float = 60.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _tidier: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in threads of its own. Once only."""
        self._thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
        self._tidier = threading.Thread(target=self._tidy_loop, name=f"{self.name}-tidy", daemon=True)
        self._thread.start()
        self._tidier.start()

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, grace_s: float) -> None:
        """Take no new job; let the present one end within `grace_s`, else hand it back. Returns when the loop has ended."""
        self._stopping.set()
        if self._thread is None:
            return
        # So that an idle loop ends now, not when its wait is over.
        self.doorbell.ring(JobId("stop"))
        self._thread.join(grace_s)
        while self._thread.is_alive():
            self.interrupt()
            self._thread.join(0.5)
        if self._tidier is not None:
            self._tidier.join(_TIDY_GRACE_S)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            with self._surviving():
                if not self.run_one(self.name):
                    self.doorbell.wait(self.poll_s)
                continue
            # Only after an error; the job it belongs to may be the next again.
            self._stopping.wait(self.poll_s)

    def _tidy_loop(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            with self._surviving():
                self.tidy()
            took_s = time.monotonic() - began
            self._stopping.wait(max(self.tidy_every_s, _REST_AFTER_TIDY * took_s))

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """The loops outlive every error: a dead runner would leave all jobs waiting, and the disk filling up."""
        try:
            yield
        except VoiceCoreError as error:
            _log.warning("%s: %s", error.code, error.message)
        except Exception:  # noqa: BLE001 - logged in full
            _log.exception("unexpected error in the runner")
