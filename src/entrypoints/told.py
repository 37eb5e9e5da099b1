"""How a process without a server of its own is told to end: by SIGTERM or SIGINT, and by a second one to hurry."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_log = logging.getLogger("voicecore.worker")


class Told:
    """The signals that came."""

    def __init__(self) -> None:
        self._once, self._again = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Return when a signal came."""
        self._once.wait()

    def if_again(self, hurry: Callable[[], object]) -> None:
        """Have this called, in a thread, if another one comes."""

        def call() -> None:
            self._again.wait()
            _log.info("told again: handing the running jobs back")
            hurry()

        threading.Thread(target=call, name="hand-back", daemon=True).start()

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """The handler. Only flags: one that takes a lock may wait for the very code it interrupted."""
        (self._again if self._once.is_set() else self._once).set()
        if number == signal.SIGINT and self._again.is_set():
            signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def told_to_end() -> Iterator[Told]:
    """Catch the signals in this context, which must be the main thread's."""
    told = Told()
    before = {number: signal.signal(number, told.hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
