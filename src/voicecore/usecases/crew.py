"""All that works in one process: its slots, and its chores."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicecore.gauges import Gauges, summed
from voicecore.ports import Doorbell
from voicecore.usecases.chore import Chore, surviving
from voicecore.usecases.run_job import RunJob
from voicecore.usecases.runner import Runner


@dataclass(slots=True)
class Slot:
    """A place where engines run, which slots may share, and the loop that feeds it."""

    runner: Runner
    run_job: RunJob


@dataclass(slots=True)
class Crew:
    """Slots and chores, started and stopped together. A process that only takes requests has no slots.

    Attributes:
        farewell: called last of all and once, when nothing works any more.
    """

    slots: Sequence[Slot]
    chores: Sequence[Chore]
    doorbell: Doorbell
    farewell: Callable[[], object] = lambda: None
    _left: bool = False

    def start(self) -> None:
        """Begin. Once only."""
        for slot in self.slots:
            slot.runner.start()
        for chore in self.chores:
            chore.start()

    @property
    def alive(self) -> bool:
        """Whether every slot's loop runs."""
        return all(slot.runner.alive for slot in self.slots)

    @property
    def busy(self) -> int:
        """Jobs under way."""
        return sum(slot.run_job.busy for slot in self.slots)

    def gauges(self) -> Gauges:
        """What the engines of all slots tell, of each that is loaded."""
        return summed(slot.run_job.host.gauges() for slot in self.slots)

    @property
    def renewing(self) -> bool:
        """Whether the leases of all running jobs are being renewed in time."""
        return all(slot.run_job.renewing for slot in self.slots)

    def interrupt(self) -> None:
        """Hand the running jobs back now. Wait for nothing."""
        for slot in self.slots:
            slot.runner.interrupt()

    def stop(self, grace_s: float) -> None:
        """Take no new job; let the running ones end within `grace_s`, else hand them back. Returns when all have ended.
        May be called again; who was left behind by then is not waited for once more.
        """
        if self._left:
            return
        end = time.monotonic() + grace_s
        for slot in self.slots:
            slot.runner.finish_up()
        self.doorbell.close()
        for slot in self.slots:
            slot.runner.wait(end - time.monotonic())
        self._hand_back()
        for chore in self.chores:
            chore.finish_up()
        for chore in self.chores:
            chore.stop()
        self._left = True
        with surviving():
            self.farewell()

    def _hand_back(self) -> None:
        # All at once, again and again: one after the other, the last would wait for all others that do not end.
        give_up_at = time.monotonic() + max((slot.runner.last_s for slot in self.slots), default=0.0)
        while left := [slot for slot in self.slots if not slot.runner.wait(0.0)]:
            for slot in left:
                slot.runner.interrupt()
            if time.monotonic() >= give_up_at:
                break
            left[0].runner.wait(0.5)
        for slot in left:
            slot.runner.stop(0.0, 0.0)

    def close(self) -> None:
        """End the engines' processes. Idempotent."""
        for slot in self.slots:
            slot.run_job.host.close()
