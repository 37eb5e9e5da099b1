"""Jobs, voices, profiles and conversion models as JSON documents, for whatever store keeps them.

A record says its version: `{"v": 1, …}`. Reading is strict. A record of another version, with an unknown state, or
with a field too many or too few was not written by this program: it is refused with `StorageUnavailable`, never
guessed at.
The names in the documents are stored names: renaming an attribute must not change them (`tests/unit/test_records.py`
holds golden records). A change of the documents needs a new version here, and a reader for each older one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from voicecore.conversion import ConversionSettings, F0Method
from voicecore.conversion_model import ConversionModel, ModelId
from voicecore.errors import InvalidInput, StorageUnavailable, UnsupportedLanguage
from voicecore.handling import Handling, Priority
from voicecore.job import JobError, JobId, JobResult, JobStatus, SegmentCount, SynthesisJob
from voicecore.language import Language
from voicecore.quality import ProfileId, QualityProfile
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

#: Versions of the records that this program writes. Jobs: 2 brought `handling`, 3 mixes of voices, 4 conversion. Voices: 2
#: brought voices without reference.
JOB_VERSION = 4
VOICE_VERSION = 2
PROFILE_VERSION = 1
MODEL_VERSION = 1

T = TypeVar("T")
Document = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_us(moment: datetime) -> int:
    """Microseconds from 1970-01-01 UTC to `moment`, exactly; what stores sort by."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


# --- a field's value as JSON and back; each reader raises TypeError or ValueError on what it does not know ----------
def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _number(value: Any) -> float:
    """A finite number; whole ones stay `int`, so that what is read equals what was written."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a finite number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment


def _moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _texts(value: Any) -> tuple[str, ...]:
    return _tuple_of(_text)(value)


def _tuple_of(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def read_all(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is not a list")
        return tuple(read(each) for each in value)

    return read_all


def _maybe(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else read(value)


def _maybe_write(write: Callable[[T], Any], value: T | None) -> Any:
    return None if value is None else write(value)


def _language(value: Any) -> Language:
    return Language.parse(_text(value))


def _pair(value: Any) -> tuple[str, float]:
    name, number = value
    return _text(name), _number(number)


def _knobs(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a set of parameters")
    return {name: _number(number) for name, number in value.items()}


def _fields(document: Any, readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Exactly these fields, each through its reader; the names are the attributes of the value they make."""
    if not isinstance(document, dict):
        raise TypeError(f"{document!r} is not an object")
    if document.keys() != readers.keys():
        raise ValueError(f"unknown or missing fields: {', '.join(sorted(document.keys() ^ readers.keys()))}")
    return {name: read(document[name]) for name, read in readers.items()}


# --- requests -------------------------------------------------------------------------------------------------------
_CONVERSION = {"model_id": _text, "pitch": _number, "index_rate": _number, "protect": _number,
               "rms_mix_rate": _number, "filter_radius": _whole, "hop_length": _whole,
               "f0_method": F0Method, "seed": _whole}  # fmt: skip


def _conversion(document: Any) -> ConversionSettings:
    return ConversionSettings(**_fields(document, _CONVERSION))


_SPEECH = {"text": _text, "source_language": _language, "target_language": _maybe(_language), "mode": Mode,
           "voice_preset": _text, "voice_id": _maybe(_text), "engine": _maybe(_text),
           "quality_profile_id": _maybe(_text), "speed": _maybe(_number), "seed": _whole,
           "output_format": OutputFormat,
           "conversion": _maybe(_conversion), "f0_method_named": _flag, "conversion_required": _flag}  # fmt: skip
_RECORDING = {"audio_key": _text, "duration_s": _number, "conversion": _conversion, "f0_method_named": _flag,
              "output_format": OutputFormat}  # fmt: skip
_ENROLMENT = {"name": _text, "language": _language, "clip_keys": _texts, "reference_duration_s": _number,
              "description": _text, "engine": _maybe(_text), "consent": _maybe(_text)}  # fmt: skip

_PART = {"voice_id": _maybe(_text), "preset": _maybe(_text), "weight": _number}
_MIX = {"name": _text, "language": _language, "description": _text, "engine": _maybe(_text),
        "parts": _tuple_of(lambda document: VoicePart(**_fields(document, _PART)))}  # fmt: skip


