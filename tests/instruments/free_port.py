"""A TCP port that no other test process is given, though its owner may be away for a while."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
import threading
from pathlib import Path

#: Below the range from which Linux (32768 on) and macOS (49152 on) take ports for outgoing connections. A port from there
#: could be given to somebody else while a killed server is down, or a client could even be connected to itself.
_FIRST, _LAST = 20_000, 32_000


class _Ports:
    """The ports this process was given. Each is one byte of a file that all processes share, locked until we end.

    A server needs seconds until it listens, and a killed one is away for as long: to look whether somebody listens is not
    enough. The kernel forgets these locks with their process, however that ends, and no child inherits them.
    """

    def __init__(self) -> None:
        self._chance = random.Random(os.getpid())  # processes of one test run begin at different places
        self._given: set[int] = set()
        self._lock = threading.Lock()
        # Never closed: that would give up all locks.
        path = Path(tempfile.gettempdir()) / f"voicecore-test-ports-{os.getuid()}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def one(self) -> int:
        with self._lock:
            start, number = self._chance.randrange(_FIRST, _LAST), _LAST - _FIRST
            for port in (_FIRST + (start + step) % number for step in range(number)):
                if port not in self._given and self._taken(port):
                    self._given.add(port)
                    return port
        raise RuntimeError(f"no free port found between {_FIRST} and {_LAST}")

    def _taken(self, port: int) -> bool:
        """Whether it is ours now: no other process has its byte, and nobody has bound it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        # On all addresses and without SO_REUSEADDR, so that it is free for whoever asks in whichever way.
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, port)
                return False
        return True


_ports = _Ports()


def free_port() -> int:
    """A port of 127.0.0.1 that is this process' own until it ends. No two calls give the same."""
    return _ports.one()
