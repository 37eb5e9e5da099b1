"""`/jobs/{id}/segments` and `/jobs/{id}/subtitles`: when what is heard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath, QueryParameter

from entrypoints.http.documented import gives_text, problems
from entrypoints.http.door import ANY_KEY
from entrypoints.http.wiring import Calling, Wired, find_job
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import Conflict
from voicecore.job import SynthesisJob
from voicecore.subtitles import MAX_CHARS, MAX_LINES, MIN_CHARS, Layout, SubtitleFormat, cues_of, written
from voicecore.timing import TimeSource, WordTimes

#: RFC 8081 has none for SubRip; this one is what servers and browsers use. WebVTT, section 8.
MEDIA_TYPES = {SubtitleFormat.SRT: "application/x-subrip", SubtitleFormat.VTT: "text/vtt"}


class WordRow(msgspec.Struct, kw_only=True):
    """A word, or several that are said as one thing: its characters `start` to `end` of the text, its seconds in the audio."""

    start: int
    end: int
    start_s: float
    end_s: float


class SegmentRow(msgspec.Struct, kw_only=True):
    """One segment: its characters start..end of the text, its seconds in the audio, the pause at its end. Of a recording that
    was converted it is a piece, and both characters are 0.

    `source` says where the times of its words come from: `durations` (the model's own), `attention` (an alignment, so they are
    `estimated`), or `segment`: nobody knows its words, and there are none.
    """

    index: int
    start: int
    end: int
    cached: bool
    start_s: float
    end_s: float
    pause_s: float
    source: TimeSource
    estimated: bool
    words: list[WordRow]


class Manifest(msgspec.Struct, kw_only=True):
    """Where each segment of the text, and each of its words, is in the audio."""

    version: int
    job_id: str
    sample_rate_hz: int
    segments: list[SegmentRow]


@get("/{job_id:str}/segments", sync_to_thread=True, responses=problems(404, 409, 410, 425, 503))
def segments(service: Wired, caller: Calling, job_id: FromPath[str]) -> Manifest:
    """The segments of a completed job, with their characters, their words, and their times."""
    job = _finished(service, job_id, caller)
    if job.result is None or job.result.manifest_key is None:
        raise Conflict(why_no_audio(job))
    with service.blobs.open(job.result.manifest_key) as reader:
        stored = json.loads(reader.read())
    return Manifest(
        version=stored["version"], job_id=stored["job_id"], sample_rate_hz=stored["sample_rate_hz"],
        segments=[_row(each) for each in stored["segments"]],
    )  # fmt: skip


@get(
    "/{job_id:str}/subtitles", sync_to_thread=True, operation_class=gives_text(*MEDIA_TYPES.values()),
    responses=problems(400, 404, 409, 410, 425, 503),
)  # fmt: skip
def subtitles(
    service: Wired, caller: Calling, job_id: FromPath[str],
    format: Annotated[SubtitleFormat, QueryParameter(description="srt or vtt.")] = SubtitleFormat.SRT,  # noqa: A002 - as it is asked
    words: Annotated[bool, QueryParameter(description="One cue for each word, as long as it is heard.")] = False,
    max_chars: Annotated[int, QueryParameter(
        ge=MIN_CHARS, le=MAX_CHARS, description="Characters of a line; a full-width one counts as two.")] = 42,
    max_lines: Annotated[int, QueryParameter(ge=1, le=MAX_LINES, description="Lines of a cue.")] = 2,
) -> Response[str]:  # fmt: skip
    """The text of a completed job as subtitles. `X-Times-Source` says where the times of its words come from."""
    job = _finished(service, job_id, caller)
    if job.result is None:
        raise Conflict(why_no_audio(job))
    timed = service.timed_text(job)
    shown = written(cues_of(timed, Layout(max_chars=max_chars, max_lines=max_lines, words=words)), format)
    headers = {
        "X-Times-Source": ", ".join(each.value for each in timed.sources),
        "Content-Disposition": f'attachment; filename="dubbed_{job.id}.{format.value}"',
    }
    # Of text/… the framework says the charset itself.
    charset = "" if format is SubtitleFormat.VTT else "; charset=utf-8"
    return Response(shown, media_type=MEDIA_TYPES[format] + charset, headers=headers)


def not_ready(job: SynthesisJob) -> HTTPException:
    """425, of a job that is not finished."""
    return HTTPException(
        status_code=425,
        detail=f"Job {job.id} is {job.status.value}, {job.progress:g} % done; ask again, or wait with ?timeout=60.",
        headers={"Retry-After": "2"},
    )


def why_no_audio(job: SynthesisJob) -> str:
    """One sentence, of a finished job without audio."""
    if job.error is not None:
        return f"Job {job.id} failed and has no audio: {job.error.message}"
    return f"Job {job.id} has no audio: it is {job.status.value}, in mode {job.mode.value}."


def _finished(service: Service, job_id: str, caller: Caller) -> SynthesisJob:
    job = find_job(service, job_id, caller)
    if not job.status.finished:
        raise not_ready(job)
    return job


def _row(stored: Mapping[str, Any]) -> SegmentRow:
    """A row of the manifest; one of before words were told has none."""
    times = WordTimes.of_document(stored)
    kept = {name: stored[name] for name in ("index", "start", "end", "cached", "start_s", "end_s", "pause_s")}
    words = [WordRow(start=w.start, end=w.end, start_s=w.start_s, end_s=w.end_s) for w in times.words]
    return SegmentRow(**kept, source=times.source, estimated=times.source is TimeSource.ATTENTION, words=words)


router = Router("/jobs", route_handlers=[segments, subtitles], tags=["jobs"], opt={"needs": ANY_KEY})
