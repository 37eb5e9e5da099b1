"""Hears the rings for one engine, while somebody here waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from arq.connections import ArqRedis
from arq.worker import Worker, func

from adapters.queues.arq import codec
from adapters.queues.arq.bench import Bench
from adapters.queues.arq.connection import Line
from adapters.queues.arq.ringer import LIFE_MS, QUEUE_LIMIT, queue_of, score_ms
from adapters.queues.arq.supervision import serve_queue, tidied, together

#: A ring is answered in milliseconds. arq's mark that a worker has it lives ten seconds longer than this.
_ANSWER_S = 5
#: More slots than any process has; arq wants to know the most at once.
_MOST_SLOTS = 64
#: A slot that begins to wait has just found the store empty, so that older rings are answered. The margin is for
#: clocks that differ, and for how long the slot needed to look.
_ANSWERED_S = 30.0
_MOMENT_S = 0.002


class EngineQueue:
    """One arq worker, whose only task is to call a slot from the bench.

    It picks as many rings as slots wait, and none while all are busy: those are for idle workers elsewhere. If in the
    moment between picking and calling the slot has gone (its time was over, or a ring for another engine was quicker), the
    ring is passed on. What gets lost with a process that is killed just then, the sweep rings again.
    """

    def __init__(self, prefix: str, engine: str, bench: Bench, pass_on: Callable[[str, str], None], line: Line,
                 poll_delay_s: float) -> None:  # fmt: skip
        self.queue = queue_of(prefix, engine)
        self._engine = engine
        self._bench = bench
        self._pass_on = pass_on
        self._line = line
        self._poll_delay_s = poll_delay_s
        self._look = asyncio.Event()
        self._rung = True
        self._looked_at = self._dropped_at = -poll_delay_s

    @property
    def worth_a_look(self) -> bool:
        """Whether a slot that begins to wait should have the queue looked at: there was a ring while nobody waited, or
        the last look is long ago. From any thread.
        """
        return self._rung or time.monotonic() - self._looked_at >= self._poll_delay_s

    def look(self) -> None:
        """Look at the queue now, if anybody waits. In the loop only."""
        self._look.set()

    def rung(self) -> None:
        """There may be rings in the queue. In the loop only."""
        self._rung = True
        self._look.set()

    async def run(self, redis: ArqRedis) -> None:
        """Serve for ever."""
        await serve_queue(self.queue, redis, self._line, lambda: self._serve(redis))

    async def _serve(self, redis: ArqRedis) -> None:
        worker = Worker(
            [func(self._answer, name=codec.RING), func(codec.discard, name=codec.DISCARD)],
            queue_name=self.queue, redis_pool=redis, handle_signals=False, max_jobs=_MOST_SLOTS, job_timeout=_ANSWER_S,
            keep_result=0, poll_delay=self._poll_delay_s, queue_read_limit=QUEUE_LIMIT, max_tries=1, retry_jobs=False,
            health_check_interval=10, allow_abort_jobs=False, log_results=False, expires_extra_ms=LIFE_MS,
            job_serializer=redis.job_serializer, job_deserializer=redis.job_deserializer,
        )  # fmt: skip
        # Only `_look_when_asked` picks; arq's own loop keeps the sign of life.
        worker.allow_pick_jobs = False
        async with tidied(worker):
            self.rung()
            await together(worker.main(), self._look_when_asked(worker, redis))

    async def _look_when_asked(self, worker: Worker, redis: ArqRedis) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_delay_s):
                    await self._look.wait()
            self._look.clear()
            if self._bench.waiting:
                await self._drop_answered(redis)
                await self._pick_while_slots_wait(worker)

    async def _drop_answered(self, redis: ArqRedis) -> None:
        now = time.monotonic()
        if now - self._dropped_at >= self._poll_delay_s:
            self._dropped_at = now
            await redis.zremrangebyscore(self.queue, "-inf", score_ms(time.time() - _ANSWERED_S))

    async def _pick_while_slots_wait(self, worker: Worker) -> None:
        self._rung = False
        self._looked_at = time.monotonic()
        while waiting := min(self._bench.waiting, _MOST_SLOTS):
            worker.max_jobs, worker.allow_pick_jobs = waiting, True
            try:
                await worker._poll_iteration()  # noqa: SLF001 - arq only polls; the pin and a test guard this
            finally:
                worker.allow_pick_jobs = False
            if worker.tasks:
                await asyncio.wait(worker.tasks.values())
            elif not worker.job_counter:
                return
            else:
                # arq's own loop came in between and is picking; it takes a moment.
                await asyncio.sleep(_MOMENT_S)
        # Nobody waits any more, so there may be more rings: for the next to wait, who may have come this moment.
        self._rung = True
        if self._bench.waiting:
            self._look.set()

    async def _answer(self, ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - as arq calls it
        if not self._bench.call():
            # The codec lets no ring through that does not carry exactly this.
            self._pass_on(args[0], self._engine)
