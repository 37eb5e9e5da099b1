"""From the fields of `POST /jobs` to the core's request."""

from __future__ import annotations

from entrypoints.http.conversion_body import conversion_of
from entrypoints.http.schemas import JobBody
from voicecore.errors import InvalidInput, UnsupportedLanguage
from voicecore.handling import Handling, Priority
from voicecore.language import Language
from voicecore.request import Mode, OutputFormat, SynthesisRequest
from voicecore.voice import DEFAULT_PRESET

_OF_JOBS = (Mode.DUBBING, Mode.DUBBING_WITH_CLONE, Mode.CONVERT)


def to_request(body: JobBody) -> SynthesisRequest:
    """The request that the fields mean.

    Raises:
        InvalidInput: and its kinds, for a value that no engine could take.
    """
    mode = _mode(body.mode)
    return SynthesisRequest(
        text=body.text,
        source_language=language_of(body.source_language, "source_language"),
        target_language=None if body.target_language is None else language_of(body.target_language, "target_language"),
        mode=mode,
        voice_preset=DEFAULT_PRESET if body.voice_preset is None else body.voice_preset,
        voice_id=body.voice_id,
        engine=_either("engine", body.engine, "tts_engine", body.tts_engine),
        quality_profile_id=_either(
            "quality_profile_id", body.quality_profile_id, "quality_profile", body.quality_profile
        ),
        speed=body.speed,
        seed=0 if body.seed is None else body.seed,
        output_format=format_of(body.output_format, "output_format"),
        conversion=conversion_of(body),
        f0_method_named=body.rvc_f0_method is not None,
        conversion_required=bool(body.rvc_required),
        word_times=bool(body.word_timestamps),
    )


def language_of(tag: str, field: str) -> Language:
    """`Language.parse`, with the field named in the error."""
    try:
        return Language.parse(tag)
    except UnsupportedLanguage as error:
        raise UnsupportedLanguage(error.message, field=field) from None


def format_of(name: str | None, field: str) -> OutputFormat:
    """The format of this name; wav if there is none. Raises `InvalidInput` with the formats there are."""
    try:
        return OutputFormat.WAV if name is None else OutputFormat(name)
    except ValueError:
        known = ", ".join(each.value for each in OutputFormat)
        raise InvalidInput(
            f"{str(name)[:60]!r} is not an output format; choose one of: {known}.", field=field
        ) from None


def handling_of(priority: str | None, webhook_url: str | None) -> Handling:
    """How the job is to be treated. Raises `InvalidInput` with the priorities there are, or for an address that is none."""
    try:
        urgency = Priority.NORMAL if priority is None else Priority(priority)
    except ValueError:
        known = ", ".join(each.value for each in Priority)
        raise InvalidInput(
            f"{str(priority)[:60]!r} is not a priority; choose one of: {known}.", field="priority"
        ) from None
    return Handling(priority=urgency, webhook_url=webhook_url)


def refuse_conversion(mode: object) -> None:
    """Of a body that can have no recording in it. Raises `InvalidInput` if its mode needs one."""
    if mode == Mode.CONVERT:
        raise InvalidInput(
            "Mode 'convert' takes a recording: send multipart/form-data with it in the field 'file'.", field="file"
        )


def _mode(name: str) -> Mode:
    refuse_conversion(name)
    if name == Mode.CLONE.value:
        raise InvalidInput(
            "A voice is learned from files: send them to POST /voices/clone instead, then use mode 'dubbing_with_clone'.",
            field="mode",
        )
    if name == Mode.MIX.value:
        raise InvalidInput(
            "A mix is a new voice: send its parts to POST /voices/mix instead, then use mode 'dubbing_with_clone'.",
            field="mode",
        )
    try:
        return Mode(name)
    except ValueError:
        known = ", ".join(each.value for each in _OF_JOBS)
        raise InvalidInput(f"{str(name)[:60]!r} is not a mode; choose one of: {known}.", field="mode") from None


def _either(name: str, value: str | None, alias: str, other: str | None) -> str | None:
    if value is not None and other is not None and value != other:
        raise InvalidInput(f"{name} and {alias} mean the same and differ; send one of them.", field=alias)
    return value if value is not None else other
