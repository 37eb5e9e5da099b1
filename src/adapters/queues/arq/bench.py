"""Where idle slots wait until one of them is called."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class Bench:
    """Slots that wait, the longest waiting first. Any thread may use it.

    A call goes to exactly one slot that waits at that moment, or to none, and the caller learns which: a slot whose time
    runs out while it is being called was called. Nothing is remembered for slots that come later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: deque[threading.Event] = deque()
        self._called: set[threading.Event] = set()
        self._closed = threading.Event()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._seats)

    def wait(self, timeout_s: float, seated: Callable[[], None] = lambda: None) -> bool:
        """Wait to be called; whether it was. `seated` runs in this thread once a call could come."""
        end = time.monotonic() + timeout_s
        seat = threading.Event()
        with self._lock:
            if self._closed.is_set():
                return False
            self._seats.append(seat)
        seated()
        seat.wait(max(0.0, end - time.monotonic()))
        with self._lock:
            if seat in self._seats:
                self._seats.remove(seat)
            called = seat in self._called
            self._called.discard(seat)
        return called

    def call(self) -> bool:
        """Call the slot that waits longest; False if none does."""
        with self._lock:
            if not self._seats:
                return False
            seat = self._seats.popleft()
            self._called.add(seat)
            seat.set()
            return True

    def sleep(self, timeout_s: float) -> None:
        """Until `close`, or for `timeout_s`; without a seat, so that no call is taken from others."""
        self._closed.wait(max(0.0, timeout_s))

    def close(self) -> None:
        """End every wait, uncalled, now and from now on."""
        with self._lock:
            self._closed.set()
            for seat in self._seats:
                seat.set()
            self._seats.clear()
