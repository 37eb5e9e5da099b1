"""How long a ring takes from one process to another, and what an idle worker costs Redis.

    python -m tests.adapters.arq.measure_doorbell [rings]

Prints milliseconds from `ring` in one process to the end of `wait` in another, and commands per second that one worker
with one engine and two slots (which wait a second at a time, as the runner does) makes Redis execute.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from redis import Redis

from adapters.queues.arq import ArqDoorbell
from tests.instruments.redis_server import RedisServer
from voicecore.job import JobId

_IDLE_S = 20.0


def _worker(url: str, ends: Connection) -> None:
    """Waits, says when it was woken, and ends at the first word it hears."""
    doorbell = ArqDoorbell(url, "measured", engines=["tone"])
    while not ends.poll():
        if doorbell.wait(1.0):
            ends.send(time.monotonic())
    doorbell.close()


def latencies_ms(url: str, rings: int) -> list[float]:
    """Of each ring, sorted."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=_worker, args=(url, there))
    worker.start()
    doorbell = ArqDoorbell(url, "measured")
    took = []
    for number in range(rings + 20):
        began = time.monotonic()
        doorbell.ring(JobId(f"job_{number}"), "tone")
        woken = here.recv()
        if number >= 20:  # the first ones start processes and connections
            took.append(1000 * (woken - began))
        time.sleep(0.005)  # the worker waits again
    here.send("end")
    worker.join()
    doorbell.close()
    return sorted(took)


def idle_commands_per_s(url: str) -> tuple[float, dict[str, float]]:
    """All commands per second, and by name."""
    doorbell = ArqDoorbell(url, "idle", engines=["tone"])
    stop = threading.Event()

    def slot() -> None:
        while not stop.is_set():
            doorbell.wait(1.0)

    slots = [threading.Thread(target=slot) for _ in range(2)]
    for thread in slots:
        thread.start()
    time.sleep(5)
    with Redis.from_url(url) as redis:
        redis.config_resetstat()
        time.sleep(_IDLE_S)
        calls = {
            name.removeprefix("cmdstat_"): line["calls"] / _IDLE_S for name, line in redis.info("commandstats").items()
        }
    stop.set()
    doorbell.close()
    calls = {name: rate for name, rate in calls.items() if not name.startswith("config")}
    return sum(calls.values()), calls


def main() -> None:
    rings = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        took = latencies_ms(server.url, rings)
        print(f"ring to wake, {rings} rings: p50 {statistics.median(took):.2f} ms, "
              f"p99 {took[int(0.99 * len(took))]:.2f} ms, most {took[-1]:.2f} ms")  # fmt: skip
        total, calls = idle_commands_per_s(server.url)
        print(f"idle: {total:.2f} commands/s", calls)


if __name__ == "__main__":
    main()
