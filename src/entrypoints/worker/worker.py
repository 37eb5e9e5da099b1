"""A worker of its own: slots for the engines that open here, on a Redis that others share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entrypoints import distributed
from entrypoints.crews import Tools, served_engines, worker_crew
from entrypoints.observing import Exposed, Metrics
from entrypoints.opened import Opened
from voicecore.needs import lines_served
from voicecore.ports import Catalog, JobStore, Relay, Tracer, Watermarker
from voicecore.usecases.crew import Crew
from voicecore.usecases.sweep import Sweep

if TYPE_CHECKING:
    from adapters.queues.arq import ArqDoorbell

_log = logging.getLogger("voicecore.worker")

#: Done once for all workers. A lost ring costs at most a sweep; tidying lists every blob, so it is rarer than expiry.
SWEEP_EVERY_S = 10
EXPIRE_EVERY_S = 300
TIDY_EVERY_S = 3600


@dataclass(slots=True, kw_only=True)
class Worker(Opened):
    """Use it as a context manager: it starts the crew and ends it in order.

    Attributes:
        check: looks whether the parts fit together before any job is taken; raises if not.
        hang_up: gives back the connection that the stores share; called last.
    """

    tools: Tools
    store: JobStore
    catalog: Catalog
    relay: Relay
    watermarker: Watermarker | None
    check: Callable[[], object]
    meter: Exposed
    tracer: Tracer
    hang_up: Callable[[], object]
    _crew: Crew | None = field(default=None)

    @property
    def crew(self) -> Crew:
        """The slots and chores; they are there once the worker is open."""
        if self._crew is None:
            raise RuntimeError("The worker is not open.")
        return self._crew

    @property
    def metrics(self) -> Metrics:
        """The numbers of this process as text."""
        return Metrics(
            meter=self.meter, store=self.store, roster=self.tools.roster, data_dir=self.tools.settings.data_dir,
            crew=lambda: self.crew,
        )  # fmt: skip

    def open(self) -> None:
        """Check the parts and start to work.

        Raises:
            StorageUnavailable: Redis or the audio's place cannot be used.
            NotInstalled: no engine, or not every engine that the settings name, opens here; or a watermark is on and does not work.
        """
        settings = self.tools.settings
        served = served_engines(settings, self.tools.engines, self.tools.converters)
        self.check()
        if self.watermarker is not None:
            # What could not be marked is not made.
            self.watermarker.check()
        bell = self._doorbell(served)
        self._crew = worker_crew(self.tools, bell, served, self.check)
        self._crew.start()
        # Else the chores would wait for the first idle slot.
        bell.start()
        _log.info("worker serves %s with %d slots", ", ".join(served), settings.slots)

    def stop(self) -> None:
        """Take no new job; the running ones may end within `drain_s`, else they are handed back. Idempotent."""
        if self._crew is not None:
            self._crew.stop(self.tools.settings.drain_s)

    def close(self) -> None:
        """Stop, end the engines' processes, give back connections. Idempotent."""
        self.stop()
        if self._crew is not None:
            self._crew.close()
        if self.watermarker is not None:
            self.watermarker.close()
        self.relay.close()
        self.catalog.close()
        self.store.close()
        self.tracer.close()
        self.hang_up()

    def _doorbell(self, served: tuple[str, ...]) -> ArqDoorbell:
        lines = lines_served(served, self.tools.converters.name)

        def sweep() -> None:
            Sweep(self.store, bell, lines)()

        chores: list[tuple[str, Callable[[], object], int]] = [
            ("sweep", sweep, SWEEP_EVERY_S),
            ("expire", self.tools.purge.expire, EXPIRE_EVERY_S),
            ("tidy", self.tools.purge.tidy, TIDY_EVERY_S),
        ]
        bell = distributed.doorbell(self.tools.settings, lines, chores)
        return bell
