"""`/health`, `/live` and `/ready`: how the service is, for orchestrators, supervisors and people."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.openapi.datastructures import ResponseSpec

from entrypoints.http.door import OPEN
from entrypoints.http.job_answers import utc
from entrypoints.http.rvc_model_answers import whats_off
from entrypoints.http.sentences import told_outside
from entrypoints.http.wiring import Wired
from entrypoints.service import Service
from voicecore import __version__
from voicecore.errors import VoiceCoreError
from voicecore.needs import unserved

SERVICE_NAME = "audio-voice"
#: Shares of free disk at which jobs will soon fail, and at which they fail any moment.
DISK_WARNING, DISK_ERROR = 0.10, 0.05
_GB = 1024**3

Grade = Literal["ok", "warning", "error"]
Health = Literal["healthy", "degraded", "unhealthy"]


class Check(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One thing looked at, and what was seen."""

    status: Grade
    detail: str | None = None
    free_gb: float | None = None
    free_percent: float | None = None
    engine: str | None = None
    model_loaded: bool | None = None
    active: int | None = None
    busy: int | None = None
    queued: int | None = None
    processing: int | None = None
    installed: bool | None = None
    methods_off: dict[str, str] | None = None


class HealthAnswer(msgspec.Struct, kw_only=True):
    """`degraded` still works; `unhealthy` (503) does not."""

    status: Health
    service: str
    version: str
    timestamp: datetime
    checks: dict[str, Check]


class Alive(msgspec.Struct, kw_only=True):
    """The process answers."""

    status: Literal["alive"]


class Readiness(msgspec.Struct, kw_only=True):
    """Whether new work should be sent here, and if not, why."""

    ready: bool
    reason: str | None = None


class Index(msgspec.Struct, kw_only=True):
    """Where to go from here."""

    service: str
    version: str
    openapi: str
    health: str
    links: list[str]


def grade_disk(free: int, total: int) -> Check:
    """The disk's check: warning from 10 % free down, error from 5 %."""
    share = free / total if total else 0.0
    grade: Grade = "error" if share <= DISK_ERROR else "warning" if share <= DISK_WARNING else "ok"
    return Check(status=grade, free_gb=round(free / _GB, 2), free_percent=round(100 * share, 1))


def overall(grades: Iterable[Grade]) -> Health:
    """The worst grade decides."""
    found = set(grades)
    return "unhealthy" if "error" in found else "degraded" if "warning" in found else "healthy"


def _check_store(service: Service) -> Check:
    try:
        counts = {status.value: count for status, count in service.store.counts().items()}
    except VoiceCoreError as error:
        return Check(status="error", detail=told_outside(service, error.message))
    return Check(status="ok", queued=counts["queued"], processing=counts["processing"])


def _check_disk(folder: Path) -> Check:
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Check(status="error", detail=f"The data folder cannot be read ({error.strerror}).")
    return grade_disk(usage.free, usage.total)


def _check_engine(service: Service) -> Check:
    """The default engine could speak; whether its model is in memory now, here or in some worker, is told besides."""
    name = service.engines.default
    problems = service.engines.provider(name).problems()
    if problems:
        return Check(status="error", engine=name, model_loaded=False, detail=told_outside(service, problems[0]))
    try:
        loaded = _loaded(service, name)
    except VoiceCoreError:
        # The roster cannot be asked; the check of the workers says why.
        return Check(status="ok", engine=name)
    detail = None if loaded else "Idle: the model is read into memory at the next job."
    return Check(status="ok", engine=name, model_loaded=loaded, detail=detail)


def _check_conversion(service: Service) -> Check:
    """Nothing but conversion needs it, so its absence is told and is no trouble; nor are pitch trackers that are off."""
    problem, off = whats_off(service)
    methods = {method.value: reason for method, reason in off.items()}
    return Check(status="ok", installed=problem is None, detail=problem, methods_off=methods or None)


