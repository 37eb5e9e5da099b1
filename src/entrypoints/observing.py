"""Who watches a process: its meter, its tracer, and what is looked at when the numbers are asked for."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from entrypoints.settings import Settings
from voicecore import __version__, measures
from voicecore.errors import MissingDependency, VoiceCoreError
from voicecore.ports import JobStore, Meter, Tracer, WorkerRoster
from voicecore.ports.watching import Reading
from voicecore.unwatched import NO_TRACER
from voicecore.usecases.crew import Crew

_STARTED = time.time()
#: What engines call the memory that they hold, and what the measure calls it.
_PARTS = {"weight_bytes": "weights", "kv_cache_bytes": "kv_cache", "prefix_cache_bytes": "prefix_cache",
          "conditioning_on_device_bytes": "conditioning"}  # fmt: skip


class Exposed(Meter, Protocol):
    """A meter that can be read as text."""

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All of it, and its media type, for an `Accept` header."""


def tracer(settings: Settings) -> Tracer:
    """None that does anything unless the settings ask for one. Raises `MissingDependency` if they do and it is not installed."""
    if not settings.otel:
        return NO_TRACER
    try:
        from adapters.tracers.otel import OtelTracer  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependency(
            "VOICECORE_OTEL asks for traces, and OpenTelemetry is not installed: pip install 'voicecore[otel]', "
            "or leave VOICECORE_OTEL out."
        ) from error
    return OtelTracer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The numbers of this process as text: what was counted, and what is so in the moment of asking.

    Attributes:
        crew: who works here.
    """

    meter: Exposed
    store: JobStore
    roster: WorkerRoster
    data_dir: Path
    crew: Callable[[], Crew]

    def __call__(self, accept: str = "") -> tuple[bytes, str]:
        """The text and its media type, by an `Accept` header. A store that does not answer is told, not raised."""
        self.look()
        return self.meter.exposition(accept)

    def look(self) -> None:
        """Show the meter what is so now."""
        self._look_at_jobs()
        crew = self.crew()
        self._show(measures.RUNNING_JOBS, crew.busy)
        self._show(measures.SLOTS, len(crew.slots))
        self._look_at_engines(crew.gauges())
        with contextlib.suppress(OSError):
            usage = shutil.disk_usage(self.data_dir)
            self._show(measures.DISK_FREE, usage.free)
            self._show(measures.DISK_SIZE, usage.total)
        self.meter.show(measures.PROCESS_MEMORY, memory())
        self._show(measures.START_TIME, _STARTED)
        self._show(measures.BUILD, 1, version=__version__, python=platform.python_version())

    def _look_at_jobs(self) -> None:
        jobs: list[Reading] = []
        waiting: list[Reading] = []
        workers: list[Reading] = []
        up = 1
        try:
            jobs = [({"status": status.value}, count) for status, count in self.store.counts().items()]
            waiting = [({"engine": engine}, count) for engine, count in self.store.waiting().items()]
            workers = [({}, len(self.roster.present()))]
        except VoiceCoreError:
            up = 0
        self.meter.show(measures.KEPT_JOBS, jobs)
        self.meter.show(measures.QUEUE_DEPTH, waiting)
        self.meter.show(measures.WORKERS, workers)
        self._show(measures.STORE_UP, up)

    def _look_at_engines(self, gauges: Mapping[str, Mapping[str, float]]) -> None:
        self.meter.show(measures.MODELS_LOADED, [({"engine": engine}, 1) for engine in gauges])
        self.meter.show(
            measures.MODEL_MEMORY,
            [
                ({"engine": engine, "part": part}, told[name])
                for engine, told in gauges.items()
                for name, part in _PARTS.items()
                if name in told
            ],
        )
        self.meter.show(
            measures.SEGMENT_RETRIES, [each for engine, told in gauges.items() for each in _retries(engine, told)]
        )

    def _show(self, gauge: measures.Gauge, value: float, **labels: str) -> None:
        self.meter.show(gauge, [(labels, value)])


def _retries(engine: str, told: Mapping[str, float]) -> Iterable[Reading]:
    everything = told.get("guard_retries_total")
    if everything is not None:
        loops = told.get("guard_retries_of_loops_total", 0.0)
        yield {"engine": engine, "reason": "loop"}, loops
        yield {"engine": engine, "reason": "overrun"}, everything - loops


def memory() -> list[Reading]:
    """Resident bytes of this process and of its children; nothing where the system has no `/proc`."""
    ours = _resident(os.getpid())
    if ours is None:
        return []
    children = sum(_resident(pid) or 0 for pid in _children(os.getpid()))
    return [({"process": "self"}, ours), ({"process": "children"}, children)]


def _resident(pid: int) -> int | None:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> set[int]:
    # A thread may end between the listing and the look.
    found: set[int] = set()
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= {int(each) for each in listing.read_text("ascii").split()}
    return found
