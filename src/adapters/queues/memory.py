"""A doorbell for workers in this process."""

from __future__ import annotations

import threading

from voicecore.job import JobId


class MemoryDoorbell:
    """A condition and a count of rings that nobody has answered yet.

    The count never exceeds the waiting workers by more than one: rings beyond that could only make a
    worker look into an empty store again and again.
    """

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._rings = 0
        self._waiting = 0
        self._closed = False

    def ring(self, job_id: JobId, line: str) -> None:  # noqa: ARG002 - whoever wakes asks the store, which knows the oldest job
        with self._rung:
            self._rings = min(self._rings + 1, self._waiting + 1)
            self._rung.notify()

    def wait(self, timeout_s: float) -> bool:
        with self._rung:
            self._waiting += 1
            try:
                if not self._rung.wait_for(lambda: self._rings > 0 or self._closed, timeout=max(0.0, timeout_s)):
                    return False
                if self._closed:
                    return False
                self._rings -= 1
                return True
            finally:
                self._waiting -= 1

    def close(self) -> None:
        with self._rung:
            self._closed = True
            self._rung.notify_all()
