"""Run the benchmarks and print their tables: `nox -s bench`, or `nox -s bench -- http_overhead listing` for some."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tables import markdown

BENCHMARKS = {
    "imports": "Import",
    "kokoro_speed": "Embedded engine",
    "memory": "Memory",
    "http_overhead": "Everything but the model",
    "listing": "Listing",
    "streaming": "Live audio",
    "studio": "The studio",
    "peer_servers": "Beside other servers",
    "queue_throughput": "Many workers: throughput",
    "queue_latency": "Many workers: latency",
    "idle_cost": "Many workers: what they ask of Redis",
    "recovery": "Many workers: kill -9",
}
#: Of a smoke at a time: most of them wait for leases and windows, and their figures mean nothing anyway.
SIDE_BY_SIDE = 3


def smoke(names: list[str]) -> None:
    """Each benchmark in a process of its own. Ends with the first one's output that fails."""
    # Before they would both make the peer's environment.
    importlib.import_module("fleets").celery_python()

    def one(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(Path(__file__)), "--smoke", name]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for name, done in zip(names, pool.map(one, names), strict=True):
            print(done.stdout, flush=True)
            if done.returncode:
                pool.shutdown(wait=False, cancel_futures=True)
                raise SystemExit(f"{name} ended with {done.returncode}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which benchmarks; all if none is named")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: shows that they run, measures nothing")
    chosen = parser.parse_args()
    if chosen.smoke and len(chosen.names) != 1:
        smoke(chosen.names or list(BENCHMARKS))
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    for name in chosen.names or BENCHMARKS:
        rows = importlib.import_module(name).run(smoke=chosen.smoke)
        print(markdown(BENCHMARKS[name], rows), flush=True)


if __name__ == "__main__":
    sys.exit(main())
