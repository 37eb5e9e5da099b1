"""The roster of workers in this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

from voicecore.ports import Clock, WorkerCard


class MemoryRoster:
    """Cards in a dict, behind one lock. Time is what passes, whatever is done to the time of day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cards: dict[str, tuple[WorkerCard, float]] = {}

    def announce(self, card: WorkerCard, lasts: timedelta) -> None:
        with self._lock:
            self._cards[card.name] = (card, self._clock.monotonic() + lasts.total_seconds())

    def withdraw(self, name: str) -> None:
        with self._lock:
            self._cards.pop(name, None)

    def present(self) -> Sequence[WorkerCard]:
        with self._lock:
            now = self._clock.monotonic()
            self._cards = {name: (card, until) for name, (card, until) in self._cards.items() if until > now}
            return tuple(self._cards[name][0] for name in sorted(self._cards))
