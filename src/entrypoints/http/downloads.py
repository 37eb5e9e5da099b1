"""`/jobs/{id}/download`, and its formats."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
import msgspec
from litestar import HttpMethod, Request, Response, Router, get, route
from litestar.exceptions import HTTPException
from litestar.params import FromPath, QueryParameter

from entrypoints.http.documented import gives_audio, problems
from entrypoints.http.door import ANY_KEY
from entrypoints.http.job_answers import download_name
from entrypoints.http.job_body import format_of
from entrypoints.http.ranges import Download, answer
from entrypoints.http.subtitles import not_ready, why_no_audio
from entrypoints.http.threads import ENCODINGS, blocking
from entrypoints.http.wiring import Calling, Wired, find_job
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import Conflict, Draining
from voicecore.job import JobStatus, SynthesisJob
from voicecore.request import ConversionRequest, OutputFormat, SynthesisRequest

#: RFC 2046, 3003, 5334, 6381, 7845, 9639.
MEDIA_TYPES = {
    OutputFormat.WAV: "audio/wav",
    OutputFormat.MP3: "audio/mpeg",
    OutputFormat.OGG: "audio/ogg",
    OutputFormat.FLAC: "audio/flac",
    OutputFormat.M4A: "audio/mp4",
    OutputFormat.OPUS: "audio/ogg; codecs=opus",
}
MAX_WAIT_S = 600
_FIRST_LOOK_S = 0.05
_LONGEST_LOOK_S = 1.0


class FormatAnswer(msgspec.Struct, kw_only=True):
    """One format that the audio can be had in."""

    format: OutputFormat
    media_type: str
    download_url: str
    requested: bool


class FormatList(msgspec.Struct, kw_only=True):
    """All formats of a job's audio; those other than wav are made when first asked for."""

    job_id: str
    formats: list[FormatAnswer]


@route(
    "/{job_id:str}/download", http_method=[HttpMethod.GET, HttpMethod.HEAD],
    operation_class=gives_audio(*dict.fromkeys(each.split(";")[0] for each in MEDIA_TYPES.values())),
    responses=problems(400, 404, 408, 409, 410, 416, 425, 501, 503),
)  # fmt: skip
async def download(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, job_id: FromPath[str],
    format: Annotated[str | None, QueryParameter(  # noqa: A002 - its name in errors is its name in the query
        description="wav mp3 ogg flac m4a opus; what the job asked for if left out.")] = None,
    timeout: Annotated[int, QueryParameter(  # noqa: ASYNC109 - as above
        ge=0, le=MAX_WAIT_S, description="Seconds to wait for a job that is not finished yet.")] = 0,
) -> Response[Any]:  # fmt: skip
    """The audio of a finished job, whole or a byte range of it."""
    chosen = None if format is None else format_of(format, "format")
    job = await finished_job(request, service, caller, job_id, timeout)
    if job.status is not JobStatus.COMPLETED:
        raise Conflict(why_no_audio(job))
    output_format = chosen or _asked_format(job)
    # The master is there already; other formats may have to be encoded first.
    run = blocking if output_format is OutputFormat.WAV else ENCODINGS.run
    stat = await run(service.export_audio, job, output_format)
    file = Download(service.blobs, stat, MEDIA_TYPES[output_format], download_name(job.id, output_format))
    return answer(request, file)


@get("/{job_id:str}/formats", sync_to_thread=True, responses=problems(404, 410, 503))
def formats(service: Wired, caller: Calling, job_id: FromPath[str]) -> FormatList:
    """What the audio can be downloaded as, once the job is completed; empty for a job that makes none."""
    job = find_job(service, job_id, caller)
    if job.makes_voice:
        return FormatList(job_id=job.id, formats=[])
    asked = _asked_format(job)
    return FormatList(
        job_id=job.id,
        formats=[
            FormatAnswer(
                format=each, media_type=media_type, requested=each is asked,
                download_url=f"/jobs/{job.id}/download?format={each.value}",
            )
            for each, media_type in MEDIA_TYPES.items()
        ],
    )  # fmt: skip


async def finished_job(
    request: Request[Any, Any, Any], service: Service, caller: Caller, job_id: str, timeout_s: float
) -> SynthesisJob:
    """The job, once it is finished. A waiter holds no thread: it looks now and then, and leaves with its client.

    Raises `HTTPException` 425 (nobody waits) or 408 (waited in vain), `Draining`, `NotFound`, `Gone`.
    """
    job = await blocking(find_job, service, job_id, caller)
    if job.status.finished:
        return job
    if timeout_s == 0:
        raise not_ready(job)
    deadline, pause_s = anyio.current_time() + timeout_s, _FIRST_LOOK_S
    while (left_s := deadline - anyio.current_time()) > 0:
        if await _client_left(request, min(pause_s, left_s)):
            break
        pause_s = min(_LONGEST_LOOK_S, pause_s * 1.5)
        job = await blocking(find_job, service, job_id, caller)
        if job.status.finished:
            return job
        if service.drained:
            raise Draining
    raise HTTPException(
        status_code=408,
        detail=f"Job {job.id} was not finished within {timeout_s:g} s: it is {job.status.value}; ask again.",
    )


async def _client_left(request: Request[Any, Any, Any], within_s: float) -> bool:
    """Sleeps, unless the client goes away first."""
    with anyio.move_on_after(within_s):
        while True:
            if (await request.receive())["type"] == "http.disconnect":
                return True
    return False


def _asked_format(job: SynthesisJob) -> OutputFormat:
    if isinstance(job.request, SynthesisRequest | ConversionRequest):
        return job.request.output_format
    return OutputFormat.WAV


router = Router("/jobs", route_handlers=[download, formats], tags=["jobs"], opt={"needs": ANY_KEY})
