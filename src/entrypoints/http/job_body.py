"""From the fields of `POST /jobs` to the core's request."""

from __future__ import annotations

from entrypoints.http.schemas import JobBody
from voicecore.conversion import CONVERSION_PARAMETERS, ConversionSettings, F0Method
from voicecore.errors import InvalidInput, NotInstalled, UnsupportedLanguage
from voicecore.handling import Handling, Priority
from voicecore.language import Language
from voicecore.request import Mode, OutputFormat, SynthesisRequest
from voicecore.usecases.submit_synthesis import CONVERSION_MISSING
from voicecore.voice import DEFAULT_PRESET

_SPEAKING = (Mode.DUBBING, Mode.DUBBING_WITH_CLONE)


def to_request(body: JobBody) -> SynthesisRequest:
    """The request that the fields mean.

    Raises:
        InvalidInput: and its kinds, for a value that no engine could take.
        NotInstalled: for mode `convert`.
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
        conversion=_conversion(body),
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


def _mode(name: str) -> Mode:
    if name == Mode.CONVERT.value:
        raise NotInstalled(f"Mode 'convert' needs voice conversion. {CONVERSION_MISSING}", field="mode")
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
        known = ", ".join(each.value for each in _SPEAKING)
        raise InvalidInput(f"{str(name)[:60]!r} is not a mode; choose one of: {known}.", field="mode") from None


def _either(name: str, value: str | None, alias: str, other: str | None) -> str | None:
    if value is not None and other is not None and value != other:
        raise InvalidInput(f"{name} and {alias} mean the same and differ; send one of them.", field=alias)
    return value if value is not None else other


def rvc_values(body: JobBody) -> dict[str, float]:
    """The six numeric knobs, given or by default; 0 is a value. Raises `InvalidInput` for one out of range."""
    values = {}
    for name, parameter in CONVERSION_PARAMETERS.items():
        given = getattr(body, name)
        # Checked even without enable_rvc: a wrong value is a mistake whether it is used or not.
        values[name] = parameter.default if given is None else parameter.check(name, given)
    return values


def f0_method(body: JobBody) -> F0Method:
    """The pitch tracker asked for. Raises `InvalidInput` with the ones there are."""
    try:
        return F0Method.RMVPE if body.rvc_f0_method is None else F0Method(body.rvc_f0_method)
    except ValueError:
        known = ", ".join(each.value for each in F0Method)
        raise InvalidInput(
            f"{str(body.rvc_f0_method)[:60]!r} is not a pitch tracker; choose one of: {known}.", field="rvc_f0_method"
        ) from None


def _conversion(body: JobBody) -> ConversionSettings | None:
    values, tracker = rvc_values(body), f0_method(body)
    if not body.enable_rvc:
        return None
    if not body.rvc_model_id:
        raise InvalidInput("enable_rvc needs rvc_model_id; GET /rvc-models lists the models.", field="rvc_model_id")
    return ConversionSettings(
        model_id=body.rvc_model_id,
        pitch=values["rvc_pitch"],
        index_rate=values["rvc_index_rate"],
        protect=values["rvc_protect"],
        rms_mix_rate=values["rvc_rms_mix_rate"],
        filter_radius=int(values["rvc_filter_radius"]),
        hop_length=int(values["rvc_hop_length"]),
        f0_method=tracker,
    )
