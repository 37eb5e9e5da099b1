"""A job as clients see it: with both spellings of id and error, since clients read either."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from entrypoints.http.rvc_answers import RvcAnswer, fallback_reason, of_conversion
from voicecore.handling import Priority
from voicecore.job import JobStatus, SynthesisJob
from voicecore.needs import needs_of
from voicecore.ports import JobPage
from voicecore.request import ConversionRequest, Mode, OutputFormat, SynthesisRequest
from voicecore.usecases.find_jobs import FoundJobs


class SegmentsAnswer(msgspec.Struct, kw_only=True):
    """Segments of the text: all, done, and those of the done that came from the cache."""

    total: int
    done: int
    cached: int


class JobAnswer(msgspec.Struct, kw_only=True):
    """A job. `progress` is 0, or above 1 up to 100; times are UTC. `needs` is what the worker that takes it must serve: the
    engine, and `rvc` where speech is converted.
    """

    id: str
    job_id: str
    status: JobStatus
    progress: float
    progress_message: str
    mode: Mode
    text: str | None
    source_language: str
    target_language: str
    spoken_language: str
    translated: bool
    warnings: list[str]
    voice_preset: str | None
    voice_id: str | None
    engine: str
    needs: list[str]
    quality_profile: str | None
    speed: float | None
    seed: int | None
    output_format: OutputFormat | None
    rvc: RvcAnswer
    rvc_applied: bool
    rvc_fallback_reason: str | None
    segments: SegmentsAnswer
    audio_url: str | None
    output_file: str | None
    duration: float | None
    sample_rate_hz: int | None
    file_size: int | None
    error: str | None
    error_message: str | None
    error_code: str | None
    attempt: int
    priority: Priority
    webhook_url: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None


class JobList(msgspec.Struct, kw_only=True):
    """A page of jobs, newest first; `next_cursor` asks for the next one. Of a search, `looked_at` jobs were looked at for it, and
    it may be short, or empty, and yet not be the last.
    """

    total: int
    jobs: list[JobAnswer]
    next_cursor: str | None
    #: Of a search: jobs that were looked at for this page.
    looked_at: int | None = None


class JobDeleted(msgspec.Struct, kw_only=True):
    """What a deletion did."""

    message: str
    job_id: str
    files_deleted: int


def download_name(job_id: str, output_format: OutputFormat) -> str:
    """The file name of a job's audio."""
    return f"dubbed_{job_id}.{output_format.value}"


def of_job(job: SynthesisJob, rvc: RvcAnswer | None = None) -> JobAnswer:
    """The job's answer. `rvc` is told where the job itself has no conversion."""
    request = job.request
    speech = request if isinstance(request, SynthesisRequest) else None
    sound = request if isinstance(request, SynthesisRequest | ConversionRequest) else None
    source = speech.source_language if speech is not None else job.spoken_language
    target = (speech.target_language or source) if speech is not None else source
    result = job.result
    has_audio = result is not None and result.audio_key is not None
    made = result.voice_id if result is not None else None
    output_format = sound.output_format if sound is not None else None
    error = job.error
    return JobAnswer(
        id=job.id, job_id=job.id, status=job.status, progress=job.progress, progress_message=job.progress_message,
        mode=job.mode, text=speech.text if speech is not None else None, source_language=source.tag,
        target_language=target.tag, spoken_language=job.spoken_language.tag, translated=False,
        warnings=list(job.warnings),
        voice_preset=speech.voice_preset if speech is not None and speech.mode is Mode.DUBBING else None,
        voice_id=speech.voice_id if speech is not None else made, engine=job.engine,
        needs=sorted(needs_of(job.line)), quality_profile=job.quality_profile_id, speed=_speed(job), seed=_seed(job),
        output_format=output_format, rvc=rvc if rvc is not None and job.conversion is None else of_conversion(job),
        rvc_applied=result is not None and result.conversion_applied is True, rvc_fallback_reason=fallback_reason(job),
        segments=SegmentsAnswer(total=job.segments.total, done=job.segments.done, cached=job.segments.cached),
        audio_url=f"/jobs/{job.id}/download" if has_audio else None,
        output_file=download_name(job.id, output_format) if has_audio and output_format is not None else None,
        duration=result.duration_s if result is not None and has_audio else None,
        sample_rate_hz=result.sample_rate_hz if result is not None and has_audio else None,
        file_size=result.file_size if result is not None and has_audio else None,
        error=error.message if error else None, error_message=error.message if error else None,
        error_code=error.code if error else None, attempt=job.attempt, priority=job.handling.priority,
        webhook_url=job.handling.webhook_url, created_at=utc(job.created_at),
        started_at=utc_or_none(job.started_at), completed_at=utc_or_none(job.completed_at),
        expires_at=utc_or_none(job.expires_at),
    )  # fmt: skip


def of_page(page: JobPage) -> JobList:
    """The page's answer."""
    return JobList(total=page.total, jobs=[of_job(job) for job in page.jobs], next_cursor=page.next_cursor)


def of_found(found: FoundJobs) -> JobList:
    """The answer of a search."""
    return JobList(
        total=found.total, jobs=[of_job(job) for job in found.jobs], next_cursor=found.next_cursor,
        looked_at=found.looked_at,
    )  # fmt: skip


def _speed(job: SynthesisJob) -> float | None:
    """The speed that the engine gets: the request's, or the profile's."""
    return dict(job.parameters).get("speed") if isinstance(job.request, SynthesisRequest) else None


def _seed(job: SynthesisJob) -> int | None:
    """Of everything that draws random numbers for it."""
    if isinstance(job.request, ConversionRequest):
        return job.request.conversion.seed
    return job.request.seed if isinstance(job.request, SynthesisRequest) else None


def utc(moment: datetime) -> datetime:
    """The moment in UTC, which is written with a Z."""
    return moment.astimezone(UTC)


def utc_or_none(moment: datetime | None) -> datetime | None:
    """The moment in UTC, or None."""
    return None if moment is None else utc(moment)
