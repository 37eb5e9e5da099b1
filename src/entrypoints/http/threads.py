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

#: Uploads being decoded and downloads being encoded at once; more wait.
_LONG_CALLS = 6
_long: RunVar[CapacityLimiter] = RunVar("voicecore_long_calls")


async def blocking(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a short call, such as one of a store, in a thread."""
    return await anyio.to_thread.run_sync(partial(call, *args, **kwargs))


async def blocking_long(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that may take seconds in a thread of a pool of its own, so that it cannot starve the short ones."""
    limiter = _long.get(None)
    if limiter is None:
        limiter = CapacityLimiter(_LONG_CALLS)
        _long.set(limiter)
    return await anyio.to_thread.run_sync(partial(call, *args, **kwargs), limiter=limiter)
