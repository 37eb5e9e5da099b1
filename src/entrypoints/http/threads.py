"""Blocking calls, kept out of the event loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

P = ParamSpec("P")
T = TypeVar("T")


async def blocking(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a short call, such as one of a store, in a thread."""
    return await anyio.to_thread.run_sync(partial(call, *args, **kwargs))


class Pool:
    """Room for so many calls that may take seconds, apart from the short ones, so that they cannot starve them."""

    def __init__(self, name: str, calls: int) -> None:
        self._calls = calls
        # One limiter an event loop: a limiter belongs to the loop it was made in.
        self._limiter: RunVar[CapacityLimiter] = RunVar(f"voicecore_{name}")

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the call in a thread, when there is room."""
        limiter = self._limiter.get(None)
        if limiter is None:
            limiter = CapacityLimiter(self._calls)
            self._limiter.set(limiter)
        return await anyio.to_thread.run_sync(partial(call, *args, **kwargs), limiter=limiter)


UPLOADS = Pool("uploads", 6)
ENCODINGS = Pool("encodings", 4)
