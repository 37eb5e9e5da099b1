"""Jobs, voices, profiles and conversion models as JSON documents, for whatever store keeps them.

A record says its version: `{"v": 1, …}`. Reading is strict. A record of another version, with an unknown state, or
with a field too many or too few was not written by this program: it is refused with `StorageUnavailable`, never
guessed at.
The names in the documents are stored names: renaming an attribute must not change them (`tests/unit/test_records.py`
holds golden records). A change of the documents needs a new version here, and a reader for each older one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from voicecore.consent_records import as_statement, statement_document
from voicecore.conversion import CONVERTER, ConversionSettings, F0Method
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.handling import Handling, Priority
from voicecore.job import JobError, JobId, JobResult, JobStatus, SegmentCount, SynthesisJob
from voicecore.quality import ProfileId, QualityProfile
from voicecore.record_envelope import Document, dump, load, plain
from voicecore.record_fields import (
    as_flag,
    as_knobs,
    as_language,
    as_moment,
    as_number,
    as_pair,
    as_text,
    as_texts,
    as_whole,
    fields_of,
    maybe,
    maybe_write,
    moment_text,
    tuple_of,
)
from voicecore.request import (
    ConversionRequest,
    EnrolmentRequest,
    MixRequest,
    Mode,
    OutputFormat,
    Request,
    SynthesisRequest,
    VoicePart,
)
from voicecore.voice import VoiceId, VoiceProfile

#: Versions of the records that this program writes. Jobs: 2 brought `handling`, 3 mixes of voices, 4 conversion, 5
#: owners, 6 the converter that is needed and the digest of recordings, 7 whole statements of consent, 8
#: `traceparent`. Voices: 2 brought voices without reference, 3 owners, 4 the ids of their consents.
JOB_VERSION = 8
VOICE_VERSION = 4
PROFILE_VERSION = 1
MODEL_VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_us(moment: datetime) -> int:
    """Microseconds from 1970-01-01 UTC to `moment`, exactly; what stores sort by."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


# --- requests -------------------------------------------------------------------------------------------------------
_CONVERSION = {"model_id": as_text, "pitch": as_number, "index_rate": as_number, "protect": as_number,
               "rms_mix_rate": as_number, "filter_radius": as_whole, "hop_length": as_whole,
               "f0_method": F0Method, "seed": as_whole}  # fmt: skip


def _conversion(document: Any) -> ConversionSettings:
    return ConversionSettings(**fields_of(document, _CONVERSION))


_SPEECH = {"text": as_text, "source_language": as_language, "target_language": maybe(as_language), "mode": Mode,
           "voice_preset": as_text, "voice_id": maybe(as_text), "engine": maybe(as_text),
           "quality_profile_id": maybe(as_text), "speed": maybe(as_number), "seed": as_whole,
           "output_format": OutputFormat,
           "conversion": maybe(_conversion), "f0_method_named": as_flag, "conversion_required": as_flag}  # fmt: skip
#: Written only where it was asked for. What it was before it could be asked for is what it is without: no version is needed.
_SELDOM = {"word_times": as_flag}
#: The same of an enrolment: jobs of before it was noted have none.
_SELDOM_ENROLLED = {"said_sha256": as_text}
_RECORDING = {"audio_key": as_text, "duration_s": as_number, "conversion": _conversion, "f0_method_named": as_flag,
              "output_format": OutputFormat, "recording_sha256": as_text}  # fmt: skip
_ENROLMENT = {"name": as_text, "language": as_language, "clip_keys": as_texts, "reference_duration_s": as_number,
              "description": as_text, "engine": maybe(as_text), "consent": maybe(as_statement),
              "consent_id": maybe(as_text)}  # fmt: skip

_PART = {"voice_id": maybe(as_text), "preset": maybe(as_text), "weight": as_number}
_MIX = {"name": as_text, "language": as_language, "description": as_text, "engine": maybe(as_text),
        "parts": tuple_of(lambda document: VoicePart(**fields_of(document, _PART)))}  # fmt: skip


def _request(document: Any) -> Request:
    kind, body = document
    if kind == "speech":
        return SynthesisRequest(**fields_of(body, _SPEECH | {name: _SELDOM[name] for name in body if name in _SELDOM}))
    if kind == "enrolment":
        seldom = {name: _SELDOM_ENROLLED[name] for name in body if name in _SELDOM_ENROLLED}
        return EnrolmentRequest(**fields_of(body, _ENROLMENT | seldom))
    if kind == "recording":
        return ConversionRequest(**fields_of(body, _RECORDING))
    if kind == "mix":
        return MixRequest(**fields_of(body, _MIX))
    raise ValueError(f"{kind!r} is not a kind of request")


