"""Sends rings to Redis, in order, without making anybody wait."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections import deque
from datetime import UTC, datetime

from arq.connections import ArqRedis
from redis.exceptions import RedisError

from adapters.queues.arq import codec
from adapters.queues.arq.connection import UNREACHABLE, Line

_log = logging.getLogger("voicecore.doorbell")

#: Rings kept in this process while Redis is away.
PENDING_LIMIT = 256
#: Rings live so long in Redis. The sweep rings for waiting jobs again anyway, so that a queue nobody serves stays small.
LIFE_MS = 300_000
#: Rings kept for one engine: more idle slots than this have other troubles.
QUEUE_LIMIT = 1_000
#: Clocks may differ so much without a ring being heard later.
_SKEW_S = 60.0


def queue_of(prefix: str, engine: str) -> str:
    """The key of an engine's queue. Its rings are announced on the channel of the same name."""
    return f"{prefix}:arq:{engine}"


def score_ms(then_s: float) -> float:
    """Where a ring of that time (seconds since 1970) stands in its queue.

    A minute back: a worker picks no ring from its future, and its clock may be a little behind the clock of who rang.
    """
    return 1000 * (then_s - _SKEW_S)


class Ringer:
    """A short list of rings to send, and the coroutine that sends them."""

    def __init__(self, prefix: str, line: Line) -> None:
        self._prefix = prefix
        self._line = line
        self._lock = threading.Lock()
        self._pending: deque[tuple[str, str]] = deque()
        self._lost = 0
        self._some = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, job_id: str, engine: str) -> None:
        """Take a ring, or lose it if too many wait. From any thread; then `wake` in the loop."""
        with self._lock:
            if len(self._pending) < PENDING_LIMIT:
                self._pending.append((job_id, engine))
                return
        self._lose("too many wait for Redis")

    def wake(self) -> None:
        """There are rings to send. In the loop only."""
        if self._pending:
            self._empty.clear()
            self._some.set()

    async def flushed(self) -> None:
        """Returns when all is sent."""
        self.wake()
        await self._empty.wait()

    async def run(self, redis: ArqRedis) -> None:
        """Send for ever, or until Redis is not there, which is raised; what could not be sent stays for the next run."""
        while True:
            await self._some.wait()
            await self._send_all(redis)

    def _lose(self, reason: str) -> None:
        with self._lock:
            self._lost += 1
            first = self._lost == 1
        if first:
            _log.warning("rings get lost (%s); the sweep repeats them", reason)

    async def _send_all(self, redis: ArqRedis) -> None:
        while self._pending:
            job_id, engine = self._pending[0]
            try:
                await self._send(redis, job_id, engine)
            except UNREACHABLE:
                raise
            except RedisError as error:
                # It is there and refuses: full, read-only, or the key is something else. Later rings may fare better.
                with self._lock:
                    self._pending.popleft()
                self._lose(type(error).__name__)
                if str(error).startswith("WRONGTYPE"):
                    await redis.delete(queue_of(self._prefix, engine))
            else:
                self._line.worked()
                with self._lock:
                    self._pending.popleft()
                    lost, self._lost = self._lost, 0
                if lost:
                    _log.warning("rings arrive again; %d were lost", lost)
        self._some.clear()
        self._empty.set()

    async def _send(self, redis: ArqRedis, job_id: str, engine: str) -> None:
        queue = queue_of(self._prefix, engine)
        # A name for each ring: by the job's name alone, arq would drop a ring while one whose worker died is remembered.
        name = f"{queue}:{job_id}:{secrets.token_hex(8)}"
        now = time.time()
        await redis.enqueue_job(
            codec.RING, job_id, _job_id=name, _queue_name=queue, _expires=LIFE_MS / 1000,
            _defer_until=datetime.fromtimestamp(score_ms(now) / 1000, tz=UTC),
        )  # fmt: skip
        async with redis.pipeline(transaction=False) as pipe:
            pipe.publish(queue, b"")
            pipe.zremrangebyscore(queue, "-inf", score_ms(now) - LIFE_MS)
            # From the future, where only nonsense or a wrong clock puts them, they would never be picked.
            pipe.zremrangebyscore(queue, score_ms(now) + LIFE_MS, "+inf")
            pipe.zremrangebyrank(queue, 0, -(QUEUE_LIMIT + 1))
            pipe.pexpire(queue, LIFE_MS)
            await pipe.execute()
