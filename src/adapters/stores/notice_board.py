"""Notices of ended jobs, in memory."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voicecore.job import JobId


@dataclass(slots=True)
class _Pending:
    due: datetime
    tries: int = 0


class NoticeBoard:
    """Which jobs' ends are still to be told, and when. Not locked."""

    def __init__(self) -> None:
        self._pending: dict[JobId, _Pending] = {}

    def put(self, job_id: JobId, due: datetime) -> None:
        """A new notice."""
        self._pending[job_id] = _Pending(due)

    def settle(self, job_id: JobId) -> None:
        """Forget a notice, if there is one."""
        self._pending.pop(job_id, None)

    def put_off(self, job_id: JobId, due: datetime) -> None:
        """Count a failed try of a notice, if there is one, and have it due again then."""
        pending = self._pending.get(job_id)
        if pending is not None:
            pending.due, pending.tries = due, pending.tries + 1

    def due(self, now: datetime, limit: int, hold: timedelta) -> Sequence[tuple[JobId, int]]:
        """At most `limit` due ones with their failed tries, longest due first; each is due again after `hold`."""
        ready = [(pending.due, job_id) for job_id, pending in self._pending.items() if pending.due <= now]
        taken = heapq.nsmallest(max(0, limit), ready)
        for _, job_id in taken:
            self._pending[job_id].due = now + hold
        return [(job_id, self._pending[job_id].tries) for _, job_id in taken]
