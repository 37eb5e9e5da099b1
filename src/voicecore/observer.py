"""What use cases tell of their work: one verb for each thing that is worth a number, a span, or a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from voicecore import measures
from voicecore.errors import VoiceCoreError
from voicecore.job import JobStatus, SynthesisJob
from voicecore.log_lines import belonging_to
from voicecore.ports.watching import Meter, Tracer
from voicecore.request import SynthesisRequest
from voicecore.unwatched import NO_METER, NO_TRACER

_log = logging.getLogger("voicecore.jobs")


@dataclass(frozen=True, slots=True)
class Observer:
    """Tells a meter and a tracer. Nothing of a request but its kind, its engine and its size goes to either."""

    meter: Meter = NO_METER
    tracer: Tracer = NO_TRACER

    def submit(self, job: SynthesisJob, add: Callable[[SynthesisJob], SynthesisJob]) -> SynthesisJob:
        """Have `add` store the job, with the span that its attempts go below; what `add` answered."""
        with self.tracer.span("submit", kind=job.mode.value, engine=job.engine) as span:
            stored = add(replace(job, traceparent=span.traceparent))
            if stored.id == job.id:
                span.note(job_id=job.id)
                self._job(job, "accepted")
                with belonging_to(job_id=job.id):
                    _log.info("job %s accepted (%s)", job.id, job.mode.value)
        return stored

    @contextmanager
    def attempt(self, job: SynthesisJob) -> Iterator[None]:
        """An attempt at a job that was just claimed: its lines and spans belong to the job."""
        facts = {"kind": job.mode.value, "engine": job.engine, "job_id": job.id, "attempt": job.attempt}
        if job.attempt == 1 and job.started_at is not None:
            waited_s = (job.started_at - job.created_at).total_seconds()
            # Two machines' clocks may differ by more than the job waited.
            self.meter.observe(measures.QUEUE_WAIT, max(0.0, waited_s), kind=job.mode.value)
        with belonging_to(job_id=job.id), self.tracer.span("job", parent=job.traceparent, **facts):
            yield

    def ended_badly(self, error: VoiceCoreError) -> None:
        """An attempt failed, and another is made."""
        self.meter.count(measures.JOB_RETRIES, reason=error.code)

    def ended(self, before: SynthesisJob, ended: SynthesisJob | None, took_s: float) -> None:
        """An attempt is over and its end stored; None if it lost its job."""
        if ended is None:
            self._job(before, "lost")
        elif ended.status is JobStatus.QUEUED:
            self._job(ended, "retried" if ended.tries > before.tries else "handed_back")
        else:
            self._job(ended, ended.status.value)
        if ended is not None and ended.error is not None:
            self.meter.count(measures.JOB_FAILURES, reason=ended.error.code)
        if ended is not None and ended.status is JobStatus.COMPLETED:
            self.meter.observe(measures.JOB_DURATION, took_s, kind=ended.mode.value)
            self._made(ended, took_s)

    def cancelled(self, before: SynthesisJob) -> None:
        """Somebody called a job off that waited or ran."""
        self._job(before, JobStatus.CANCELLED.value)

    def first_audio(self, job: SynthesisJob, after_s: float) -> None:
        """The first sound of a job's first attempt is there, so long after the job was accepted."""
        if job.attempt == 1:
            self.meter.observe(measures.FIRST_AUDIO, max(0.0, after_s), engine=job.engine)

    def looked_up(self, cache: str, *, found: bool) -> None:
        """A segment was looked for in the cache: `segment` or `conversion`."""
        self.meter.count(measures.CACHE_HITS if found else measures.CACHE_MISSES, cache=cache)

    def kept_plain_voice(self, error: VoiceCoreError) -> None:
        """A conversion was given up."""
        self.meter.count(measures.CONVERSION_FALLBACKS, reason=error.code)

    def _job(self, job: SynthesisJob, outcome: str) -> None:
        self.meter.count(measures.JOBS, kind=job.mode.value, status=outcome)

    def _made(self, job: SynthesisJob, took_s: float) -> None:
        result = job.result
        if result is None or result.audio_key is None:
            return
        self.meter.count(measures.AUDIO_SECONDS, result.duration_s, engine=job.engine)
        if isinstance(job.request, SynthesisRequest):
            self.meter.count(measures.CHARACTERS, len(job.request.text), engine=job.engine)
        if job.segments.cached == 0 and result.duration_s > 0:
            self.meter.observe(measures.REALTIME_FACTOR, took_s / result.duration_s, engine=job.engine)


#: Where nobody watches.
UNWATCHED: Final = Observer()
