"""An event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any


class LoopThread:
    """Runs one coroutine in a daemon thread, and leaves nothing behind.

    Args:
        main: makes the coroutine, in the loop, from an event that is set when it must end.
        farewell_s: how long it may take to end; after that it is left where it is.
    """

    def __init__(
        self, main: Callable[[asyncio.Event], Coroutine[Any, Any, None]], name: str, farewell_s: float = 5.0
    ) -> None:
        self._main = main
        self._name = name
        self._farewell_s = farewell_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._running = threading.Event()
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, unless it did already or is closed. Cheap enough to call before every use."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None and not self._closed:  # type: ignore[redundant-expr]
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def call(self, function: Callable[[], object]) -> None:
        """Have `function` called in the loop soon; nothing if the loop does not run (any more)."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:
            # The loop closed in between, so there is nobody left to tell.
            return

    def close(self) -> None:
        """Ask the coroutine to end, and wait for it. Idempotent."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is None:
            return
        # The thread may have been started a moment ago and not have its loop yet.
        self._running.wait(self._farewell_s)
        self.call(self._stop.set)
        thread.join(self._farewell_s)

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._hold())
        finally:
            self._loop = None
            self._running.set()

    async def _hold(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running.set()
        await self._main(self._stop)
