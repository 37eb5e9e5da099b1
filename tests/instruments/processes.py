"""Whether a process of a test is still there."""

from __future__ import annotations

import contextlib

import psutil


def runs(process: psutil.Process) -> bool:
    """Whether it does anything still. One that has ended may be listed for seconds, until init has heard of it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
