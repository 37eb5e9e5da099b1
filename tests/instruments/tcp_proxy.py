"""A bad network: a TCP proxy that delays, cuts, and swallows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from tests.instruments.free_port import free_port

T = TypeVar("T")


class TcpProxy:
    """Passes everything between its port on 127.0.0.1 and `target_port`, until it is told otherwise.

    Every method may be called from any thread and holds for open connections, too. `heal` ends every trouble.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = free_port()
        self._delay_s = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._questions, self._answers = asyncio.Event(), asyncio.Event()
        self._do(self._heal())

    def heal(self) -> None:
        """Pass everything at once. What a black hole held comes now, as a network that comes back would send it again."""
        self._do(self._heal())

    def delay(self, seconds: float) -> None:
        """Hold every piece of data for so long, in both directions."""
        self._delay_s = seconds

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._do(self._cut())

    def black_hole(self) -> None:
        """Accept connections and data, and pass nothing on."""
        self._do(self._hold(self._questions, self._answers))

    def lose_answers(self) -> None:
        """Pass questions on, but no answers: the server does what it is asked, and its client never hears of it."""
        self._do(self._hold(self._answers))

    def close(self) -> None:
        """End everything. Idempotent."""
        if not self._loop.is_closed():
            self._do(self._cut())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _heal(self) -> None:
        self._delay_s = 0.0
        self._questions.set()
        self._answers.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def _hold(self, *gates: asyncio.Event) -> None:
        for gate in gates:
            gate.clear()

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # for the handlers that await them

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted just before the cut
            writer.transport.abort()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Awaited without being its owner: asyncio would log a handler that was cancelled.
        await asyncio.wait([task])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            await self._questions.wait()
            answers, target = await asyncio.open_connection("127.0.0.1", self.target_port)
            ends.append(target)
            await self._pass(self._pump(reader, target, self._questions), self._pump(answers, writer, self._answers))
        except asyncio.CancelledError:  # the cut, which also takes what is on its way
            for end in ends:
                end.transport.abort()
        except OSError:
            pass  # either side left; so does the other
        finally:
            for end in ends:
                end.close()

    @staticmethod
    async def _pass(*directions: Coroutine[Any, Any, None]) -> None:
        """Until one side ends."""
        pumps = [asyncio.ensure_future(direction) for direction in directions]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            await gate.wait()
            writer.write(data)
            await writer.drain()
