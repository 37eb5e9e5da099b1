"""Freed memory goes back to the system: the C library keeps what lies between blocks that are still in use."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """Glibc's malloc_trim(3); None with C libraries that have no such call, and need none."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl; macOS; Windows
        return None
    return found


def return_freed() -> bool:
    """Give back whole pages of memory that was freed, from anywhere in the heap; whether the system can and there were any.

    Takes some milliseconds, and whoever allocates next pays for fresh pages: for between large steps of long work whose sizes
    differ, since the gaps that they leave do not fit each other.
    """
    trim = _trim()
    return trim is not None and bool(trim(0))
