"""Ring again for what waits, since rings may get lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicecore.job import JobId, JobStatus
from voicecore.ports import Doorbell, JobStore

#: Whoever is woken asks the store which job is next, so that a repeated ring needs no job of its own.
_ANY_JOB = JobId("sweep")


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rings once for each waiting job, and for jobs whose worker may have died.

    Attributes:
        lines: those that jobs may be taken from. While any job runs, each is rung for once: only a claim finds out
            whether a lease is over.
        limit: most rings for one line; more than idle slots there could be are of no use.
    """

    store: JobStore
    doorbell: Doorbell
    lines: Sequence[str] = ()
    limit: int = 32

    def __call__(self) -> int:
        """How many rings there were."""
        rings = {line: min(waiting, self.limit) for line, waiting in self.store.waiting().items()}
        if self.store.counts()[JobStatus.PROCESSING]:
            for line in self.lines:
                rings[line] = max(1, rings.get(line, 0))
        for line, count in rings.items():
            for _ in range(count):
                self.doorbell.ring(_ANY_JOB, line)
        return sum(rings.values())
