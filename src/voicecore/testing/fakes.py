"""Fakes that tests own: time, names, a doorbell nobody can trust, a disk that fills up."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from voicecore.job import JobId
from voicecore.ports import Doorbell

#: Where a `FakeClock` starts unless told otherwise.
START = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until a test moves it, forwards or backwards. Any thread may read it.

    `advance` is time that passes; `jump` is somebody who sets the time of day.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._passed_s = 0.0

    def now(self) -> datetime:
        """The time that the test set."""
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Let `step` pass; the new time. A negative step only sets the time of day, as `jump` does."""
        self._now += step
        self._passed_s += max(0.0, step.total_seconds())
        return self._now

    def jump(self, step: timedelta) -> datetime:
        """Set the time of day by `step` forwards or backwards, while no time passes; the new time."""
        self._now += step
        return self._now

    def monotonic(self) -> float:
        """Seconds that passed."""
        return self._passed_s


class SequentialIds:
    """Names that count up, so that a test can foretell them: `job_00000000000000000001`."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        """`prefix_` and the next number, as 20 digits."""
        with self._lock:
            self._last += 1
            return f"{prefix}_{self._last:020d}"


class DroppingDoorbell:
    """A doorbell that loses half of the rings and doubles half of the rest; the same ones for the same seed."""

    def __init__(self, inner: Doorbell, seed: int = 0) -> None:
        self._inner = inner
        self._chance = random.Random(seed)  # noqa: S311 - a repeatable coin, not a secret
        self._lock = threading.Lock()
        self.dropped = 0
        self.doubled = 0

    def ring(self, job_id: JobId, line: str) -> None:
        """Pass the ring on, or twice, or not."""
        with self._lock:
            drop, double = self._chance.random() < 0.5, self._chance.random() < 0.5
            self.dropped += drop
            self.doubled += double and not drop
        for _ in range(0 if drop else 1 + double):
            self._inner.ring(job_id, line)

    def wait(self, timeout_s: float) -> bool:
        """As the true doorbell."""
        return self._inner.wait(timeout_s)

    def close(self) -> None:
        """As the true doorbell."""
        self._inner.close()


class FullDisk:
    """A stand-in for `os.write` on a disk with room for `room` more bytes.

    It writes what still fits, as the kernel does, and then raises `OSError(ENOSPC)`. `free` makes room again.
    """

    def __init__(
        self, room: int, *, error: int = errno.ENOSPC, write: Callable[[int, memoryview], int] = os.write
    ) -> None:
        self.room = room
        self._error = error
        self._write = write

    def free(self, room: int) -> None:
        """Make room for so many more bytes."""
        self.room += room

    def __call__(self, descriptor: int, data: memoryview) -> int:
        """As `os.write`."""
        if data and self.room <= 0:
            raise OSError(self._error, os.strerror(self._error))
        written = self._write(descriptor, data[: self.room])
        self.room -= written
        return written
