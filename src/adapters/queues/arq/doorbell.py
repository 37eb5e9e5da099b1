"""The doorbell of workers in many processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from adapters.queues.arq.bench import Bench
from adapters.queues.arq.chore_queue import ChoreQueue, ClockChore
from adapters.queues.arq.connection import Line, connect, hush_arq, keep_asking
from adapters.queues.arq.engine_queue import EngineQueue
from adapters.queues.arq.listener import listen
from adapters.queues.arq.loop_thread import LoopThread
from adapters.queues.arq.ringer import Ringer
from adapters.queues.arq.supervision import end, keep_up, together
from voicecore.job import JobId

#: Pending rings may take so long to leave when we close.
_FLUSH_S = 1.0
#: Chores under way may take so long to end when we close.
_CHORES_S = 5.0


class ArqDoorbell:
    """Rings over Redis, by arq. Nothing here is the truth about jobs: whatever happens to a ring, the store decides.

    Everything runs in one thread with an event loop, which starts at the first use.

    Args:
        redis_url: redis://, rediss:// or unix://.
        prefix: of all our keys, and of our names under arq's own keys.
        engines: the lines that this process' slots take jobs from (`voicecore.needs`). Without any, nobody rings here:
            `wait` just lets the time pass.
        chores: to be done by the clock, by one of all workers that have them.
        poll_delay_s: how often the queues are looked at though nobody rang; matters only where a message got lost.
    """

    def __init__(self, redis_url: str, prefix: str, *, engines: Sequence[str] = (), chores: Sequence[ClockChore] = (),
                 poll_delay_s: float = 2.0) -> None:  # fmt: skip
        hush_arq()
        self._redis_url = redis_url
        self._prefix = prefix
        self._engines = tuple(dict.fromkeys(engines))
        self._chores = tuple(chores)
        self._poll_delay_s = poll_delay_s
        self._line = Line()
        self._ringer = Ringer(prefix, self._line)
        self._queues: tuple[EngineQueue, ...] = ()
        self._bench = Bench()
        self._thread = LoopThread(self._main, "doorbell")
        self._closed = False

    def start(self) -> None:
        """Begin to listen, and to do chores, before the first use. Idempotent."""
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the last round trip to Redis worked; at the start it is waited for, up to a second."""
        if self._closed:
            return False
        self._thread.start()
        return self._line.good(1.0) and self._thread.alive

    def ring(self, job_id: JobId, line: str) -> None:
        if self._closed:
            return
        self._thread.start()
        self._pass_on(job_id, line)

    def wait(self, timeout_s: float) -> bool:
        """As the port says. Called by slots that have just found nothing to do: older rings count as answered."""
        if not self._engines:
            self._bench.sleep(timeout_s)
            return False
        if not self._closed:
            self._thread.start()
        return self._bench.wait(timeout_s, self._look_if_worth_it)

    def close(self) -> None:
        self._closed = True
        self._bench.close()
        self._thread.close()
        deadline = time.monotonic() + _CHORES_S
        for chore in self._chores:
            chore.join(deadline - time.monotonic())

    def _pass_on(self, job_id: str, engine: str) -> None:
        self._ringer.put(job_id, engine)
        self._thread.call(self._ringer.wake)

    def _look_if_worth_it(self) -> None:
        for queue in self._queues:
            if queue.worth_a_look:
                self._thread.call(queue.look)

    async def _main(self, stop: asyncio.Event) -> None:
        chores = ChoreQueue(self._prefix, self._chores, self._line, self._poll_delay_s)
        redis = connect(self._redis_url, chores.names)
        queues = tuple(
            EngineQueue(self._prefix, engine, self._bench, self._pass_on, self._line, self._poll_delay_s)
            for engine in self._engines
        )
        self._queues = queues
        # What was rung before the loop ran.
        self._ringer.wake()
        ringing = asyncio.create_task(keep_up("ringing", lambda: self._ringer.run(redis), self._line))
        try:
            await together(
                stop.wait(),
                keep_up("asking for Redis", lambda: keep_asking(redis, self._line), self._line),
                *(queue.run(redis) for queue in queues),
                *([keep_up("listening", lambda: listen(redis, queues), self._line)] if queues else []),
                *([chores.run(redis)] if self._chores else []),
            )
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FLUSH_S):
                    await self._ringer.flushed()
            await end([ringing])
            await redis.aclose(close_connection_pool=True)
