"""One client of Wyoming: what it says is read while what it asked for before is spoken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from wyoming.event import Event
from wyoming.ping import Ping, Pong

from entrypoints.http.live_room import LiveRoom
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from entrypoints.wyoming import voices
from entrypoints.wyoming.door import caller_of
from entrypoints.wyoming.messages import Asked, Portion, Selected, Started, VoiceSaid, read, read_words
from entrypoints.wyoming.speech import Speech
from entrypoints.wyoming.wire import Left, Wire
from voicecore.access import Caller
from voicecore.errors import Conflict, InvalidInput, NotFound, VoiceCoreError
from voicecore.usecases.choose_voice import ChosenVoice

#: Texts of one client that may wait for the one that is spoken.
MAX_WAITING = 8


class Idle(InvalidInput):
    """Nothing came for too long while there was nothing to speak."""

    code = "idle"


class Session:
    """A connection from its first event to its last.

    Attributes:
        active_at: when the client last said something, or was last spoken to, by `anyio.current_time`.
    """

    def __init__(self, service: Service, room: LiveRoom, wire: Wire) -> None:
        self._service, self._room, self._wire = service, room, wire
        self._speeches: list[Speech] = []
        #: What `synthesize-start` began.
        self._writing: Speech | None = None
        self._program: str | None = None
        self._handlers: dict[str, Callable[[Event], Awaitable[None]]] = {
            "describe": self._describe, "ping": self._ping, "select-program": self._select, "synthesize": self._whole,
            "synthesize-start": self._start, "synthesize-chunk": self._portion, "synthesize-stop": self._stop,
        }  # fmt: skip
        self._to_play: MemoryObjectSendStream[Speech]
        self.active_at = anyio.current_time()

    @property
    def busy(self) -> bool:
        """Whether there is something to speak."""
        return any(speech.waiting for speech in self._speeches)

    async def run(self) -> None:
        """Until the client leaves. Raises `Left`, or what ends it before."""
        failures: list[BaseException] = []
        self._to_play, speeches = anyio.create_memory_object_stream[Speech](MAX_WAITING)
        with self._to_play, speeches, ExitStack() as ended:
            ended.callback(self._forget)
            async with anyio.create_task_group() as tasks:

                async def guarded(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
                    try:
                        await work(*arguments)
                    except (VoiceCoreError, Left) as error:
                        failures.append(error)
                    tasks.cancel_scope.cancel()

                tasks.start_soon(guarded, self._play, speeches)
                tasks.start_soon(guarded, self._watch)
                await guarded(self._listen)
        if failures:
            raise failures[0]

    def _forget(self) -> None:
        for speech in self._speeches:
            speech.close()

    async def _listen(self) -> None:
        while True:
            event = await self._wire.read()
            self.active_at = anyio.current_time()
            # What is not known is passed over, as the protocol wants.
            if (handle := self._handlers.get(event.type)) is not None:
                await handle(event)

    async def _play(self, speeches: MemoryObjectReceiveStream[Speech]) -> None:
        async for speech in speeches:
            await speech.play(self._wire.send)
            self._speeches.remove(speech)
            speech.close()
            self.active_at = anyio.current_time()

    async def _watch(self) -> None:
        """Ends the session of a client that says nothing and hears nothing."""
        idle_s = self._service.settings.socket_idle_s
        while True:
            left_s = idle_s if self.busy else self.active_at + idle_s - anyio.current_time()
            if left_s <= 0:
                raise Idle(f"No event came for {idle_s:g} s while there was nothing to speak; connect anew.")
            await anyio.sleep(left_s)

    # --- events -------------------------------------------------------------------------------------------------
    async def _describe(self, _: Event) -> None:
        told = await blocking(lambda: voices.info(self._service, caller_of(self._service)))
        await self._wire.send(told.event())

    async def _ping(self, event: Event) -> None:
        await self._wire.send(Pong(text=Ping.from_event(event).text).event())

    async def _select(self, event: Event) -> None:
        name = read(event, Selected).name
        if name not in self._service.engines.providers:
            raise NotFound(f"There is no program {name[:80]!r}; 'describe' lists them.")
        self._program = name

    async def _whole(self, event: Event) -> None:
        if self._writing is not None:
            return  # the same text once more, for servers that do not take portions
        said = read_words(event, Asked)
        (await self._begun(said.voice, written=False)).whole(said.text)

    async def _start(self, event: Event) -> None:
        if self._writing is not None:
            raise Conflict("A text is being written already; end it with 'synthesize-stop' first.")
        self._writing = await self._begun(read_words(event, Started).voice, written=True)

    async def _portion(self, event: Event) -> None:
        await self._written().write(read(event, Portion).text)

    async def _stop(self, _: Event) -> None:
        speech, self._writing = self._written(), None
        speech.end()

    def _written(self) -> Speech:
        if self._writing is None:
            raise Conflict("No text was begun; send 'synthesize-start' first.")
        return self._writing

    async def _begun(self, said: VoiceSaid | None, *, written: bool) -> Speech:
        """A text to speak, behind those that wait."""

        def admitted() -> tuple[Caller, ChosenVoice]:
            caller = caller_of(self._service)
            self._service.limits_of(caller).request()
            return caller, voices.chosen(self._service, caller, said, self._program)

        speech = Speech(self._service, self._room, *await blocking(admitted), written=written)
        try:
            self._to_play.send_nowait(speech)
        except anyio.WouldBlock:
            speech.close()
            raise Conflict(f"{MAX_WAITING} texts wait on this connection already; hear them first.") from None
        self._speeches.append(speech)
        return speech
