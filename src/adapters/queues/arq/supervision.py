"""Keeps an arq worker going: it ends for good at the first error that it does not know."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from arq.connections import ArqRedis
from arq.worker import Worker
from redis.exceptions import RedisError

from adapters.queues.arq.connection import UNREACHABLE, Line
from adapters.redisclient.failures import sentence

_log = logging.getLogger("voicecore.doorbell")

#: How long what runs in arq may take to end before it is cancelled; rings take milliseconds.
_FAREWELL_S = 0.5
_CANCEL_AGAIN_S = 0.5
_TELL_AGAIN_S = 60.0
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0


async def keep_up(
    name: str, do: Callable[[], Coroutine[Any, Any, None]], line: Line, *,
    mend: Callable[[], Coroutine[Any, Any, object]] | None = None,
) -> None:  # fmt: skip
    """Do it for ever: again after every end, with pauses that grow while it keeps failing.

    Args:
        name: of what is done, for the log.
        mend: called after an error that is not Redis' absence, before the next try.
    """
    pause_s, told_at, loop = _SHORTEST_PAUSE_S, -math.inf, asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await do()
        except UNREACHABLE as error:
            line.failed(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, without this loop nobody hears a ring
            if began - told_at > _TELL_AGAIN_S:
                told_at = began
                # What Redis refuses has a sentence; anything else is a mistake of ours, or garbage.
                why = f": {sentence(error)}" if isinstance(error, RedisError) else ""
                _log.warning("%s failed and is tried again (%s)%s", name, type(error).__name__, why,
                             exc_info=None if why or mend else error)  # fmt: skip
            if mend is not None:
                with suppress(RedisError, *UNREACHABLE):
                    await mend()
        lasted_s = loop.time() - began
        pause_s = _SHORTEST_PAUSE_S if lasted_s > 2 * _LONGEST_PAUSE_S else min(_LONGEST_PAUSE_S, 2 * pause_s)
        await asyncio.sleep(pause_s)


async def serve_queue(queue: str, redis: ArqRedis, line: Line, serve: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Serve an arq queue for ever.

    An end that is not Redis' absence means something in the queue that arq cannot digest (a name that is no UTF-8, a
    score without end, a key of another type). Everything there is only a hint, so the queue is emptied.
    """

    async def empty() -> None:
        await redis.delete(queue)

    await keep_up(f"the queue {queue}", serve, line, mend=empty)


async def together(*parts: Coroutine[Any, Any, object]) -> None:
    """Run until the first ends, which ends the others; raises what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(tasks)


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel them until they are over, and look at what they raised, so that asyncio does not complain of it.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, which redis sends with, may swallow it.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def tidied(worker: Worker) -> AsyncIterator[Worker]:
    """The worker; in the end nothing of it runs. (Its own `close` would close the pool, which is not its own.)"""
    try:
        yield worker
    finally:
        worker.allow_pick_jobs = False
        running = list(worker.tasks.values())
        if running:
            await asyncio.wait(running, timeout=_FAREWELL_S)
        await end(running)
