"""Run the benchmarks and print their tables: `nox -s bench`, or `nox -s bench -- http_overhead listing` for some."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys

from tables import markdown

BENCHMARKS = {
    "imports": "Import",
    "kokoro_speed": "Embedded engine",
    "memory": "Memory",
    "http_overhead": "Everything but the model",
    "listing": "Listing",
    "queue_throughput": "Many workers: throughput",
    "queue_latency": "Many workers: latency",
    "idle_cost": "Many workers: what they ask of Redis",
    "recovery": "Many workers: kill -9",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which benchmarks; all if none is named")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: shows that they run, measures nothing")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    for name in chosen.names or BENCHMARKS:
        rows = importlib.import_module(name).run(smoke=chosen.smoke)
        print(markdown(BENCHMARKS[name], rows), flush=True)


if __name__ == "__main__":
    sys.exit(main())
