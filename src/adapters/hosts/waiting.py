"""Who is next: utterances of several slots that wait for a place in one engine's batch."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicecore.engine import Utterance

#: An utterance is passed over at most so many times for each slot that waits; then it is next, whoever else is in a hurry.
PATIENCE: Final = 2


@dataclass(slots=True, eq=False)
class Waiting:
    """An utterance on its way into the engine, and through it.

    Attributes:
        slot: whose it is.
        name: its id as the slot knows it. The engine gets another, so that two slots never clash.
        passed: how often others were taken while it was the first of its slot.
    """

    slot: int
    name: str
    utterance: Utterance
    passed: int = 0


class WaitingLines:
    """A line for each slot; the engine's free places go round the slots.

    Next is, of the first of each line: who was passed over too often; else one that somebody waits to hear (`eager`); else
    one of the slot with the fewest places; else one of the slot that has waited longest for its turn. Not thread-safe.
    """

    def __init__(self) -> None:
        self._lines: dict[int, deque[Waiting]] = {}
        self._served: dict[int, int] = {}
        self._turns = itertools.count(1)

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, waiting: Waiting) -> None:
        """Behind all others of its slot."""
        self._lines.setdefault(waiting.slot, deque()).append(waiting)

    def put_back(self, waiting: Waiting) -> None:
        """Before all others of its slot: it was taken, and found no place."""
        self._lines.setdefault(waiting.slot, deque()).appendleft(waiting)

    def remove(self, waiting: Waiting) -> None:
        """Forget it, if it waits."""
        line = self._lines.get(waiting.slot, deque())
        if waiting in line:
            line.remove(waiting)

    def take(self, places: Mapping[int, int]) -> Waiting | None:
        """The next one, taken out of its line; None if nobody waits. `places`: how many each slot has in the engine."""
        heads = [line[0] for line in self._lines.values() if line]
        if not heads:
            return None
        patience = PATIENCE * len(heads)

        def rank(head: Waiting) -> tuple[bool, bool, int, int]:
            late = head.passed >= patience
            return not late, late or not head.utterance.eager, places.get(head.slot, 0), self._served.get(head.slot, 0)

        chosen = min(heads, key=rank)
        for head in heads:
            head.passed += head is not chosen
        self._lines[chosen.slot].popleft()
        self._served[chosen.slot] = next(self._turns)
        return chosen