def _request_document(request: Request) -> list[Any]:
    if isinstance(request, MixRequest):
        parts = [plain(part, _PART) for part in request.parts]
        return ["mix", plain(request, _MIX) | {"language": request.language.tag, "parts": parts}]
    if isinstance(request, EnrolmentRequest):
        told = {"language": request.language.tag, "consent": maybe_write(statement_document, request.consent)}
        noted = {"said_sha256": request.said_sha256} if request.said_sha256 else {}
        return ["enrolment", plain(request, _ENROLMENT) | told | noted]
    if isinstance(request, ConversionRequest):
        return ["recording", plain(request, _RECORDING) | {"conversion": plain(request.conversion, _CONVERSION)}]
    languages = {"source_language": request.source_language.tag,
                 "target_language": maybe_write(str, request.target_language)}  # fmt: skip
    conversion = maybe_write(lambda settings: plain(settings, _CONVERSION), request.conversion)
    seldom = {"word_times": True} if request.word_times else {}
    return ["speech", plain(request, _SPEECH) | languages | {"conversion": conversion} | seldom]


# --- jobs -----------------------------------------------------------------------------------------------------------
_SEGMENTS = {"total": as_whole, "done": as_whole, "cached": as_whole}
_RESULT = {"audio_key": maybe(as_text), "duration_s": as_number, "sample_rate_hz": as_whole, "file_size": as_whole,
           "manifest_key": maybe(as_text), "voice_id": maybe(as_text), "conversion_applied": maybe(as_flag),
           "conversion_fallback": as_text, "index_used": maybe(as_flag), "index_reason": as_text}  # fmt: skip
_HANDLING = {"priority": Priority, "webhook_url": maybe(as_text)}
_ERROR = {"code": as_text, "message": as_text, "retryable": as_flag}
_MOMENTS = ("lease_until", "started_at", "completed_at", "expires_at")
_JOB: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: JobId(as_text(value)), "request": _request, "engine": as_text,
    "quality_profile_id": maybe(as_text), "parameters": tuple_of(as_pair), "conversion": maybe(_conversion),
    "converter": maybe(as_text), "spoken_language": as_language, "owner": as_text,
    "created_at": as_moment, "status": JobStatus, "attempt": as_whole, "tries": as_whole, "worker": maybe(as_text),
    "progress": as_number, "progress_message": as_text,
    "handling": lambda document: Handling(**fields_of(document, _HANDLING)),
    "segments": lambda document: SegmentCount(**fields_of(document, _SEGMENTS)), "warnings": as_texts,
    "result": maybe(lambda document: JobResult(**fields_of(document, _RESULT))),
    "error": maybe(lambda document: JobError(**fields_of(document, _ERROR))),
    **dict.fromkeys(_MOMENTS, maybe(as_moment)),
    "traceparent": maybe(as_text),
}  # fmt: skip


def _with_handling(document: Document) -> Document:
    """From version 1, whose jobs had no choice."""
    if "handling" in document:
        raise ValueError("version 1 has no handling")
    return document | {"handling": plain(Handling(), _HANDLING)}


def _with_mixes(document: Document) -> Document:
    """From version 2, which knew none."""
    if document["request"][0] == "mix":
        raise ValueError("version 2 has no mixes")
    return document


#: What version 4 of the jobs brought to each result.
_UNCONVERTED = {"conversion_applied": None, "conversion_fallback": "", "index_used": None, "index_reason": ""}


def _with_conversion(document: Document) -> Document:
    """From version 3, which kept what was asked of a conversion, and had nothing that did it."""
    kind, body = document["request"]
    resolved = None
    if kind == "recording" or "conversion" in document:
        raise ValueError("version 3 has no conversion")
    if kind == "speech":
        settings = body["conversion"]
        if settings is not None:
            settings, resolved = settings | {"seed": 0}, settings | {"seed": body["seed"]}
        body = body | {"conversion": settings, "f0_method_named": False, "conversion_required": False}
    result = document["result"]
    return document | {
        "request": [kind, body], "conversion": resolved, "result": None if result is None else result | _UNCONVERTED,
    }  # fmt: skip


def _with_needs(document: Document) -> Document:
    """From version 5, whose jobs did not say that they need a converter: there was one. Of recordings it kept no digest."""
    kind, body = document["request"]
    if "converter" in document or "recording_sha256" in body:
        raise ValueError("version 5 has no converter and no digests of recordings")
    converted = kind == "speech" and document["conversion"] is not None
    if kind == "recording":
        body = body | {"recording_sha256": ""}
    return document | {"request": [kind, body], "converter": CONVERTER if converted else None}


def _with_statements(document: Document) -> Document:
    """From version 6, where a consent was a text; whose it was, only its words tell."""
    kind, body = document["request"]
    if kind != "enrolment":
        return document
    if "consent_id" in body:
        raise ValueError("version 6 has no consents of their own")
    statement, text = None, body["consent"]
    if text is not None:
        # Nobody looked at its characters then.
        text = "".join(each if each.isprintable() or each in "\n\t" else " " for each in as_text(text)).strip()
    if text:
        statement = {"by": "", "text": text, "given_at": document["created_at"], "recording": None}
    return document | {"request": [kind, body | {"consent": statement, "consent_id": None}]}