def _request(document: Any) -> Request:
    kind, body = document
    if kind == "speech":
        return SynthesisRequest(**_fields(body, _SPEECH))
    if kind == "enrolment":
        return EnrolmentRequest(**_fields(body, _ENROLMENT))
    if kind == "recording":
        return ConversionRequest(**_fields(body, _RECORDING))
    if kind == "mix":
        return MixRequest(**_fields(body, _MIX))
    raise ValueError(f"{kind!r} is not a kind of request")


def _request_document(request: Request) -> list[Any]:
    if isinstance(request, MixRequest):
        parts = [_plain(part, _PART) for part in request.parts]
        return ["mix", _plain(request, _MIX) | {"language": request.language.tag, "parts": parts}]
    if isinstance(request, EnrolmentRequest):
        return ["enrolment", _plain(request, _ENROLMENT) | {"language": request.language.tag}]
    if isinstance(request, ConversionRequest):
        return ["recording", _plain(request, _RECORDING) | {"conversion": _plain(request.conversion, _CONVERSION)}]
    languages = {"source_language": request.source_language.tag,
                 "target_language": _maybe_write(str, request.target_language)}  # fmt: skip
    conversion = _maybe_write(lambda settings: _plain(settings, _CONVERSION), request.conversion)
    return ["speech", _plain(request, _SPEECH) | languages | {"conversion": conversion}]


# --- jobs -----------------------------------------------------------------------------------------------------------
_SEGMENTS = {"total": _whole, "done": _whole, "cached": _whole}
_RESULT = {"audio_key": _maybe(_text), "duration_s": _number, "sample_rate_hz": _whole, "file_size": _whole,
           "manifest_key": _maybe(_text), "voice_id": _maybe(_text), "conversion_applied": _maybe(_flag),
           "conversion_fallback": _text, "index_used": _maybe(_flag), "index_reason": _text}  # fmt: skip
_HANDLING = {"priority": Priority, "webhook_url": _maybe(_text)}
_ERROR = {"code": _text, "message": _text, "retryable": _flag}
_MOMENTS = ("lease_until", "started_at", "completed_at", "expires_at")
_JOB: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: JobId(_text(value)), "request": _request, "engine": _text,
    "quality_profile_id": _maybe(_text), "parameters": _tuple_of(_pair), "conversion": _maybe(_conversion),
    "spoken_language": _language,
    "created_at": _moment, "status": JobStatus, "attempt": _whole, "tries": _whole, "worker": _maybe(_text),
    "progress": _number, "progress_message": _text,
    "handling": lambda document: Handling(**_fields(document, _HANDLING)),
    "segments": lambda document: SegmentCount(**_fields(document, _SEGMENTS)), "warnings": _texts,
    "result": _maybe(lambda document: JobResult(**_fields(document, _RESULT))),
    "error": _maybe(lambda document: JobError(**_fields(document, _ERROR))),
    **dict.fromkeys(_MOMENTS, _maybe(_moment)),
}  # fmt: skip


def _with_handling(document: Document) -> Document:
    """From version 1, whose jobs had no choice."""
    if "handling" in document:
        raise ValueError("version 1 has no handling")
    return document | {"handling": _plain(Handling(), _HANDLING)}


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


def _with_voices_without_reference(document: Document) -> Document:
    """From version 1, where every voice had one."""
    _text(document["reference_key"])
    return document


#: Upgrade n leads from version n + 1 to the next one.
_JOB_UPGRADES: tuple[Callable[[Document], Document], ...] = (_with_handling, _with_mixes, _with_conversion)
_VOICE_UPGRADES: tuple[Callable[[Document], Document], ...] = (_with_voices_without_reference,)


def dump_job(job: SynthesisJob) -> str:
    """The job as a record: JSON, ASCII, one line."""
    moments = {name: _maybe_write(_moment_text, getattr(job, name)) for name in _MOMENTS}
    nested = {
        "request": _request_document(job.request),
        "conversion": _maybe_write(lambda settings: _plain(settings, _CONVERSION), job.conversion),
        "spoken_language": job.spoken_language.tag,
        "created_at": _moment_text(job.created_at),
        "segments": _plain(job.segments, _SEGMENTS),
        "handling": _plain(job.handling, _HANDLING),
        "result": _maybe_write(lambda result: _plain(result, _RESULT), job.result),
        "error": _maybe_write(lambda error: _plain(error, _ERROR), job.error),
    }
    return _dump("job", JOB_VERSION, _plain(job, _JOB) | nested | moments)


