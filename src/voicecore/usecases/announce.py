"""A worker says that it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from voicecore.gauges import Gauges, bounded
from voicecore.ports import WorkerCard, WorkerRoster

#: How often it says so, and how long it counts as there after it last did: three may get lost.
EVERY_S = 10.0
LASTS = timedelta(seconds=35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Keeps this worker's card in the roster.

    Attributes:
        engines: the names it serves now.
        busy: how many jobs it runs now.
        gauges: what its engines tell now.
    """

    roster: WorkerRoster
    name: str
    engines: Callable[[], tuple[str, ...]]
    slots: int
    busy: Callable[[], int]
    started_at: datetime
    version: str
    gauges: Callable[[], Gauges] = dict

    def __call__(self) -> None:
        """Say it once more."""
        card = WorkerCard(
            name=self.name, engines=self.engines(), slots=self.slots, busy=self.busy(), started_at=self.started_at,
            version=self.version, gauges=bounded(self.gauges()),
        )  # fmt: skip
        self.roster.announce(card, LASTS)

    def withdraw(self) -> None:
        """Say that it leaves."""
        self.roster.withdraw(self.name)
