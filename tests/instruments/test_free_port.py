"""A port is given once, whoever asks, and comes back with the end of its process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.instruments.free_port import free_port

_SOME = (
    "from tests.instruments.free_port import free_port; print(*(free_port() for _ in range(300)), flush=True); input()"
)
#: All of three that nobody else asks for.
_ALL = """
from tests.instruments import free_port as module
module._FIRST, module._LAST = 15_000, 15_003
given = []
try:
    while True:
        given.append(module.free_port())
except RuntimeError:
    print(*sorted(given), flush=True)
input()
"""


@contextmanager
def asking(code):
    """What a process of its own was given; it lives on inside."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield [int(word) for word in process.stdout.readline().split()]
        finally:
            process.kill()


def test_no_two_threads_or_processes_are_given_the_same_port():
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        given = [port for _ in range(3) for port in stack.enter_context(asking(_SOME))]
        given += pool.map(lambda _: free_port(), range(300))
    assert len(set(given)) == len(given) == 1_200


def test_a_killed_process_gives_its_ports_back():
    with asking(_ALL) as first, asking(_ALL) as second:
        assert first
        assert second == []
    with asking(_ALL) as third:
        assert third == first


def test_a_port_that_somebody_has_bound_is_not_given():
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", 15_001))  # not listening yet
        with asking(_ALL) as given:
            assert 15_001 not in given
