"""How much of the machine one process of the tests may use."""

from __future__ import annotations

import os


def threads_here() -> int:
    """Cores of the machine shared among the processes that pytest-xdist runs side by side; at least 1.

    Networks that each take all cores wait for each other at every layer: two processes of two threads are slower on two
    cores than two of one.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1, (os.cpu_count() or 1) // workers)
