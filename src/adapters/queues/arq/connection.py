"""How this process speaks to Redis, and whether that works."""

from __future__ import annotations

import asyncio
import logging
import threading

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.queues.arq import codec

_log = logging.getLogger("voicecore.doorbell")

#: An answer that takes longer will not come.
ANSWER_S = 2.0
#: How often a quiet connection is asked whether it is still there.
_ASK_EVERY_S = 5.0
#: What can go wrong between here and there; `OSError` is what redis raises while it connects.
UNREACHABLE = (RedisConnectionError, RedisTimeoutError, OSError, asyncio.TimeoutError)


def connect(redis_url: str, known: frozenset[str] = frozenset()) -> ArqRedis:
    """A client with one pool, which connects at its first use. Must be called in the loop that uses it.

    It tries again by itself for about a second: arq's worker ends at the first error that it sees.

    Args:
        redis_url: redis://, rediss:// or unix://, with user and password where needed.
        known: functions beside the ring that a job may name.
    """
    pool = ConnectionPool.from_url(
        redis_url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=3), retry_on_error=list(UNREACHABLE),
    )  # fmt: skip
    return ArqRedis(pool, job_serializer=codec.encode, job_deserializer=lambda data: codec.decode(data, known))


def hush_arq() -> None:
    """Keep arq quiet: it tells of every job at INFO. Its warnings stay; with DEBUG for everything, it tells all."""
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        logging.getLogger("arq").setLevel(logging.WARNING)


class Line:
    """Whether the last round trip worked. An outage is logged when it begins and when it is over. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good: bool | None = None
        self._known = threading.Event()

    def worked(self) -> None:
        """A round trip was made."""
        with self._lock:
            before, self._good = self._good, True
        self._known.set()
        if before is False:
            _log.warning("Redis answers again")

    def failed(self, error: BaseException) -> None:
        """One was tried, in vain."""
        with self._lock:
            before, self._good = self._good, False
        self._known.set()
        if before is not False:
            # By its class alone: redis' messages may carry the address with its password, and what was sent.
            _log.warning("Redis does not answer (%s); jobs start by polling until it does", type(error).__name__)

    def good(self, patience_s: float) -> bool:
        """Whether it works; before the first round trip, wait `patience_s` for it."""
        self._known.wait(patience_s)
        return self._good is True


async def keep_asking(redis: ArqRedis, line: Line) -> None:
    """Ask Redis every few seconds whether it is there, and tell the line; raises what came instead of an answer."""
    while True:
        async with asyncio.timeout(ANSWER_S):
            await redis.ping()
        line.worked()
        await asyncio.sleep(_ASK_EVERY_S)
