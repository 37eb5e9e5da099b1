"""Something to do again and again, beside the jobs: cleaning, telling of ends, saying that we are there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from voicecore.errors import VoiceCoreError
from voicecore.log_lines import told

_log = logging.getLogger("voicecore.runner")

#: A chore may take one part in so many of the time, however much there is to look at.
_REST_AFTER = 20
#: A chore under way may take so long to end with the service; it may be cut anywhere.
_GRACE_S = 5.0


@contextmanager
def surviving() -> Iterator[None]:
    """Loops outlive every error: a dead one would leave jobs waiting, or the disk filling up."""
    try:
        yield
    except VoiceCoreError as error:
        _log.warning("%s", told(error))
    except Exception:  # noqa: BLE001 - logged in full
        _log.exception("unexpected error in a loop of the service")


@dataclass(slots=True)
class Chore:
    """A thread that calls `do` at its start and every `every_s` after it ended, errors or not.

    Attributes:
        restful: whether a long `do` is followed by a rest of twenty times its length, so that it never fills the day.
    """

    name: str
    do: Callable[[], object]
    every_s: float
    restful: bool = True
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own. Once only."""
        self._thread = threading.Thread(target=self._loop, name=self.name, daemon=True)
        self._thread.start()

    def finish_up(self) -> None:
        """Begin nothing more. Returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """End; what is under way gets a few seconds."""
        self.finish_up()
        if self._thread is not None:
            self._thread.join(_GRACE_S)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            with surviving():
                self.do()
            took_s = time.monotonic() - began
            self._stopping.wait(max(self.every_s, _REST_AFTER * took_s if self.restful else 0.0))
