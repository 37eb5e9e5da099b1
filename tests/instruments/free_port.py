"""A TCP port that nobody else will be given while its owner is away."""

from __future__ import annotations

import os
import random
import socket

#: Below the range from which Linux (32768 on) and macOS (49152 on) take ports for outgoing connections. A port from there
#: could be given to somebody else while a killed server is down, or a client could even be connected to itself.
_FIRST, _LAST = 20_000, 32_000
_chance = random.Random(os.getpid())  # processes of one test run begin at different places


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    for _ in range(1_000):
        port = _chance.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found between 20000 and 32000")
