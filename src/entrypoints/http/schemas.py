"""Bodies of requests. Unknown fields are refused; what a value may be is said by the core, whose sentences are better,
so constraints stand here only as documentation (`extra_json_schema`), taken from the core's own tables.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from voicecore.consent import STATEMENT_LIMIT
from voicecore.conversion import CONVERSION_PARAMETERS, F0Method
from voicecore.engine import SPEED
from voicecore.handling import URL_LIMIT, Priority
from voicecore.mixing import MAX_PARTS, MIN_PARTS, WEIGHT_LIMIT
from voicecore.quality import Parameter
from voicecore.request import SEED_LIMIT, TEXT_LIMIT, OutputFormat
from voicecore.voice import DEFAULT_PRESET, DESCRIPTION_LIMIT, NAME_LIMIT


def _ranged(parameter: Parameter) -> Meta:
    return Meta(
        description=f"{parameter.meaning} Default {parameter.default:g}.",
        extra_json_schema={"minimum": parameter.minimum, "maximum": parameter.maximum},
    )


def _rvc(name: str) -> Meta:
    return _ranged(CONVERSION_PARAMETERS[name])


_TAG = {"maxLength": 35, "examples": ["pt-BR"]}
_NAME = Meta(extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})
_DESCRIPTION = Meta(extra_json_schema={"maxLength": DESCRIPTION_LIMIT})
_BY = Meta(
    description="Name of the person who speaks and who agreed.",
    extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT},
)
_GIVEN_AT = Meta(
    description="When they agreed, with its time zone; left out: now.",
    extra_json_schema={"format": "date-time", "examples": ["2026-11-22T10:00:00Z"]},
)
_PARAMETERS = Meta(description="Knob and value; GET /engines lists the knobs with their ranges.")

Urgency = Annotated[str, Meta(
    description="Default normal. All waiting jobs of a higher priority start before any of a lower one.",
    extra_json_schema={"enum": [each.value for each in Priority]},
)]  # fmt: skip
Webhook = Annotated[str, Meta(
    description="An https address that gets a signed message when the job has ended. The service needs "
    "VOICECORE_WEBHOOK_SECRET for it, and VOICECORE_WEBHOOK_ALLOW_PRIVATE for http and for private networks.",
    extra_json_schema={"format": "uri", "maxLength": URL_LIMIT, "examples": ["https://example.com/voicecore"]},
)]  # fmt: skip
Pitch = Annotated[float, _rvc("rvc_pitch")]
IndexRate = Annotated[float, _rvc("rvc_index_rate")]
Protect = Annotated[float, _rvc("rvc_protect")]
RmsMixRate = Annotated[float, _rvc("rvc_rms_mix_rate")]
FilterRadius = Annotated[int, _rvc("rvc_filter_radius")]
HopLength = Annotated[int, _rvc("rvc_hop_length")]
PitchTracker = Annotated[str, Meta(
    description="Default rmvpe, or fcpe where the weights of rmvpe are missing; GET /rvc-models tells which ones are off.",
    extra_json_schema={"enum": [each.value for each in F0Method]},
)]  # fmt: skip
_MODEL = Meta(description="GET /rvc-models.")
Seed = Annotated[int, Meta(
    description="The same request has the same sound. Default 0.", extra_json_schema={"minimum": 0, "maximum": SEED_LIMIT}
)]  # fmt: skip
Format = Annotated[
    str, Meta(description="Default wav.", extra_json_schema={"enum": [each.value for each in OutputFormat]})
]


class JobBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text to speak."""

    mode: Annotated[str, Meta(
        description="`dubbing` speaks with a preset, `dubbing_with_clone` with an enrolled voice. `convert` takes a "
        "recording, so it comes as multipart/form-data; voices are enrolled at POST /voices/clone.",
        extra_json_schema={"enum": ["dubbing", "dubbing_with_clone", "convert"]},
    )]  # fmt: skip
    text: Annotated[str, Meta(
        description="What is spoken, in `source_language`.",
        extra_json_schema={"minLength": 1, "maxLength": TEXT_LIMIT, "examples": ["Olá, mundo!"]},
    )]  # fmt: skip
    source_language: Annotated[str, Meta(description="BCP 47 tag of the text's language.", extra_json_schema=_TAG)]
    target_language: (
        Annotated[str, Meta(description="Kept and echoed; no translator is configured.", extra_json_schema=_TAG)] | None
    ) = None
    voice_preset: Annotated[str, Meta(description=f"GET /presets. Default {DEFAULT_PRESET}.")] | None = None
    voice_id: Annotated[str, Meta(description="GET /voices. Required for `dubbing_with_clone`.")] | None = None
    engine: Annotated[str, Meta(description="GET /engines. The service's default if left out.")] | None = None
    tts_engine: Annotated[str, Meta(description="Alias of `engine`.")] | None = None
    quality_profile_id: Annotated[str, Meta(description="GET /quality-profiles.")] | None = None
    quality_profile: Annotated[str, Meta(description="Alias of `quality_profile_id`.")] | None = None
    speed: Annotated[float, _ranged(SPEED)] | None = None
    seed: Seed | None = None
    output_format: Format | None = None
    word_timestamps: Annotated[bool, Meta(
        description="Work for the times of single words, where the engine does not know them anyway (GET /engines: `word_times`).",
    )] | None = None  # fmt: skip
    enable_rvc: Annotated[bool, Meta(description="Convert what was spoken to the voice `rvc_model_id`.")] | None = None
    rvc_model_id: Annotated[str, _MODEL] | None = None
    rvc_required: Annotated[bool, Meta(
        description="Fail where conversion fails. Left out, such a job keeps the plain voice and says so.",
    )] | None = None  # fmt: skip
    rvc_pitch: Pitch | None = None
    rvc_index_rate: IndexRate | None = None
    rvc_protect: Protect | None = None
    rvc_rms_mix_rate: RmsMixRate | None = None
    rvc_filter_radius: FilterRadius | None = None
    rvc_hop_length: HopLength | None = None
    rvc_f0_method: PitchTracker | None = None
    priority: Urgency | None = None
    webhook_url: Webhook | None = None


class ConvertBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the `file` of a job of mode `convert`: a recording that shall get another voice."""

    mode: Annotated[str, Meta(extra_json_schema={"enum": ["dubbing", "dubbing_with_clone", "convert"]})]
    rvc_model_id: Annotated[str, _MODEL]
    enable_rvc: bool | None = None
    rvc_required: bool | None = None
    rvc_pitch: Pitch | None = None
    rvc_index_rate: IndexRate | None = None
    rvc_protect: Protect | None = None
    rvc_rms_mix_rate: RmsMixRate | None = None
    rvc_filter_radius: FilterRadius | None = None
    rvc_hop_length: HopLength | None = None
    rvc_f0_method: PitchTracker | None = None
    seed: Seed | None = None
    output_format: Format | None = None
    priority: Urgency | None = None
    webhook_url: Webhook | None = None


class ModelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the files of `POST /rvc-models`."""

    name: Annotated[str, _NAME]
    description: Annotated[str, _DESCRIPTION] | None = None


class CloneBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the files of `POST /voices/clone`."""

    name: Annotated[str, _NAME]
    language: Annotated[str, Meta(description="BCP 47 tag of the language spoken.", extra_json_schema=_TAG)]
    description: Annotated[str, _DESCRIPTION] | None = None
    engine: str | None = None
    consent: Annotated[str, Meta(
        description="The words of the speaker's consent; kept with the voice. Left out beside `consent_by`: what "
        "GET /consent-statements offers in this language.", extra_json_schema={"maxLength": STATEMENT_LIMIT},
    )] | None = None  # fmt: skip
    consent_by: Annotated[str, _BY] | None = None
    consent_given_at: Annotated[str, _GIVEN_AT] | None = None
    consent_id: Annotated[str, Meta(description="A consent that is kept already, instead: GET /consents.")] | None = (
        None
    )
    priority: Urgency | None = None
    webhook_url: Webhook | None = None


class ConsentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A consent of its own, for clones to come; in multipart with its `recording`, if there is one."""

    by: Annotated[str, _BY]
    text: Annotated[str, Meta(
        description="The words of the consent. Left out: what GET /consent-statements offers in `language`.",
        extra_json_schema={"minLength": 1, "maxLength": STATEMENT_LIMIT},
    )] | None = None  # fmt: skip
    language: Annotated[str, Meta(description="BCP 47 tag of the statement.", extra_json_schema=_TAG)] | None = None
    given_at: Annotated[str, _GIVEN_AT] | None = None


class PartBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One voice of a mix: `voice_id` or `preset`."""

    voice_id: Annotated[str, Meta(description="GET /voices.")] | None = None
    preset: Annotated[str, Meta(description="GET /presets.")] | None = None
    weight: Annotated[float, Meta(
        description="Only its ratio to the other weights counts.",
        extra_json_schema={"exclusiveMinimum": 0, "maximum": WEIGHT_LIMIT},
    )]  # fmt: skip


class MixBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A voice that shall lie between others."""

    name: Annotated[str, _NAME]
    language: Annotated[
        str, Meta(description="BCP 47 tag of the language that its sample is spoken in.", extra_json_schema=_TAG)
    ]
    parts: Annotated[list[PartBody], Meta(
        description="Voices of one engine, none of them twice.",
        extra_json_schema={"minItems": MIN_PARTS, "maxItems": MAX_PARTS},
    )]  # fmt: skip
    description: Annotated[str, _DESCRIPTION] | None = None
    engine: (
        Annotated[str, Meta(description="Left out: that of the enrolled voices, or the service's default.")] | None
    ) = None
    priority: Urgency | None = None
    webhook_url: Webhook | None = None


class VoicePatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What of a voice may change. What is left out or null stays."""

    name: Annotated[str, _NAME] | None = None
    description: Annotated[str, _DESCRIPTION] | None = None


class ProfileBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new quality profile."""

    engine: Annotated[str, Meta(description="GET /engines.")]
    name: Annotated[str, _NAME]
    description: Annotated[str, _DESCRIPTION] | None = None
    parameters: Annotated[dict[str, float], _PARAMETERS] | None = None


class ProfilePatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Changes of a quality profile. What is left out or null stays; parameters are overlaid one by one."""

    name: Annotated[str, _NAME] | None = None
    description: Annotated[str, _DESCRIPTION] | None = None
    parameters: Annotated[dict[str, float], _PARAMETERS] | None = None


class DuplicateBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The name of the copy; left out, the old name and `copy`."""

    name: Annotated[str, _NAME] | None = None


def json_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a body, with `additionalProperties: false`; structs in it stand where they are used."""
    (_,), components = msgspec.json.schema_components([kind])
    whole = _inlined(components[kind.__name__], components)
    return dict(whole)


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(each, components) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"].rpartition("/")[2]], components)
    return {name: _inlined(each, components) for name, each in schema.items()}