def _with_traces(document: Document) -> Document:
    """From version 7, which kept none."""
    if "traceparent" in document:
        raise ValueError("version 7 has no traceparent")
    return document | {"traceparent": None}


def _with_voices_without_reference(document: Document) -> Document:
    """From version 1, where every voice had one."""
    as_text(document["reference_key"])
    return document


def _with_owner(document: Document) -> Document:
    """From version 4 of jobs and 2 of voices, when there were no keys: everything was nobody's."""
    if "owner" in document:
        raise ValueError("there were no owners in this version")
    return document | {"owner": ""}


def _with_ids_of_consents(document: Document) -> Document:
    """From version 3, whose voices have a consent's words at most."""
    if "consents" in document:
        raise ValueError("version 3 has no consents of their own")
    return document | {"consents": []}


#: Upgrade n leads from version n + 1 to the next one.
_JOB_UPGRADES: tuple[Callable[[Document], Document], ...] = (
    _with_handling, _with_mixes, _with_conversion, _with_owner, _with_needs, _with_statements, _with_traces,
)  # fmt: skip
_VOICE_UPGRADES: tuple[Callable[[Document], Document], ...] = (
    _with_voices_without_reference, _with_owner, _with_ids_of_consents,
)  # fmt: skip


def dump_job(job: SynthesisJob) -> str:
    """The job as a record: JSON, ASCII, one line."""
    moments = {name: maybe_write(moment_text, getattr(job, name)) for name in _MOMENTS}
    nested = {
        "request": _request_document(job.request),
        "conversion": maybe_write(lambda settings: plain(settings, _CONVERSION), job.conversion),
        "spoken_language": job.spoken_language.tag,
        "created_at": moment_text(job.created_at),
        "segments": plain(job.segments, _SEGMENTS),
        "handling": plain(job.handling, _HANDLING),
        "result": maybe_write(lambda result: plain(result, _RESULT), job.result),
        "error": maybe_write(lambda error: plain(error, _ERROR), job.error),
    }
    return dump("job", JOB_VERSION, plain(job, _JOB) | nested | moments)


def load_job(record: str | bytes) -> SynthesisJob:
    """The inverse of `dump_job`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("job", _JOB_UPGRADES, record, lambda document: SynthesisJob(**fields_of(document, _JOB)))


# --- voices and profiles --------------------------------------------------------------------------------------------
_VOICE: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: VoiceId(as_text(value)), "name": as_text, "language": as_language, "engine": as_text,
    "method": as_text, "print_key": as_text, "print_sha256": as_text, "reference_key": maybe(as_text),
    "sample_key": maybe(as_text), "reference_duration_s": as_number, "description": as_text, "consent": maybe(as_text),
    "consents": as_texts,
    "created_at": as_moment, "source_job_id": maybe(as_text), "notes": as_texts,
    "owner": as_text,
}  # fmt: skip
_PROFILE: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: ProfileId(as_text(value)), "name": as_text, "engine": as_text, "description": as_text,
    "parameters": as_knobs, "built_in": as_flag,
}  # fmt: skip


def dump_voice(voice: VoiceProfile) -> str:
    """The voice as a record: JSON, ASCII, one line."""
    nested = {"language": voice.language.tag, "created_at": moment_text(voice.created_at)}
    return dump("voice", VOICE_VERSION, plain(voice, _VOICE) | nested)


def load_voice(record: str | bytes) -> VoiceProfile:
    """The inverse of `dump_voice`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("voice", _VOICE_UPGRADES, record, lambda document: VoiceProfile(**fields_of(document, _VOICE)))


def dump_profile(profile: QualityProfile) -> str:
    """The quality profile as a record: JSON, ASCII, one line."""
    return dump("profile", PROFILE_VERSION, plain(profile, _PROFILE) | {"parameters": dict(profile.parameters)})


def load_profile(record: str | bytes) -> QualityProfile:
    """The inverse of `dump_profile`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("profile", (), record, lambda document: QualityProfile(**fields_of(document, _PROFILE)))


# --- conversion models ----------------------------------------------------------------------------------------------
_MODEL: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: ModelId(as_text(value)), "name": as_text, "description": as_text, "version": as_text, "f0": as_flag,
    "sample_rate_hz": as_whole, "vectors": as_whole, "digest": as_text, "size_bytes": as_whole, "notes": as_texts,
    "created_at": as_moment,
}  # fmt: skip


def dump_model(model: ConversionModel) -> str:
    """The conversion model as a record: JSON, ASCII, one line."""
    return dump("model", MODEL_VERSION, plain(model, _MODEL) | {"created_at": moment_text(model.created_at)})


def load_model(record: str | bytes) -> ConversionModel:
    """The inverse of `dump_model`. Raises `StorageUnavailable` for a record that this program does not know."""
    return load("model", (), record, lambda document: ConversionModel(**fields_of(document, _MODEL)))