def load_job(record: str | bytes) -> SynthesisJob:
    """The inverse of `dump_job`. Raises `StorageUnavailable` for a record that this program does not know."""
    return _load("job", _JOB_UPGRADES, record, lambda document: SynthesisJob(**_fields(document, _JOB)))


# --- voices and profiles --------------------------------------------------------------------------------------------
_VOICE: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: VoiceId(_text(value)), "name": _text, "language": _language, "engine": _text,
    "method": _text, "print_key": _text, "print_sha256": _text, "reference_key": _maybe(_text),
    "sample_key": _maybe(_text), "reference_duration_s": _number, "description": _text, "consent": _maybe(_text),
    "created_at": _moment, "source_job_id": _maybe(_text), "notes": _texts,
}  # fmt: skip
_PROFILE: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: ProfileId(_text(value)), "name": _text, "engine": _text, "description": _text,
    "parameters": _knobs, "built_in": _flag,
}  # fmt: skip


def dump_voice(voice: VoiceProfile) -> str:
    """The voice as a record: JSON, ASCII, one line."""
    nested = {"language": voice.language.tag, "created_at": _moment_text(voice.created_at)}
    return _dump("voice", VOICE_VERSION, _plain(voice, _VOICE) | nested)


def load_voice(record: str | bytes) -> VoiceProfile:
    """The inverse of `dump_voice`. Raises `StorageUnavailable` for a record that this program does not know."""
    return _load("voice", _VOICE_UPGRADES, record, lambda document: VoiceProfile(**_fields(document, _VOICE)))


def dump_profile(profile: QualityProfile) -> str:
    """The quality profile as a record: JSON, ASCII, one line."""
    return _dump("profile", PROFILE_VERSION, _plain(profile, _PROFILE) | {"parameters": dict(profile.parameters)})


def load_profile(record: str | bytes) -> QualityProfile:
    """The inverse of `dump_profile`. Raises `StorageUnavailable` for a record that this program does not know."""
    return _load("profile", (), record, lambda document: QualityProfile(**_fields(document, _PROFILE)))


# --- conversion models ----------------------------------------------------------------------------------------------
_MODEL: dict[str, Callable[[Any], Any]] = {
    "id": lambda value: ModelId(_text(value)), "name": _text, "description": _text, "version": _text, "f0": _flag,
    "sample_rate_hz": _whole, "vectors": _whole, "digest": _text, "size_bytes": _whole, "notes": _texts,
    "created_at": _moment,
}  # fmt: skip


def dump_model(model: ConversionModel) -> str:
    """The conversion model as a record: JSON, ASCII, one line."""
    return _dump("model", MODEL_VERSION, _plain(model, _MODEL) | {"created_at": _moment_text(model.created_at)})


def load_model(record: str | bytes) -> ConversionModel:
    """The inverse of `dump_model`. Raises `StorageUnavailable` for a record that this program does not know."""
    return _load("model", (), record, lambda document: ConversionModel(**_fields(document, _MODEL)))


# --- the envelope ---------------------------------------------------------------------------------------------------
def _plain(value: object, fields: Mapping[str, Any]) -> Document:
    return {name: getattr(value, name) for name in fields}


def _dump(kind: str, version: int, body: Document) -> str:
    try:
        return json.dumps({"v": version, "kind": kind, **body}, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise InvalidInput(f"This {kind} cannot be stored ({error}); its numbers must be finite.") from error


def _load(
    kind: str,
    upgrades: Sequence[Callable[[Document], Document]],
    record: str | bytes,
    read: Callable[[Document], T],
) -> T:
    newest = len(upgrades) + 1
    try:
        document = json.loads(record)
        version, written_kind = document.pop("v"), document.pop("kind")
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise StorageUnavailable(f"A stored {kind} is not a record of voicecore; restore the store.") from error
    if type(version) is not int or not 1 <= version <= newest or written_kind != kind:
        raise StorageUnavailable(
            f"A stored {kind} has version {version!r} and kind {written_kind!r}; this program reads versions 1 to {newest}: "
            "run the version of voicecore that wrote it, or a newer one."
        )
    try:
        for upgrade in upgrades[version - 1 :]:
            document = upgrade(document)
        return read(document)
    except (TypeError, ValueError, KeyError, IndexError, InvalidInput, UnsupportedLanguage) as error:
        raise StorageUnavailable(
            f"The stored {kind} {document.get('id')!r} cannot be read ({error}); "
            "run the version of voicecore that wrote it."
        ) from error
