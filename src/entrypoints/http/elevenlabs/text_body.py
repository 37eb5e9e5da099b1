"""The body of `POST /v1/text-to-speech/{voice_id}`, and the request that it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrypoints.http.elevenlabs.formats import output_of
from entrypoints.http.elevenlabs.names import DEFAULT_MODEL, models, speaking_voice
from entrypoints.http.elevenlabs.voice_settings import Sliders, VoiceSettings, without_effect
from entrypoints.http.job_body import language_of
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import InvalidInput, InvalidText
from voicecore.request import SEED_LIMIT, TEXT_LIMIT, SynthesisRequest
from voicecore.stream_format import StreamFormat
from voicecore.usecases.choose_profile import all_profiles

NORMALIZATIONS = ("auto", "on", "off")
_MOST_IDS = 3
_IGNORED = Meta(description="Read and without effect.")
_IDS = Annotated[list[str], Meta(description="Read and without effect.", extra_json_schema={"maxItems": _MOST_IDS})]


class TextBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text to speak."""

    text: Annotated[str, Meta(
        description="What is spoken; at most VOICECORE_MAX_TEXT characters.",
        extra_json_schema={"minLength": 1, "maxLength": TEXT_LIMIT, "examples": ["Olá, mundo!"]},
    )]  # fmt: skip
    model_id: Annotated[str, Meta(
        description=f"GET /v1/models with the header xi-api-key. Default {DEFAULT_MODEL}.",
        extra_json_schema={"examples": [DEFAULT_MODEL]},
    )] | None = None  # fmt: skip
    language_code: Annotated[str, Meta(
        description="BCP 47 tag of the text. Default: the voice's own, or VOICECORE_DEFAULT_LANGUAGE.",
        extra_json_schema={"maxLength": 35, "examples": ["pt"]},
    )] | None = None  # fmt: skip
    voice_settings: VoiceSettings | None = None
    seed: Annotated[int, Meta(
        description="The same request has the same sound. Default 0.",
        extra_json_schema={"minimum": 0, "maximum": SEED_LIMIT},
    )] | None = None  # fmt: skip
    previous_text: Annotated[str, _IGNORED] | None = None
    next_text: Annotated[str, _IGNORED] | None = None
    previous_request_ids: _IDS | None = None
    next_request_ids: _IDS | None = None
    use_pvc_as_ivc: Annotated[bool, _IGNORED] | None = None
    apply_text_normalization: Annotated[str, Meta(
        description="Numbers and the like are always spelled out, so `off` has no effect.",
        extra_json_schema={"enum": list(NORMALIZATIONS)},
    )] | None = None  # fmt: skip
    apply_language_text_normalization: Annotated[bool, _IGNORED] | None = None
    pronunciation_dictionary_locators: Annotated[list[dict[str, Any]], Meta(
        description="There are no dictionaries here, so one that is named is refused.", extra_json_schema={"maxItems": 0},
    )] | None = None  # fmt: skip
    audio_effects: Annotated[dict[str, Any], Meta(
        description="There are no effects here, so one that is named is refused.", extra_json_schema={"maxProperties": 0},
    )] | None = None  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What a body asks for.

    Attributes:
        notes: what its caller should know.
    """

    request: SynthesisRequest
    output: StreamFormat
    notes: tuple[str, ...] = ()


def speech_of(
    service: Service,
    caller: Caller,
    voice_id: str,
    body: TextBody,
    output_format: str | None,
    *,
    word_times: bool = False,
) -> Speech:
    """What the body asks for. Looks into the catalogue, so it runs in a thread.

    Raises:
        InvalidInput: and its kinds, naming the field.
        NotFound: no such model or voice.
        NotInstalled: the model's engine cannot speak here.
    """
    output, kept_as = output_of(output_format)
    _check(service, body)
    sliders = Sliders(body.voice_settings or VoiceSettings())
    model = models(service)(DEFAULT_MODEL if body.model_id is None else body.model_id)
    voice = speaking_voice(
        service, voice_id, caller, engine=model.engine,
        language=None if body.language_code is None else language_of(body.language_code, "language_code"),
    )  # fmt: skip
    engine = voice.engine or service.engines.default
    profiles = {str(each.id) for each in all_profiles(service.catalog, engine)}
    # A model that has a profile of its own was chosen for it.
    steadied = None if model.profile_id else sliders.profile(profiles)
    request = SynthesisRequest(
        text=body.text, source_language=voice.language, mode=voice.mode, voice_preset=voice.preset,
        voice_id=voice.voice_id, engine=voice.engine, quality_profile_id=model.profile_id or steadied,
        speed=sliders.given.speed, seed=0 if body.seed is None else body.seed, output_format=kept_as,
        conversion=sliders.of_conversion(voice.conversion), word_times=word_times,
        # The answer is nothing but sound: there is no place to say that it has another voice than was asked for.
        conversion_required=voice.conversion is not None,
    )  # fmt: skip
    idle = [*sliders.idle(speaks=True, converts=voice.conversion is not None), *_idle(body)]
    if sliders.given.stability is not None and (model.profile_id or not {"stable", "expressive"} & profiles):
        idle.append("stability")
    return Speech(request=request, output=output, notes=without_effect(idle))


def _check(service: Service, body: TextBody) -> None:
    if len(body.text) > service.limits.max_text:
        raise InvalidText(
            f"The text has {len(body.text)} characters; the limit is {service.limits.max_text}: send it in several requests.",
            field="text",
        )
    if body.pronunciation_dictionary_locators:
        raise InvalidInput(
            "There are no pronunciation dictionaries here; leave pronunciation_dictionary_locators out, and write words "
            "as they are said.", field="pronunciation_dictionary_locators",
        )  # fmt: skip
    if body.audio_effects:
        raise InvalidInput("There are no audio effects here; leave audio_effects out.", field="audio_effects")
    if body.apply_text_normalization not in (None, *NORMALIZATIONS):
        raise InvalidInput(
            f"{body.apply_text_normalization[:60]!r} is not a text normalization; choose one of: {', '.join(NORMALIZATIONS)}.",
            field="apply_text_normalization",
        )
    for name in ("previous_request_ids", "next_request_ids"):
        ids = getattr(body, name) or ()
        if len(ids) > _MOST_IDS:
            raise InvalidInput(f"There are {len(ids)} {name}; give at most {_MOST_IDS}, or none.", field=name)


def _idle(body: TextBody) -> Iterator[str]:
    """Names of the fields that were sent and do nothing."""
    for name in ("previous_text", "next_text", "previous_request_ids", "next_request_ids"):
        if getattr(body, name):
            yield name
    if body.apply_text_normalization == "off":
        yield "apply_text_normalization"
