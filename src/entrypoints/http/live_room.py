"""Places for live streams and for those who watch jobs: those of this process, and those of each caller."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial

import anyio
from litestar.datastructures import State

from adapters.freed_memory import return_freed
from entrypoints.http.threads import Pool, blocking
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import QueueFull, StorageUnavailable
from voicecore.usecases.limits_of import Place

_log = logging.getLogger("voicecore.http")

_RETRY_AFTER_S = 2
#: A place of a caller is said again so often; it is lost after `limits_of.PLACE_LASTS` without.
_SAY_AGAIN_S = 25.0
#: Whether the key of an open stream is still good is looked at so often.
LOOK_AT_KEY_EVERY_S = 5.0
#: Streams that ended, while others are open and while none is; giving back takes a millisecond or two.
_TIDIED_AFTER, _TIDIED_EMPTY_AFTER = 64, 16


class LiveRoom:
    """How many streams one process serves, and the threads that they wait in.

    Args:
        called: what takes a place, in the plural.
    """

    def __init__(self, places: int, called: str = "streams") -> None:
        self._free, self._places, self._called, self._left = places, places, called, 0
        self.threads = Pool("streams", places)

    @property
    def open(self) -> int:
        """Streams and sockets that are served now."""
        return self._places - self._free

    def take(self) -> None:
        """A place. Raises `QueueFull`."""
        if self._free < 1:
            raise QueueFull(
                f"{self._places} {self._called} are open, and this process serves no more at once; try again in a moment.",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._free -= 1

    def give_back(self) -> None:
        """What `take` took."""
        self._free += 1
        self._left += 1

    async def tidy(self) -> None:
        """Give freed memory back to the system now and then, best while nothing is open: each thread keeps some of its own."""
        if self._left >= (_TIDIED_AFTER if self.open else _TIDIED_EMPTY_AFTER):
            self._left = 0
            await blocking(return_freed)


class Seat:
    """A place in the room and one of its caller's, for one stream, socket or watch, while the caller's key is good.

    Args:
        watch: whether it is counted among the caller's watches, not among his streams.
    """

    def __init__(self, room: LiveRoom, service: Service, caller: Caller, *, watch: bool = False) -> None:
        limits = service.limits_of(caller)
        self._room, self._take = room, limits.watch if watch else limits.stream
        self._still = partial(service.authenticate.still, caller)
        self._own = ExitStack()
        self._place: Place | None = None
        self._said_s = self._looked_s = 0.0

    async def take(self) -> None:
        """Raises `QueueFull` if the process serves no more, `LimitReached` if the caller has as many as he may."""
        self._room.take()
        try:
            self._place = await blocking(self._own.enter_context, self._take())
        except BaseException:
            self._room.give_back()
            raise
        self._said_s = self._looked_s = anyio.current_time()

    async def keep(self) -> None:
        """Say that the stream lives; cheap enough for every chunk. An outage of the store ends no stream.

        Raises `Unauthorized` some seconds after the caller's key was revoked or has expired.
        """
        now = anyio.current_time()
        try:
            if now - self._looked_s > LOOK_AT_KEY_EVERY_S:
                self._looked_s = now
                await blocking(self._still)
            if self._place is not None and now - self._said_s > _SAY_AGAIN_S:
                self._said_s = now
                await blocking(self._place.keep)
        except StorageUnavailable as error:
            _log.info("the place of a stream was not said again: %s", error.code)

    async def give_back(self) -> None:
        """What `take` took. What the store does not hear of is free by itself in two minutes."""
        self._room.give_back()
        with anyio.CancelScope(shield=True):
            try:
                await blocking(self._own.close)
            except StorageUnavailable as error:
                _log.info("the place of a stream was not given back: %s", error.code)
            await self._room.tidy()


def watchers_room(state: State) -> LiveRoom:
    """The room of those who watch jobs in this application."""
    room: LiveRoom = state.watchers_room
    return room


def live_room(state: State) -> LiveRoom:
    """The room of this application."""
    room: LiveRoom = state.live_room
    return room
