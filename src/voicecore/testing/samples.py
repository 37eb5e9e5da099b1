"""Jobs, voices, consents, keys, profiles and conversion models for tests: valid, small, and each with one thing to vary."""

from __future__ import annotations

import hashlib
from datetime import datetime

from voicecore.access import ApiKey, KeyId, Scope, secret_digest
from voicecore.consent import Consent, ConsentId, Recording, Statement
from voicecore.conversion import ConversionSettings
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.handling import PLAIN, Handling
from voicecore.job import JobId, JobResult, SynthesisJob
from voicecore.language import Language
from voicecore.quality import ProfileId, QualityProfile
from voicecore.request import ConversionRequest, EnrolmentRequest, Mode, Request, SynthesisRequest
from voicecore.testing.fakes import START
from voicecore.voice import VoiceId, VoiceProfile

PORTUGUESE = Language("pt", "BR")


def request_for(mode: Mode = Mode.DUBBING, text: str = "Olá, mundo!") -> Request:
    """A request of the mode; of `convert`, the text stands for the recording."""
    if mode is Mode.CLONE:
        return EnrolmentRequest(name=text, language=PORTUGUESE, clip_keys=("uploads/a.wav",), reference_duration_s=9.5)
    if mode is Mode.CONVERT:
        settings = ConversionSettings(model_id="rvc_1")
        digest = hashlib.sha256(text.encode()).hexdigest()
        return ConversionRequest(
            audio_key="uploads/job_1/0.wav", duration_s=2.5, conversion=settings, recording_sha256=digest
        )
    voice_id = "voice_1" if mode is Mode.DUBBING_WITH_CLONE else None
    return SynthesisRequest(text=text, source_language=PORTUGUESE, mode=mode, voice_id=voice_id)


def queued_job(
    job_id: str = "job_1",
    *,
    created_at: datetime = START,
    mode: Mode = Mode.DUBBING,
    text: str = "Olá, mundo!",
    engine: str = "tone",
    converter: str | None = None,
    handling: Handling = PLAIN,
    owner: str = "",
) -> SynthesisJob:
    """A new job."""
    return SynthesisJob(
        id=JobId(job_id),
        request=request_for(mode, text),
        engine=engine,
        converter=converter,
        quality_profile_id=None if mode in (Mode.CLONE, Mode.CONVERT) else "natural",
        parameters=(("speed", 1.0),),
        spoken_language=PORTUGUESE,
        created_at=created_at,
        handling=handling,
        owner=owner,
    )


def audio_result(job: SynthesisJob) -> JobResult:
    """What an attempt of the job could leave; the blob keys hold the attempt, so that attempts never share one."""
    folder = f"jobs/{job.id}/{job.attempt}"
    return JobResult(audio_key=f"{folder}/audio.wav", manifest_key=f"{folder}/manifest.json", duration_s=1.25,
                     sample_rate_hz=24_000, file_size=60_044)  # fmt: skip


def voice(voice_id: str = "voice_1", name: str = "Ana", owner: str = "") -> VoiceProfile:
    """An enrolled voice."""
    return VoiceProfile(
        id=VoiceId(voice_id),
        name=name,
        language=PORTUGUESE,
        engine="tone",
        method="cloning",
        print_key=f"voices/{voice_id}/print.safetensors",
        print_sha256="0" * 64,
        reference_key=f"voices/{voice_id}/reference.wav",
        reference_duration_s=9.5,
        created_at=START,
        owner=owner,
    )


def api_key(key_id: str = "key_1", name: str = "Ana's phone") -> ApiKey:
    """A key that may speak."""
    digest = secret_digest("s" * 32, None)
    return ApiKey(id=KeyId(key_id), name=name, digest=digest, scopes=frozenset({Scope.SPEAK}), created_at=START)


def consent(consent_id: str = "cons_1", by: str = "Ana") -> Consent:
    """A spoken consent, made on its own."""
    spoken = Recording(key=f"consents/{consent_id}/recording.wav", sha256="0" * 64, duration_s=4.5)
    return Consent(
        id=ConsentId(consent_id), language=PORTUGUESE, created_at=START,
        statement=Statement(by=by, text="Concordo com tudo.", given_at=START, recording=spoken),
    )  # fmt: skip


def conversion_model(model_id: str = "rvc_1", name: str = "Luísa") -> ConversionModel:
    """A conversion model with an index."""
    return ConversionModel(
        id=ModelId(model_id), name=name, version="v2", f0=True, sample_rate_hz=40_000, vectors=7, digest="0" * 64,
        size_bytes=55_000_000, created_at=START,
    )  # fmt: skip


def profile(profile_id: str = "calm", name: str = "Calm") -> QualityProfile:
    """A user's quality profile."""
    return QualityProfile(id=ProfileId(profile_id), name=name, engine="tone", parameters={"speed": 0.9})
