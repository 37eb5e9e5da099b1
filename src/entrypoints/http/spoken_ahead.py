"""A text that comes in pieces, each a job that is followed: one is heard while the next is made."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from entrypoints.http.live import Followed
from entrypoints.http.live_room import Seat
from entrypoints.http.threads import Pool, blocking
from entrypoints.service import Service
from voicecore.errors import Draining
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import LiveChunk

#: Jobs at once: the one that is heard and the next.
_AHEAD = 2
#: The seat is kept so often, also while nobody writes or a job waits.
_STAY_S = 2.0

P = TypeVar("P")
Submit = Callable[[P, JobId], SynthesisJob]
Play = Callable[[P, Followed], Awaitable[None]]


class SpokenAhead(Generic[P]):
    """Pieces of one text, heard in the order they came in: `put` and `end` while `run` runs.

    Attributes:
        waiting: pieces that were put and not played to their end.
    """

    def __init__(self, service: Service, threads: Pool, seat: Seat, submit: Submit[P]) -> None:
        """`submit` makes the job of a piece under this id; `seat` is taken, and is kept while `run` runs."""
        self._service, self._threads, self._seat, self._submit = service, threads, seat, submit
        self._in, self._pieces = anyio.create_memory_object_stream[P](math.inf)
        self._free = anyio.Semaphore(_AHEAD)
        self._followed: list[Followed] = []
        self.waiting = 0

    def put(self, piece: P) -> None:
        """One more, behind the others."""
        self.waiting += 1
        self._in.send_nowait(piece)

    def end(self) -> None:
        """Nothing more comes."""
        self._in.close()

    def close(self) -> None:
        """Nothing of it is made any more. Idempotent."""
        self._in.close()
        self._pieces.close()

    async def run(self, play: Play[P], *beside: Callable[[], Awaitable[None]], keep: bool = False) -> None:
        """`play` each piece until the end. What runs `beside` it is ended then.

        Jobs that were not heard to their end go on if `keep`, and are cancelled otherwise. Raises what the first of all
        these raises, as it is; what refuses a job; `Draining`; and `Unauthorized` soon after the caller's key was revoked.
        """
        failures: list[Exception] = []
        to_play, coming = anyio.create_memory_object_stream[tuple[P, Followed]](math.inf)
        try:
            with self._in, self._pieces, to_play, coming:
                async with anyio.create_task_group() as tasks:

                    async def guarded(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
                        """What fails is raised again, but not as one of a group."""
                        try:
                            await work(*arguments)
                        except Exception as error:  # noqa: BLE001 - see above
                            failures.append(error)
                            tasks.cancel_scope.cancel()

                    for work in (self._stay, *beside):
                        tasks.start_soon(guarded, work)
                    tasks.start_soon(guarded, self._make, to_play, keep)
                    await guarded(self._hear, coming, play)
                    tasks.cancel_scope.cancel()
        finally:
            for followed in self._followed:
                await followed.leave()
        if failures:
            raise failures[0]

    async def chunks(self, followed: Followed) -> AsyncIterator[LiveChunk]:
        """The sound of one. Raises `NothingHeard` if it does not begin for too long, and as `Followed.chunks`."""
        async for chunk in followed.chunks(self._service.settings.stream_wait_s):
            if chunk is not None:
                yield chunk

    async def _stay(self) -> None:
        while True:
            await anyio.sleep(_STAY_S)
            await self._seat.keep()

    async def _make(self, to_play: MemoryObjectSendStream[tuple[P, Followed]], keep: bool) -> None:
        listen = self._service.listen
        with to_play:
            async for piece in self._pieces:
                await self._free.acquire()
                if self._service.draining:
                    raise Draining
                await self._seat.keep()
                listening = await blocking(listen.submit, partial(self._submit, piece), keep=keep)
                self._followed.append(followed := Followed(self._threads, listening))
                to_play.send_nowait((piece, followed))

    async def _hear(self, coming: MemoryObjectReceiveStream[tuple[P, Followed]], play: Play[P]) -> None:
        async for piece, followed in coming:
            try:
                await play(piece, followed)
            finally:
                await followed.leave()
                self._followed.remove(followed)
                self._free.release()
            self.waiting -= 1
