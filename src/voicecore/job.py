"""A job and its states.

    queued ──claim──▶ processing ──▶ completed | failed
       ▲                 │  │
       └──handed back────┘  └──▶ cancelled  (also from queued)

Every claim raises `attempt`, which is the fencing token of all that the attempt writes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from voicecore.conversion import ConversionSettings
from voicecore.errors import Conflict, InvalidInput, JobFailed, VoiceCoreError, require
from voicecore.handling import PLAIN, Handling
from voicecore.language import Language
from voicecore.needs import line_of
from voicecore.request import ConversionRequest, EnrolmentRequest, MixRequest, Mode, Request, SynthesisRequest

JobId = NewType("JobId", str)


class JobStatus(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether nothing can change any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a stable code, a sentence, and whether the same job may work later."""

    code: str
    message: str
    retryable: bool = False

    @classmethod
    def of(cls, error: VoiceCoreError) -> JobError:
        """The record of an error."""
        return cls(error.code, error.message, error.retryable)

    def raised(self) -> VoiceCoreError:
        """The error of this record, to be raised; a `JobFailed` for a code that no class has."""
        kinds = [VoiceCoreError]
        while kinds:
            kind = kinds.pop()
            if kind.code == self.code:
                return kind(self.message)
            kinds += kind.__subclasses__()
        return JobFailed(self.message)


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """How many segments a job has, how many are done, and how many of these came from the cache."""

    total: int = 0
    done: int = 0
    cached: int = 0

    def __post_init__(self) -> None:
        require(0 <= self.cached <= self.done <= self.total, f"{self} does not add up.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a completed job left: a blob with the audio (the master, 16-bit WAV), or a new voice.

    Attributes:
        audio_key: blob of the master; None where a voice was made.
        duration_s: length of the audio in seconds.
        file_size: bytes of the master.
        manifest_key: blob with the segments: character span, times, whether cached (JSON).
        voice_id: the voice that an enrolment or a mix made.
        conversion_applied: whether the audio was converted as asked; None where no conversion was asked for.
        conversion_fallback: why it was not, in one sentence; the audio has the plain voice then.
        index_used: whether the model's index had a part in it; None where it was not for this to tell.
        index_reason: why not, where it had none.
    """

    audio_key: str | None = None
    duration_s: float = 0.0
    sample_rate_hz: int = 0
    file_size: int = 0
    manifest_key: str | None = None
    voice_id: str | None = None
    conversion_applied: bool | None = None
    conversion_fallback: str = ""
    index_used: bool | None = None
    index_reason: str = ""


def percent(done: int, total: int) -> float:
    """Progress 0..100 that never lies in (0, 1], since clients multiply values up to 1 by 100."""
    value = math.floor(1000 * done / total) / 10 if total else 0.0
    return value if value > 1 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisJob:
    """A unit of work that somebody asked for.

    Attributes:
        engine: resolved name. A job that only converts has the converter's, `rvc`: whoever serves that may take it.
        converter: name of the converter that the engine's speech goes through, or None. Only a worker that serves both
            takes the job.
        quality_profile_id: resolved, None where a voice is made.
        parameters: resolved knobs, as pairs sorted by name: what the engine will get.
        conversion: resolved: with the pitch tracker and the seed that will be used; None where nothing is converted.
        spoken_language: the engine's language that the text is spoken in; `UNDETERMINED` for a recording.
        handling: its priority, and who is told of its end.
        owner: id of the API key that asked for it; empty for nobody's, made without one.
        attempt: number of claims so far; the fencing token.
        tries: attempts that ended badly (worker or engine died); at the limit the job is poisoned.
        progress: 0, or above 1 up to 100.
        traceparent: names the span that the job was submitted in (W3C Trace Context), where traces are kept.
    """

    id: JobId
    request: Request
    engine: str
    quality_profile_id: str | None = None
    parameters: tuple[tuple[str, float], ...] = ()
    conversion: ConversionSettings | None = None
    converter: str | None = None
    spoken_language: Language
    created_at: datetime
    status: JobStatus = JobStatus.QUEUED
    handling: Handling = PLAIN
    owner: str = ""
    attempt: int = 0
    tries: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    progress: float = 0.0
    progress_message: str = ""
    segments: SegmentCount = SegmentCount()
    warnings: tuple[str, ...] = ()
    result: JobResult | None = None
    error: JobError | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    traceparent: str | None = None

    def __post_init__(self) -> None:
        line_of(self.engine, self.converter)
        for moment in (self.created_at, self.lease_until, self.started_at, self.completed_at, self.expires_at):
            if moment is not None and moment.tzinfo is None:
                raise InvalidInput("Times of a job need a time zone.")
        require(self.progress == 0 or 1 < self.progress <= 100, f"Progress {self.progress} is not 0 or in (1, 100].")
        require(
            (self.status is JobStatus.COMPLETED) == (self.result is not None), "A result belongs to a completed job."
        )
        require((self.status is JobStatus.FAILED) == (self.error is not None), "An error belongs to a failed job.")
        require(
            (self.status is JobStatus.PROCESSING) == (self.lease_until is not None),
            "A lease belongs to a job in processing.",
        )

    @property
    def mode(self) -> Mode:
        """What the job does."""
        match self.request:
            case SynthesisRequest():
                return self.request.mode
            case ConversionRequest():
                return Mode.CONVERT
            case MixRequest():
                return Mode.MIX
            case EnrolmentRequest():
                return Mode.CLONE

    @property
    def line(self) -> str:
        """Where it waits, by what it needs: see `voicecore.needs`."""
        return line_of(self.engine, self.converter)

    @property
    def makes_voice(self) -> bool:
        """Whether it leaves a voice, not sound."""
        return isinstance(self.request, EnrolmentRequest | MixRequest)

    @property
    def has_uploads(self) -> bool:
        """Whether blobs of its caller's wait for it until it ends."""
        return isinstance(self.request, EnrolmentRequest | ConversionRequest)

    def _must_be(self, *states: JobStatus) -> None:
        if self.status not in states:
            raise Conflict(f"Job {self.id} is {self.status.value}.")

    def claimed(self, worker: str, now: datetime, lease: timedelta) -> SynthesisJob:
        """The job as `worker` starts its next attempt; an abandoned attempt counts as a bad one.

        Raises:
            Conflict: if the job is finished, or its present lease is still good.
        """
        self._must_be(JobStatus.QUEUED, JobStatus.PROCESSING)
        if self.lease_until is not None and self.lease_until > now:
            raise Conflict(f"Job {self.id} is leased to {self.worker} until {self.lease_until}.")
        return replace(self, status=JobStatus.PROCESSING, attempt=self.attempt + 1, worker=worker,
                       tries=self.tries + (self.status is JobStatus.PROCESSING), lease_until=now + lease,
                       started_at=self.started_at or now)  # fmt: skip

    def progressed(self, segments: SegmentCount, message: str = "") -> SynthesisJob:
        """The job with so many segments done."""
        self._must_be(JobStatus.PROCESSING)
        return replace(self, segments=segments, progress_message=message,
                       progress=min(99.0, percent(segments.done, segments.total)))  # fmt: skip

    def completed(
        self, result: JobResult, now: datetime, keep: timedelta, warnings: tuple[str, ...] = ()
    ) -> SynthesisJob:
        """The job, done; it expires after `keep`."""
        self._must_be(JobStatus.PROCESSING)
        return replace(self, status=JobStatus.COMPLETED, result=result, progress=100.0, progress_message="done",
                       warnings=self.warnings + warnings, lease_until=None, completed_at=now, expires_at=now + keep)  # fmt: skip

    def failed(self, error: JobError, now: datetime, keep: timedelta) -> SynthesisJob:
        """The job, given up."""
        self._must_be(JobStatus.PROCESSING, JobStatus.QUEUED)
        return replace(self, status=JobStatus.FAILED, error=error, progress_message="failed", lease_until=None,
                       completed_at=now, expires_at=now + keep)  # fmt: skip

    def cancelled(self, now: datetime, keep: timedelta) -> SynthesisJob:
        """The job, called off; a cancelled job stays as it is.

        Raises:
            Conflict: if it is completed or failed already.
        """
        if self.status is JobStatus.CANCELLED:
            return self
        self._must_be(JobStatus.QUEUED, JobStatus.PROCESSING)
        return replace(self, status=JobStatus.CANCELLED, progress_message="cancelled", lease_until=None,
                       completed_at=now, expires_at=now + keep)  # fmt: skip

    def handed_back(self, *, bad: bool) -> SynthesisJob:
        """The job, queued again: after a shutdown (`bad=False`), or after an attempt that died (`bad=True`)."""
        self._must_be(JobStatus.PROCESSING)
        return replace(self, status=JobStatus.QUEUED, worker=None, lease_until=None, progress=0.0,
                       progress_message="waiting for another attempt", tries=self.tries + bad)  # fmt: skip

    def expired(self, now: datetime) -> bool:
        """Whether its time of keeping is over."""
        return self.expires_at is not None and self.expires_at <= now
