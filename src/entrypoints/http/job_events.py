"""`/jobs/{id}/events`: what becomes of a job, as server-sent events."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from litestar import Request, Response, Router, get
from litestar.params import FromPath, QueryParameter

from entrypoints.http.documented import gives_events, problems
from entrypoints.http.door import ANY_KEY
from entrypoints.http.job_answers import of_job
from entrypoints.http.job_watching import JobWatching
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.live_room import Seat, watchers_room
from entrypoints.http.problems import status_of
from entrypoints.http.sentences import told_outside
from entrypoints.http.sse import PING, PING_EVERY_S, event
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Calling, Wired, find_job
from entrypoints.service import Service
from voicecore.errors import NotFound, VoiceCoreError
from voicecore.job import JobId, SynthesisJob

_LAST = QueryParameter(
    name="lastEventId",
    description="As the header `Last-Event-ID`, for clients in scripts that send it so, such as event-source-polyfill.",
)
_PLACE = re.compile(r"(\d{1,6})-([a-z]{1,20})-(\d{1,6})-(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a watcher is; it is the id of every event, so that whoever comes back goes on from there."""

    attempt: int
    status: str
    done: int
    progress: int

    @classmethod
    def of(cls, job: SynthesisJob) -> Place:
        """Where the job is. Progress in tenths of a percent."""
        return cls(job.attempt, job.status.value, job.segments.done, round(10 * job.progress))

    @classmethod
    def parse(cls, text: str | None) -> Place | None:
        """Of `Last-Event-ID`; None for one that is not ours, whose sender hears all from the beginning."""
        match = _PLACE.fullmatch(text or "")
        return None if match is None else cls(int(match[1]), match[2], int(match[3]), int(match[4]))

    def __str__(self) -> str:
        return f"{self.attempt}-{self.status}-{self.done}-{self.progress}"


def told(job: SynthesisJob, last: Place | None) -> Iterator[bytes]:
    """The events that lead from where a watcher was to where the job is."""
    now = Place.of(job)
    name = str(now)
    if last is None or (last.attempt, last.status) != (now.attempt, now.status):
        yield event("status", {"job_id": job.id, "status": now.status, "attempt": now.attempt}, name)
    first = last.done if last is not None and last.attempt == now.attempt else 0
    for index in range(first, now.done):
        yield event("segment", {"index": index, "done": index + 1, "total": job.segments.total}, name)
    if last is None or last.progress != now.progress:
        yield event(
            "progress", {"progress": job.progress, "message": job.progress_message, "segments": job.segments}, name
        )
    if job.status.finished:
        yield event("done", of_job(job), name)


@get(
    "/{job_id:str}/events", operation_class=gives_events(), responses=problems(404, 410, 429, 503)
)  # fmt: skip
async def events(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, job_id: FromPath[str],
    last_event_id: Annotated[str | None, _LAST] = None,
) -> Response[Any]:  # fmt: skip
    """What becomes of the job: `status`, `segment`, `progress`, and at its end `done` with the job.

    With `Last-Event-ID` it goes on where it was; 204, which tells an EventSource not to come back, if there is nothing more.
    """
    job = await blocking(find_job, service, job_id, caller)
    # An address may be an old one; the header is of now.
    last = Place.parse(request.headers.get("last-event-id", last_event_id))
    if last is not None and job.status.finished and last == Place.of(job):
        return Response(None, status_code=204)
    watching: JobWatching = request.app.state.job_watching
    seat = Seat(watchers_room(request.app.state), service, caller, watch=True)
    await seat.take()
    return LiveAnswer(
        _written(service, watching.states(job.id), last, seat), seat.give_back, stall_s=service.settings.stream_stall_s,
        media_type="text/event-stream", headers={"X-Job-Id": job.id, "X-Accel-Buffering": "no"},
    )  # fmt: skip


async def _written(
    service: Service, states: AsyncGenerator[SynthesisJob | None], last: Place | None, seat: Seat
) -> AsyncGenerator[bytes]:
    said_at = anyio.current_time()
    try:
        async with aclosing(states):
            async for job in states:
                await seat.keep()
                if job is not None:
                    pieces = b"".join(told(job, last))
                    last = Place.of(job)
                    if pieces:
                        said_at = anyio.current_time()
                        yield pieces
                if anyio.current_time() - said_at >= PING_EVERY_S:
                    said_at = anyio.current_time()
                    yield PING
    except VoiceCoreError as error:
        yield event(
            "error", {"code": error.code, "detail": told_outside(service, error.message), "status": status_of(error)}
        )


def watching(service: Service) -> JobWatching:
    """What looks after jobs of this service for all watchers of one application, each of whom was let in before."""

    async def look(job_id: JobId) -> SynthesisJob:
        job = await blocking(service.store.get, job_id)
        if job is None:
            raise NotFound(f"Job {job_id} was deleted.")
        return job

    return JobWatching(look)


router = Router("/jobs", route_handlers=[events], tags=["jobs"], opt={"needs": ANY_KEY})
