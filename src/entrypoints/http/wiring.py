"""How a route gets the service, and reads ids."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import Draining, Gone, NotFound
from voicecore.job import JobId, SynthesisJob
from voicecore.voice import VoiceProfile

Wired: TypeAlias = NamedDependency[SkipValidation[Service]]
#: Who asks; the argument is named `caller`.
Calling: TypeAlias = NamedDependency[SkipValidation[Caller]]
_ID = re.compile(r"[a-z0-9_]{1,64}")


def job_id_of(text: str) -> JobId:
    """The id, if it could be one. Raises `NotFound`: no store is asked for what we never gave out."""
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no job {text[:80]!r}; GET /jobs lists them.")
    return JobId(text)


def voice_id_of(text: str) -> str:
    """As `job_id_of`, of a voice."""
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no voice {text[:80]!r}; GET /voices lists them.")
    return text


def consent_id_of(text: str) -> str:
    """As `job_id_of`, of a consent."""
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no consent {text[:80]!r}; GET /consents lists them.")
    return text


def model_id_of(text: str) -> str:
    """As `job_id_of`, of a conversion model."""
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no conversion model {text[:80]!r}; GET /rvc-models lists them.")
    return text


def key_id_of(text: str) -> str:
    """As `job_id_of`, of a key."""
    if not _ID.fullmatch(text):
        raise NotFound(f"There is no key {text[:80]!r}; GET /admin/keys lists them.")
    return text


def own_job(service: Service, text: str, caller: Caller) -> SynthesisJob:
    """The job, if the caller sees it, and if its time of keeping is over, too. Raises `NotFound`, `Gone`."""
    job = service.store.get(job_id_of(text))
    if job is None or not caller.sees(job.owner):
        raise NotFound(f"There is no job {text[:80]!r}; GET /jobs lists them.")
    return job


def find_job(service: Service, text: str, caller: Caller) -> SynthesisJob:
    """The job, if the caller sees it. Raises `NotFound`, `Gone`."""
    job = own_job(service, text, caller)
    # The next tidying will remove it; until then nobody shall get what the answer may not promise to keep. With Redis its
    # server's clock decides, not ours, which may be hours off.
    if not service.settings.distributed and job.expired(service.clock.now()):
        raise Gone(f"Job {text} has expired: its audio is kept for {service.limits.keep_jobs} only.")
    return job


def find_voice(service: Service, text: str, caller: Caller) -> VoiceProfile:
    """The voice, if the caller sees it. Raises `NotFound`."""
    voice = service.catalog.voices.get(voice_id_of(text))
    if voice is None or not caller.sees(voice.owner):
        raise NotFound(f"There is no voice {text[:80]!r}; GET /voices lists them.")
    return voice


def refuse_while_draining(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for what makes new work; it runs before the body is read."""
    service: Service = connection.app.state.service
    if service.draining:
        raise Draining
