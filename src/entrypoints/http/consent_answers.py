"""A consent as clients see it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from entrypoints.http.job_answers import utc
from voicecore.consent import Consent


class SpokenAnswer(msgspec.Struct, kw_only=True):
    """What is told of a recorded consent; the recording itself has an address of its own, until it is withdrawn."""

    sha256: str
    duration: float
    url: str | None


class ConsentAnswer(msgspec.Struct, kw_only=True):
    """Who agreed, when and in which words. `by` is null where only the text names the person; `status` is `active` or `revoked`."""

    id: str
    consent_id: str
    status: str
    by: str | None
    text: str
    language: str | None
    given_at: datetime
    recording: SpokenAnswer | None
    created_at: datetime
    source_job_id: str | None
    revoked_at: datetime | None


class ConsentList(msgspec.Struct, kw_only=True):
    """All consents, in the order of their making."""

    total: int
    consents: list[ConsentAnswer]


class ConsentRevocation(msgspec.Struct, kw_only=True):
    """What a withdrawal did: the voices that are silent now, and the jobs that it cancelled."""

    message: str
    consent_id: str
    voices: list[str]
    jobs_cancelled: int


class StatementAnswer(msgspec.Struct, kw_only=True):
    """Words that a person may agree to."""

    language: str
    text: str


class StatementList(msgspec.Struct, kw_only=True):
    """Statements that are offered, and whether a voice is learned only with a consent."""

    required: bool
    statements: list[StatementAnswer]


def of_consent(consent: Consent) -> ConsentAnswer:
    """The consent's answer."""
    said = consent.statement
    recording = None
    if said.recording is not None:
        url = f"/consents/{consent.id}/recording" if said.recording.key else None
        recording = SpokenAnswer(sha256=said.recording.sha256, duration=said.recording.duration_s, url=url)
    return ConsentAnswer(
        id=consent.id, consent_id=consent.id, status="revoked" if consent.revoked else "active", by=said.by or None,
        text=said.text, language=None if consent.language is None else consent.language.tag, given_at=utc(said.given_at),
        recording=recording, created_at=utc(consent.created_at), source_job_id=consent.source_job_id,
        revoked_at=None if consent.revoked_at is None else utc(consent.revoked_at),
    )  # fmt: skip
