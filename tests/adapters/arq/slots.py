"""Slots of a worker, as the runner has them: they wait again and again, and sometimes they are busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self

from voicecore.ports import Doorbell

#: Long enough for whatever is right to happen; only failing tests wait for it.
PATIENCE_S = 60.0


def until(done: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait until it is so; whether it became so."""
    end = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Slots:
    """`count` threads that wait at the doorbell and count how often they were woken. Leave the `with` to end them."""

    def __init__(self, doorbell: Doorbell, count: int = 1, poll_s: float = 1.0) -> None:
        self._doorbell = doorbell
        self._poll_s = poll_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.woken = 0
        self.waits = 0
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def _run(self) -> None:
        while not self._stop.is_set():
            woken = self._doorbell.wait(self._poll_s)
            with self._lock:
                self.waits += 1
                self.woken += woken

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
