"""Hears at once that somebody rang, by Redis' publish and subscribe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arq.connections import ArqRedis
from redis.asyncio.client import PubSub

from adapters.queues.arq.connection import ANSWER_S
from adapters.queues.arq.engine_queue import EngineQueue

#: A connection that said nothing for so long is asked whether it is still there.
_QUIET_S = 10.0


async def listen(redis: ArqRedis, queues: Sequence[EngineQueue]) -> None:
    """Tell each queue of its rings, until the connection fails, which is raised.

    With a new connection all are told: what was published in between is gone.
    """
    ear = redis.pubsub()
    try:
        by_channel = {queue.queue: queue for queue in queues}
        await ear.subscribe(*by_channel)
        await _hear(ear, by_channel)
    finally:
        await ear.aclose()  # type: ignore[no-untyped-call]


async def _hear(ear: PubSub, queues: Mapping[str, EngineQueue]) -> None:
    asked = False
    while True:
        message = await ear.get_message(timeout=ANSWER_S if asked else _QUIET_S)
        if message is None:
            if asked:
                raise TimeoutError
            await ear.ping()
        asked = message is None
        if message is not None and message["type"] in ("message", "subscribe"):
            # redis subscribes again by itself where it can, which shows here as another "subscribe".
            queue = queues.get(message["channel"].decode(errors="replace"))
            if queue is not None:
                queue.rung()
