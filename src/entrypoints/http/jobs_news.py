"""`/jobs/events`: what becomes of all jobs of a caller, as server-sent events, for those who show a list of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
from litestar import Request, Router, get

from entrypoints.http.documented import gives_events, problems
from entrypoints.http.door import ANY_KEY
from entrypoints.http.job_answers import of_job
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.live_room import Seat, watchers_room
from entrypoints.http.problems import status_of
from entrypoints.http.sentences import told_outside
from entrypoints.http.sse import PING, PING_EVERY_S, event
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Calling, Wired
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import StorageUnavailable, VoiceCoreError
from voicecore.job import JobId, JobStatus, SynthesisJob
from voicecore.ports import JobQuery

#: Between two looks at the store, for all watchers of one owner.
LOOK_EVERY_S = 0.5
#: So many of each kind are looked at: the newest, those that run, those that wait. What a list shows is among them.
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """How many jobs there are, and those that may have news."""

    total: int
    jobs: dict[JobId, SynthesisJob]


def see(service: Service, caller: Caller) -> Seen:
    """Look at the store."""
    pages = [
        service.store.page(JobQuery(status=status, limit=_LIMIT, owner=caller.shown))
        for status in (None, JobStatus.PROCESSING, JobStatus.QUEUED)
    ]
    found: dict[JobId, SynthesisJob] = {}
    for page in pages:
        for job in page.jobs:
            # Read later, so it is not older.
            found[job.id] = job
    return Seen(pages[0].total, found)


@dataclass(slots=True)
class JobsNews:
    """What was seen last, by whose jobs they are, so that many tabs cost one look."""

    _last: dict[str | None, tuple[float, Seen]] = field(default_factory=dict)

    async def look(self, service: Service, caller: Caller) -> Seen:
        """As `see`, at most so long ago as two looks are apart."""
        last = self._last.get(caller.shown)
        if last is not None and anyio.current_time() - last[0] < LOOK_EVERY_S / 2:
            return last[1]
        seen = await blocking(see, service, caller)
        self._last = {owner: one for owner, one in self._last.items() if anyio.current_time() - one[0] < 1.0}
        self._last[caller.shown] = (anyio.current_time(), seen)
        return seen


def told(before: Seen | None, now: Seen) -> Iterator[bytes]:
    """The events that lead from what a watcher knows to what is so."""
    if before is None or before.total != now.total:
        yield event("total", {"total": now.total})
    if before is None:
        return
    for job in reversed(_changed(before, now)):
        yield event("job", of_job(job))


def _changed(before: Seen, now: Seen) -> list[SynthesisJob]:
    return [job for job in now.jobs.values() if before.jobs.get(job.id) != job]


def ended_meanwhile(before: Seen, now: Seen) -> Iterable[JobId]:
    """Jobs that waited or ran and are on none of the pages any more: they have ended, or were deleted."""
    return [each for each, job in before.jobs.items() if each not in now.jobs and not job.status.finished]


@get("/events", operation_class=gives_events(), responses=problems(429, 503))
async def news(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> LiveAnswer:
    """News of your jobs, an admin's: of everybody's. `total` at first and whenever their number changed, `job` with each that is
    new or changed. What was before, `GET /jobs` tells.
    """
    shared: JobsNews = request.app.state.jobs_news
    seat = Seat(watchers_room(request.app.state), service, caller, watch=True)
    await seat.take()
    return LiveAnswer(
        _written(shared, service, caller, seat), seat.give_back, stall_s=service.settings.stream_stall_s,
        media_type="text/event-stream", headers={"X-Accel-Buffering": "no"},
    )  # fmt: skip


async def _written(shared: JobsNews, service: Service, caller: Caller, seat: Seat) -> AsyncGenerator[bytes]:
    before: Seen | None = None
    said_at = anyio.current_time()
    while not service.draining:
        try:
            await seat.keep()
            now = await shared.look(service, caller)
            pieces = b"".join(told(before, now))
            if before is not None:
                pieces += await _ends(service, before, now)
            before = now
        except StorageUnavailable:
            pieces = b""  # a short outage; the next look may see more
        except VoiceCoreError as error:
            detail = told_outside(service, error.message)
            yield event("error", {"code": error.code, "detail": detail, "status": status_of(error)})
            return
        if not pieces and anyio.current_time() - said_at >= PING_EVERY_S:
            pieces = PING
        if pieces:
            said_at = anyio.current_time()
            yield pieces
        await anyio.sleep(LOOK_EVERY_S)


async def _ends(service: Service, before: Seen, now: Seen) -> bytes:
    found = [await blocking(service.store.get, each) for each in ended_meanwhile(before, now)]
    return b"".join(event("job", of_job(job)) for job in found if job is not None)


router = Router("/jobs", route_handlers=[news], tags=["jobs"], opt={"needs": ANY_KEY})
