"""Chores by the clock, each done by one worker of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from arq.connections import ArqRedis
from arq.cron import CronJob, cron
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from adapters.queues.arq import codec
from adapters.queues.arq.connection import Line
from adapters.queues.arq.ringer import LIFE_MS, QUEUE_LIMIT
from adapters.queues.arq.supervision import serve_queue, tidied, together
from voicecore.errors import require
from voicecore.usecases.chore import surviving

_HOUR_S = 3600
#: arq remembers for 60 s that somebody has done a chore; what comes later than this would be done twice.
_LATE_S = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChore:
    """Something to do again and again, by one worker of all that share a prefix.

    Attributes:
        do: called in a thread. Its errors are logged.
        every_s: whole seconds that divide a minute, or whole minutes that divide an hour.
    """

    name: str
    do: Callable[[], object]
    every_s: int
    _running: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        fits = self.every_s > 0 and (60 % self.every_s == 0 or (self.every_s % 60 == 0 and _HOUR_S % self.every_s == 0))
        require(
            fits, f"Chore {self.name}: {self.every_s} s neither divide a minute nor are minutes that divide an hour."
        )

    def start(self) -> bool:
        """Do it in a thread; False if it still runs from before."""
        if not self._running.acquire(blocking=False):
            return False
        threading.Thread(target=self._run, name=f"chore-{self.name}", daemon=True).start()
        return True

    def join(self, timeout_s: float) -> None:
        """Wait until it does not run."""
        if self._running.acquire(timeout=max(0.0, timeout_s)):
            self._running.release()

    def _run(self) -> None:
        try:
            with surviving():
                self.do()
        finally:
            self._running.release()


class ChoreQueue:
    """One arq worker that starts chores when arq's cron says so.

    The arq job ends when the chore has been started: a chore may take as long as it wants without arq's time limits,
    which could not end its thread anyway.
    """

    def __init__(self, prefix: str, chores: Sequence[ClockChore], line: Line, poll_delay_s: float) -> None:
        self.queue = f"{prefix}:arq:chores"
        # arq keeps the names of done jobs in one place for all who use a Redis, hence the prefix.
        self._crons = {f"{self.queue}:{chore.name}": chore for chore in chores}
        self._line = line
        self._poll_delay_s = poll_delay_s

    @property
    def names(self) -> frozenset[str]:
        """The functions that arq may be asked for."""
        return frozenset(self._crons)

    async def run(self, redis: ArqRedis) -> None:
        """Serve for ever."""
        await serve_queue(self.queue, redis, self._line, lambda: self._serve(redis))

    async def _serve(self, redis: ArqRedis) -> None:
        worker = Worker(
            [func(codec.discard, name=codec.DISCARD), func(codec.discard, name=codec.RING)],
            cron_jobs=[_cron(name, chore) for name, chore in self._crons.items()],
            queue_name=self.queue, redis_pool=redis, handle_signals=False, max_jobs=2, job_timeout=5, keep_result=0,
            poll_delay=self._poll_delay_s, queue_read_limit=QUEUE_LIMIT, max_tries=1, retry_jobs=False,
            health_check_interval=10, allow_abort_jobs=False, log_results=False, expires_extra_ms=LIFE_MS, timezone=UTC,
            job_serializer=redis.job_serializer, job_deserializer=redis.job_deserializer,
        )  # fmt: skip
        async with tidied(worker):
            await together(worker.main())


def _cron(name: str, chore: ClockChore) -> CronJob:
    if chore.every_s < 60:
        return cron(_starter(chore), name=name, second=set(range(0, 60, chore.every_s)))
    return cron(_starter(chore), name=name, second=0, minute=set(range(0, 60, chore.every_s // 60)))


def _starter(chore: ClockChore) -> WorkerCoroutine:
    async def start(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ARG001 - the shape that arq asks for
        # arq's name of it ends in the time it was planned for. Late ones are those that a worker missed while it slept,
        # all at once, or that another did long ago; the next comes by itself.
        planned_ms = ctx["job_id"].rpartition(":")[2]
        if planned_ms.isdecimal() and time.time() - int(planned_ms) / 1000 > _LATE_S:
            return
        chore.start()

    return start
