"""`/jobs/stream` and `/jobs/{id}/stream`: a job's sound while it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import anyio
from litestar import Request, Router, get, post
from litestar.params import FromPath, QueryParameter

from entrypoints.http.documented import accepts_either, gives_stream, problems
from entrypoints.http.door import ANY_KEY, CONVERT, SPEAK
from entrypoints.http.job_asked import asked
from entrypoints.http.live import Followed, audio_stream, event_stream, follow, submit_and_follow
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.problems import status_of
from entrypoints.http.recordings import RECORDING
from entrypoints.http.schemas import ConvertBody, JobBody
from entrypoints.http.sentences import told_outside
from entrypoints.http.sse import PING, PING_EVERY_S, event, wants_events
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Calling, Wired, find_job, refuse_while_draining
from entrypoints.service import Service
from voicecore.errors import VoiceCoreError
from voicecore.stream_format import StreamFormat

_FORMAT = QueryParameter(
    description="wav pcm mp3 ogg flac opus aac ulaw alaw. Default wav, or the body's output_format."
)
_KEEP_MADE = QueryParameter(
    description="Whether the job goes on if this client leaves before its end. Default false: it is cancelled within a second, "
    "unless another client follows it."
)
_KEEP_FOLLOWED = QueryParameter(
    description="Whether the job goes on if this client leaves before its end and is the last one who follows it. Default: it goes "
    "on, unless the client whose stream made it has left it."
)
_EVENTS = QueryParameter(description="Server-sent events, with the sound in base64; so does Accept: text/event-stream.")


@post(
    "/stream", status_code=200, guards=[refuse_while_draining], needs=SPEAK + CONVERT,
    operation_class=gives_stream(accepts_either(JobBody, ConvertBody, [RECORDING])), request_max_body_size=None,
    responses=problems(400, 404, 409, 413, 415, 429, 500, 501, 503),
)  # fmt: skip
async def submit_stream(
    request: Request[Any, Any, Any], service: Wired, caller: Calling,
    format: Annotated[str | None, _FORMAT] = None,  # noqa: A002 - its name in errors is its name in the query
    keep: Annotated[bool, _KEEP_MADE] = False,
    sse: Annotated[bool, _EVENTS] = False,
) -> LiveAnswer:  # fmt: skip
    """Speak a text, or convert a recording, and answer with the sound as it is made. The body is that of `POST /jobs`.

    The job is a job like any other. A client that leaves early cancels it, unless `keep` is true or another one follows it.
    """
    chosen = None if format is None else StreamFormat.parse(format)
    async with asked(request, service, caller) as wanted:
        output = chosen or StreamFormat.parse(wanted.output_format or "wav", "output_format")
        followed = await submit_and_follow(request, service, wanted.submit, keep=keep)
    return await _answer(request, service, followed, output, sse=sse)


@get(
    "/{job_id:str}/stream", operation_class=gives_stream(), responses=problems(404, 409, 410, 429, 500, 501, 503)
)  # fmt: skip
async def stream(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, job_id: FromPath[str],
    format: Annotated[str, _FORMAT] = "wav",  # noqa: A002 - as above
    keep: Annotated[bool | None, _KEEP_FOLLOWED] = None,
    sse: Annotated[bool, _EVENTS] = False,
) -> LiveAnswer:  # fmt: skip
    """The sound of a job from its first sample on: what is finished at once, the rest as it is made.

    The job was asked for before, so it goes on when its followers leave, unless the last one says `keep=false`, or it was
    made by a stream whose client left it.
    """
    output = StreamFormat.parse(format)
    job = await blocking(find_job, service, job_id, caller)
    followed = await follow(request, service, job.id, keep=keep)
    return await _answer(request, service, followed, output, sse=sse)


async def _answer(
    request: Request[Any, Any, Any], service: Service, followed: Followed, output: StreamFormat, *, sse: bool
) -> LiveAnswer:
    if sse or wants_events(request.headers.get("accept")):
        return event_stream(service, followed, _events(service, followed, output))
    return await audio_stream(request, service, followed, output)


async def _events(service: Service, followed: Followed, output: StreamFormat) -> AsyncGenerator[bytes]:
    yield event("started", {"job_id": followed.job.id, "format": output.kind.value})
    try:
        async for each in _sound(service, followed, output):
            yield each
    except VoiceCoreError as error:
        yield event(
            "error", {"code": error.code, "detail": told_outside(service, error.message), "status": status_of(error)}
        )


async def _sound(service: Service, followed: Followed, output: StreamFormat) -> AsyncGenerator[bytes]:
    stream, said_at = None, anyio.current_time()
    async for chunk in followed.chunks(service.settings.stream_wait_s):
        now = anyio.current_time()
        if chunk is None:
            if now - said_at >= PING_EVERY_S:
                said_at = now
                yield PING
            continue
        stream = stream or service.sound_stream(followed.job, chunk.sample_rate_hz, output)
        said_at = now
        if data := await followed.encoded(stream, chunk):
            yield _audio(data, stream.sample_rate_hz, output)
        for segment in await followed.ended_segments():
            yield event("segment", segment)
    if stream is None:
        return
    if data := await followed.encoded(stream, None):
        yield _audio(data, stream.sample_rate_hz, output)
    for segment in await followed.ended_segments():
        yield event("segment", segment)
    job = followed.job
    yield event("done", {
        "job_id": job.id, "duration_s": 0.0 if job.result is None else job.result.duration_s, "warnings": job.warnings,
        "audio_url": f"/jobs/{job.id}/download",
    })  # fmt: skip


def _audio(data: bytes, sample_rate_hz: int, output: StreamFormat) -> bytes:
    return event("audio", {"format": output.kind.value, "sample_rate_hz": sample_rate_hz, "audio": data})


router = Router("/jobs", route_handlers=[submit_stream, stream], tags=["streams"], opt={"needs": ANY_KEY})
