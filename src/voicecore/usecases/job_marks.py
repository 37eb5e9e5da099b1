"""The mark of what a job makes."""

from __future__ import annotations

from voicecore.errors import VoiceCoreError
from voicecore.job import SynthesisJob
from voicecore.marks import Marker, Marking, Origin
from voicecore.request import Mode
from voicecore.usecases.engines import Engines


def marking_of(marker: Marker | None, job: SynthesisJob, engine: str, model_digest: str) -> Marking | None:
    """The mark of a file of this job; None without a marker. It is a function of the job, so files are made anew just the same."""
    if marker is None:
        return None
    origin = Origin(job_id=job.id, engine=engine, model_digest=model_digest, created_at=job.created_at)
    return marker.marking(origin)


def live_marking_of(marker: Marker, engines: Engines, job: SynthesisJob) -> Marking:
    """The mark of a job's sound while it is made, by who did not load the model; its digest is told where it is known here."""
    digest = ""
    if job.mode is not Mode.CONVERT:
        try:
            digest = engines.card(job.engine).model_digest
        except VoiceCoreError:  # the engine is installed where the workers are
            digest = ""
    engine = "+".join(filter(None, (job.engine, job.converter)))
    return marker.marking(Origin(job_id=job.id, engine=engine, model_digest=digest, created_at=job.created_at))
