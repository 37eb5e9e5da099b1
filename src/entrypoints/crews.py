"""Who works in a process: all in one, only requests, or only jobs."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from entrypoints.settings import Settings
from voicecore import __version__
from voicecore.errors import NotFound, NotInstalled
from voicecore.ports import Clock, Doorbell, EngineHost, WorkerRoster
from voicecore.usecases.announce import EVERY_S, Announce
from voicecore.usecases.chore import Chore
from voicecore.usecases.converters import Converters
from voicecore.usecases.crew import Crew, Slot
from voicecore.usecases.deliver_notices import DeliverNotices
from voicecore.usecases.engines import Engines
from voicecore.usecases.purge_expired import PurgeExpired
from voicecore.usecases.run_job import RunJob
from voicecore.usecases.runner import Runner

_log = logging.getLogger("voicecore.worker")

#: Tidying looks at every blob, expiry only at jobs whose time is over.
EXPIRE_EVERY_S, TIDY_EVERY_S = 60.0, 600.0
#: Whether Redis and blobs still belong together is looked at again: either may have been exchanged for another.
CHECK_EVERY_S = 60.0
NOTICES_EVERY_S, NOTICES_GRACE_S = 1.0, 2.0
#: How long an idle slot trusts the bell. Without Redis looking costs nothing; with it, the sweeper rings for what was lost.
EMBEDDED_POLL_S, DISTRIBUTED_POLL_S = 1.0, 5.0


def process_name() -> str:
    """Names this process in leases, logs and the roster."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What crews are made of.

    Attributes:
        make_host: the next slot's place where engines run: one of its own, or its share of one.
        make_run: the use case for one slot, given `host` and `engines`.
        notices: tells of ended jobs, or None where no webhooks are configured.
    """

    settings: Settings
    clock: Clock
    roster: WorkerRoster
    engines: Engines
    converters: Converters
    purge: PurgeExpired
    make_host: Callable[[], EngineHost]
    make_run: Callable[..., RunJob]
    notices: DeliverNotices | None


def embedded_crew(tools: Tools, doorbell: Doorbell) -> Crew:
    """All in one process: every slot, every chore. Jobs of every engine are taken; one that cannot open fails its job."""
    slots = _slots(tools, doorbell, None, EMBEDDED_POLL_S)
    crew = Crew(slots, [], doorbell)
    announce = _announce(tools, crew, lambda: _with_converter(tuple(tools.engines.providers), tools.converters))
    # The house is tidied as the first thing, so that what a killed process left is gone soon.
    crew.chores = [
        Chore("expire", tools.purge.expire, EXPIRE_EVERY_S),
        Chore("tidy", tools.purge.tidy, TIDY_EVERY_S),
        Chore("announce", announce, EVERY_S),
        *_messenger(tools),
    ]
    crew.farewell = _farewell(tools, announce)
    return crew


def request_crew(doorbell: Doorbell, check: Callable[[], object]) -> Crew:
    """Nobody who runs jobs: a process that takes requests and rings for the workers."""
    return Crew([], [Chore("check", check, CHECK_EVERY_S)], doorbell)


def worker_crew(tools: Tools, doorbell: Doorbell, served: Sequence[str], check: Callable[[], object]) -> Crew:
    """Slots for what opens here, engines and the converter. Cleaning is a chore of the doorbell, done once for all workers."""
    engines = set(served)
    slots = _slots(tools, doorbell, engines, DISTRIBUTED_POLL_S)
    crew = Crew(slots, [], doorbell)
    announce = _announce(tools, crew, lambda: tuple(sorted(engines)))
    crew.chores = [
        Chore("announce", announce, EVERY_S), Chore("check", check, CHECK_EVERY_S), *_messenger(tools),
    ]  # fmt: skip
    crew.farewell = _farewell(tools, announce)
    return crew


def served_engines(settings: Settings, engines: Engines, converters: Converters) -> tuple[str, ...]:
    """What a worker serves: it takes jobs of which every need is among these names. The converter counts as one, of jobs
    that only convert and of speech that is converted.

    Raises:
        NotInstalled: if one that the settings name cannot open here, or if none can.
        NotFound: if the settings name one that is not installed.
    """
    named = settings.worker_engines
    for name in named:
        try:
            converts = name == converters.name and name not in engines.providers
            problems = converters.problems() if converts else engines.provider(name).problems()
        except NotFound as error:
            raise NotFound(f"VOICECORE_WORKER_ENGINES (or --engines): {error.message}") from None
        if problems:
            raise NotInstalled(f"VOICECORE_WORKER_ENGINES names {name!r}, which cannot open here: {problems[0]}")
    if named:
        return named
    found = []
    for name, problems in engines.problems().items():
        if problems:
            _log.warning("engine %s is not served by this worker: %s", name, problems[0])
        else:
            found.append(name)
    served = _with_converter(tuple(found), converters)
    if not served:
        raise NotInstalled("No engine can open here, so this worker would do nothing: voicecore doctor says why.")
    return served


def _with_converter(engines: tuple[str, ...], converters: Converters) -> tuple[str, ...]:
    if converters.name in engines or converters.problems():
        return engines
    return (*engines, converters.name)


def _slots(tools: Tools, doorbell: Doorbell, engines: set[str] | None, poll_s: float) -> list[Slot]:
    name = process_name()
    slots = []
    for number in range(tools.settings.slots):
        run_job = tools.make_run(host=tools.make_host(), engines=engines)
        runner = Runner(f"{name}-{number}", doorbell, run_job, run_job.shut_down, poll_s)
        slots.append(Slot(runner, run_job))
    return slots


def _announce(tools: Tools, crew: Crew, engines: Callable[[], tuple[str, ...]]) -> Announce:
    started: datetime = tools.clock.now()
    return Announce(
        roster=tools.roster, name=process_name(), engines=engines, slots=len(crew.slots), busy=lambda: crew.busy,
        started_at=started, version=__version__, gauges=crew.gauges,
    )  # fmt: skip


def _messenger(tools: Tools) -> list[Chore]:
    # It takes notices in hand and is done; threads of its own deliver them. Not restful: ends are told soon.
    return [] if tools.notices is None else [Chore("notices", tools.notices, NOTICES_EVERY_S, restful=False)]


def _farewell(tools: Tools, announce: Announce) -> Callable[[], None]:
    def leave() -> None:
        if tools.notices is not None:
            # The jobs that the drain let end are told of now, if their receivers are quick; else by the next process.
            tools.notices()
            tools.notices.close(NOTICES_GRACE_S)
        announce.withdraw()

    return leave
