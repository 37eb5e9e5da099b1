"""`/admin`: cleaning up and counting."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import QueryParameter

from entrypoints.http.documented import problems
from entrypoints.http.door import ADMIN
from entrypoints.http.health import unserved_lines
from entrypoints.http.job_answers import utc
from entrypoints.http.wiring import Calling, Wired
from entrypoints.service import Service
from voicecore import blobkeys
from voicecore.gauges import summed

_MB = 1024 * 1024


class Cleaned(msgspec.Struct, kw_only=True):
    """What was removed, or with `dry_run` what would have been."""

    message: str
    dry_run: bool
    jobs_removed: int
    files_deleted: int
    bytes_freed: int


class JobCounts(msgspec.Struct, kw_only=True):
    """Jobs: all, and in each state."""

    total: int
    by_status: dict[str, int]


class FileCounts(msgspec.Struct, kw_only=True):
    """Files of one kind and their bytes."""

    files: int
    bytes: int


class VoiceCounts(msgspec.Struct, kw_only=True):
    """Enrolled voices and the megabytes (of 1024 x 1024 bytes) they take."""

    total: int
    storage_mb: float


class Stats(msgspec.Struct, kw_only=True):
    """What is stored."""

    jobs: JobCounts
    voices: VoiceCounts
    cache: FileCounts
    audio: FileCounts


class WorkerAnswer(msgspec.Struct, kw_only=True):
    """A worker that is there: the engines it serves, the jobs it can run at once, those it runs, and what the engines that
    are loaded there tell.
    """

    name: str
    engines: list[str]
    slots: int
    busy: int
    version: str
    started_at: datetime
    gauges: dict[str, dict[str, float]]


class Workers(msgspec.Struct, kw_only=True):
    """The workers that are there, how many jobs wait by what they need (`kokoro`, `rvc`, `kokoro+rvc`) where none of
    them serves all of it, and the gauges of all workers together.
    """

    workers: list[WorkerAnswer]
    unserved: dict[str, int]
    gauges: dict[str, dict[str, float]]


@post("/cleanup", status_code=200, sync_to_thread=True, responses=problems(400, 503))
def cleanup(
    service: Wired,
    caller: Calling,
    deep: Annotated[bool, QueryParameter(description="Also remove every finished job, not only expired ones.")] = False,
    dry_run: Annotated[bool, QueryParameter(description="Remove nothing, and answer what would be removed.")] = False,
) -> Cleaned:
    """Remove what has expired, or say what that would be. Neither form touches voices, models, or jobs that wait or run."""
    done = service.clean_up(deep=deep, dry_run=dry_run, caller=caller)
    what = "Deep cleanup" if deep else "Cleanup"
    return Cleaned(
        message=f"{what} tried: nothing was removed." if dry_run else f"{what} done.",
        dry_run=dry_run, jobs_removed=done.jobs, files_deleted=done.files, bytes_freed=done.bytes,
    )  # fmt: skip


@get("/stats", sync_to_thread=True, responses=problems(503))
def stats(service: Wired) -> Stats:
    """How much of everything there is."""
    counts = service.store.counts()
    voices = _files(service, "voices/")
    return Stats(
        jobs=JobCounts(total=sum(counts.values()), by_status={status.value: count for status, count in counts.items()}),
        voices=VoiceCounts(total=len(service.catalog.voices.all()), storage_mb=round(voices.bytes / _MB, 3)),
        cache=_files(service, blobkeys.SEGMENTS),
        audio=_files(service, "jobs/"),
    )


@get("/workers", sync_to_thread=True, responses=problems(503))
def workers(service: Wired) -> Workers:
    """Who works for this service."""
    present = service.roster.present()
    there = [
        WorkerAnswer(name=each.name, engines=list(each.engines), slots=each.slots, busy=each.busy, version=each.version,
                     started_at=utc(each.started_at), gauges=summed([each.gauges]))
        for each in present
    ]  # fmt: skip
    together = summed(each.gauges for each in present)
    return Workers(workers=there, unserved=unserved_lines(service), gauges=together)


def _files(service: Service, prefix: str) -> FileCounts:
    files = size = 0
    for stat in service.blobs.list(prefix):
        files, size = files + 1, size + stat.size
    return FileCounts(files=files, bytes=size)


router = Router("/admin", route_handlers=[cleanup, stats, workers], tags=["admin"], opt={"needs": ADMIN})
