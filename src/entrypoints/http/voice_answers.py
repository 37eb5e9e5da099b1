"""A voice as clients see it, and the job that makes one."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response

from entrypoints.http.consent_answers import ConsentAnswer, of_consent
from entrypoints.http.job_answers import utc
from voicecore.job import JobStatus, SynthesisJob
from voicecore.ports import Catalog
from voicecore.voice import VoiceProfile


class VoiceAnswer(msgspec.Struct, kw_only=True):
    """An enrolled or mixed voice, `active` or `revoked`. `method` says honestly how it was made, `notes` the rest; a mix has no
    reference.
    """

    id: str
    voice_id: str
    name: str
    status: str
    description: str
    language: str
    engine: str
    method: str
    notes: list[str]
    reference_duration: float
    consent: str | None
    consents: list[ConsentAnswer]
    sample_url: str | None
    source_job_id: str | None
    created_at: datetime


class VoiceList(msgspec.Struct, kw_only=True):
    """All voices, in the order of their making; `profiles` is the same list under its older name."""

    total: int
    voices: list[VoiceAnswer]
    profiles: list[VoiceAnswer]


class VoiceJobAccepted(msgspec.Struct, kw_only=True):
    """The job that makes the voice; when it is completed it carries `voice_id`, and `warnings` if there are some."""

    message: str
    job_id: str
    status: JobStatus
    poll_url: str


class VoiceDeleted(msgspec.Struct, kw_only=True):
    """What a deletion did."""

    message: str
    voice_id: str
    files_deleted: int


def of_voice(voice: VoiceProfile, catalog: Catalog) -> VoiceAnswer:
    """The voice's answer; `active`, or `revoked` where a consent that it needs was withdrawn."""
    found = [catalog.consents.get(each) for each in voice.consents]
    consents = [of_consent(each) for each in found if each is not None]
    silent = len(consents) < len(voice.consents) or any(each.revoked_at is not None for each in consents)
    return VoiceAnswer(
        id=voice.id, voice_id=voice.id, name=voice.name, status="revoked" if silent else "active", description=voice.description,
        language=voice.language.tag, engine=voice.engine, method=voice.method, notes=list(voice.notes),
        reference_duration=voice.reference_duration_s, consent=voice.consent, consents=consents,
        sample_url=f"/voices/{voice.id}/sample" if voice.sample_key else None, source_job_id=voice.source_job_id,
        created_at=utc(voice.created_at),
    )  # fmt: skip


def accepted(job: SynthesisJob, message: str) -> Response[VoiceJobAccepted]:
    """202, with where to look for the job."""
    body = VoiceJobAccepted(message=message, job_id=job.id, status=job.status, poll_url=f"/jobs/{job.id}")
    return Response(body, status_code=202, headers={"Location": body.poll_url})
