"""Counts of what callers take, in this process."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import timedelta

from adapters.stores.windows import checked, window_now
from voicecore.ports import Clock, Count, Window

#: Counters that are kept at once; beyond, those of windows that are over go.
_MANY = 10_000


class MemoryQuota:
    """Two dicts behind one lock. Windows go by the time of day, places by time that passes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        #: Counter and length of the window → number of the window, and what is used of it.
        self._used: dict[tuple[str, int], tuple[int, int]] = {}
        self._places: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def take(self, counter: str, amount: int, window: Window) -> Count:
        checked(amount)
        with self._lock:
            number, resets_in_s = window_now(self._clock.now(), window)
            used = self._in(counter, window, number)
            taken = used + amount <= window.limit
            if taken:
                used += amount
                self._used[counter, window.length_s] = (number, used)
            self._prune()
            return Count(taken, used, resets_in_s)

    def give_back(self, counter: str, amount: int, window: Window) -> None:
        checked(amount)
        with self._lock:
            number, _ = window_now(self._clock.now(), window)
            used = self._in(counter, window, number)
            self._used[counter, window.length_s] = (number, max(0, used - amount))

    def hold(self, counter: str, holder: str, limit: int, lasts: timedelta) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            places = {each: until for each, until in self._places[counter].items() if until > now}
            free = holder in places or len(places) < limit
            if free:
                places[holder] = now + lasts.total_seconds()
            self._places[counter] = places
            return free

    def let_go(self, counter: str, holder: str) -> None:
        with self._lock:
            self._places[counter].pop(holder, None)
            if not self._places[counter]:
                del self._places[counter]

    def close(self) -> None:
        """Nothing to give back: the counts go with the object."""

    def _in(self, counter: str, window: Window, number: int) -> int:
        stored, used = self._used.get((counter, window.length_s), (number, 0))
        return used if stored == number else 0

    def _prune(self) -> None:
        if len(self._used) > _MANY:
            now = self._clock.now()
            self._used = {
                (counter, length_s): (number, used)
                for (counter, length_s), (number, used) in self._used.items()
                if number == window_now(now, Window(1, length_s))[0]
            }