def _loaded(service: Service, engine: str) -> bool:
    if not service.settings.distributed:
        return engine in service.crew.gauges()
    return any(engine in worker.gauges for worker in service.roster.present())


def _check_workers(service: Service) -> Check:
    crew = service.crew
    if not service.settings.distributed:
        if crew.alive and crew.slots and not service.drained:
            return Check(status="ok", active=len(crew.slots), busy=crew.busy)
        return Check(status="error", active=0, detail="No worker runs; jobs wait.")
    try:
        there, waiting_in_vain = service.roster.present(), unserved_lines(service)
    except VoiceCoreError as error:
        return Check(status="error", active=0, detail=told_outside(service, error.message))
    active, busy = sum(each.slots for each in there), sum(each.busy for each in there)
    if not there:
        detail = "No worker is there, so accepted jobs wait: start voicecore worker."
        return Check(status="warning", active=0, busy=0, detail=detail)
    if waiting_in_vain:
        waiting = ", ".join(f"{jobs} for {line}" for line, jobs in waiting_in_vain.items())
        detail = f"Jobs wait for what no worker serves ({waiting}): start a worker that has it."
        return Check(status="warning", active=active, busy=busy, detail=detail)
    return Check(status="ok", active=active, busy=busy)


def unserved_lines(service: Service) -> dict[str, int]:
    """Waiting jobs by what they need (`kokoro`, `rvc`, `kokoro+rvc`), where no worker in the roster serves all of it."""
    return unserved(service.store.waiting(), (worker.engines for worker in service.roster.present()))


def look(service: Service) -> HealthAnswer:
    """All checks."""
    checks = {
        "job_store": _check_store(service),
        "disk": _check_disk(service.settings.data_dir),
        "engine": _check_engine(service),
        "conversion": _check_conversion(service),
        "workers": _check_workers(service),
    }
    return HealthAnswer(
        status=overall(check.status for check in checks.values()), service=SERVICE_NAME, version=__version__,
        timestamp=utc(service.clock.now()), checks=checks,
    )  # fmt: skip


@get(
    "/health",
    sync_to_thread=True,
    responses={503: ResponseSpec(HealthAnswer, generate_examples=False, description="Unhealthy.")},
)
def health(service: Wired) -> Response[HealthAnswer]:
    """How the service is, part by part."""
    answer = look(service)
    return Response(answer, status_code=503 if answer.status == "unhealthy" else 200)


@get("/live")
async def live() -> Alive:
    """The process answers; nothing else is looked at, so that a full disk does not restart it for ever."""
    return Alive(status="alive")


@get(
    "/ready",
    sync_to_thread=True,
    responses={503: ResponseSpec(Readiness, generate_examples=False, description="Not ready.")},
)
def ready(service: Wired) -> Response[Readiness]:
    """Whether to send new work here: not while draining, without a worker, or without the store."""
    reason = None
    if service.draining:
        reason = "The service is shutting down."
    elif not service.crew.alive:
        reason = "No worker runs."
    elif not service.crew.renewing:
        reason = "The leases of running jobs cannot be renewed, because the store does not answer."
    else:
        store = _check_store(service)
        reason = store.detail if store.status == "error" else service.check.refused()
    reason = None if reason is None else told_outside(service, reason)
    return Response(Readiness(ready=reason is None, reason=reason), status_code=200 if reason is None else 503)


def index_of() -> Index:
    """Where to go from here, for programs."""
    return Index(
        service=SERVICE_NAME, version=__version__, openapi="/openapi.json", health="/health",
        links=["/jobs", "/voices", "/presets", "/languages", "/engines", "/quality-profiles", "/rvc-models",
               "/admin/stats", "/admin/workers", "/live", "/ready", "/metrics"],
    )  # fmt: skip


@get("/openapi.json", sync_to_thread=False, include_in_schema=False)
def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The description of all this."""
    return request.app.openapi_schema.to_schema()


router = Router("/", route_handlers=[health, live, ready, openapi], tags=["health"], opt={"needs": OPEN})
