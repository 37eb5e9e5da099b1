"""What ElevenLabs' names mean here: its models and its voices. Settings change both tables: docs/elevenlabs.md."""

from __future__ import annotations

from contextlib import suppress

from entrypoints.http.engines import available
from entrypoints.http.named_models import NamedModels
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import InvalidInput, NotFound
from voicecore.language import Language
from voicecore.usecases.choose_voice import ChooseVoice, ChosenVoice
from voicecore.voice import DEFAULT_PRESET

#: Name → `engine:profile`; either may be left out for the default. Every engine's own name is a model, too.
MODELS = {
    "eleven_multilingual_v2": ":", "eleven_v3": ":", "eleven_multilingual_v1": ":", "eleven_monolingual_v1": ":",
    "eleven_flash_v2_5": ":low_latency", "eleven_flash_v2": ":low_latency", "eleven_turbo_v2_5": ":low_latency",
    "eleven_turbo_v2": ":low_latency",
}  # fmt: skip
DEFAULT_MODEL = "eleven_multilingual_v2"
#: Which voice a recording gets, the voice says; these are only names.
CONVERTING_MODELS = ("eleven_multilingual_sts_v2", "eleven_english_sts_v2")
#: Ids that stand in examples and programs everywhere, and the preset that is nearest by its description.
VOICES = {
    "21m00Tcm4TlvDq8ikWAM": "female_generic",  # Rachel
    "nPczCjzI2devNBz1zQrb": "male_generic",  # Brian
    "cgSgspJ2msm6clMCkdW9": "female_young",  # Jessica
    "pNInz6obpgDQGcFmaJgB": "male_deep",  # Adam
    "XrExE9yKIg1WjnnlVkGX": "female_warm",  # Matilda
    "JBFqnCBsd6RMkjVDRZzb": "male_warm",  # George
    "EXAVITQu4vr4xnSDxMaL": "female_soft",  # Sarah
    "onwK4e9ZLuTAKqWW03F9": "male_soft",  # Daniel
}


def models(service: Service) -> NamedModels:
    """The models that speak."""
    return NamedModels(service, MODELS | dict(service.settings.elevenlabs_models), "model_id")


def choose_voice(service: Service) -> ChooseVoice:
    """What finds voices, with ElevenLabs' ids for them."""
    return ChooseVoice(
        service.catalog, service.engines, Language.parse(service.settings.default_language),
        VOICES | dict(service.settings.elevenlabs_voices),
    )  # fmt: skip


def speaking_voice(
    service: Service, name: str, caller: Caller, *, engine: str | None = None, language: Language | None = None
) -> ChosenVoice:
    """The voice that a text is spoken in. Where no engine is named, a preset of any engine is one; and so is a bare conversion
    model: the default preset, converted.

    Raises as `ChooseVoice`.
    """
    choose = choose_voice(service)
    try:
        return choose(name, caller, engine=engine, language=language)
    except NotFound as error:
        if error.field != "voice":
            raise
        unknown = error
    for card in () if engine is not None else available(service):
        with suppress(NotFound):
            return choose(name, caller, engine=card.name, language=language)
    try:
        model = choose.conversion_model(name)
    except NotFound:
        raise unknown from None
    return choose(DEFAULT_PRESET, caller, engine=engine, language=language, model=model.id)


def target_model(service: Service, name: str, caller: Caller) -> str:
    """Id of the conversion model whose voice a recording is given: a model's id or name, or a voice joined to one.

    Raises:
        NotFound: no such voice or model.
        InvalidInput: the voice is joined to no model.
    """
    choose = choose_voice(service)
    try:
        return choose.conversion_model(name).id
    except NotFound:
        found = choose(name, caller).model_id
    if found is None:
        raise InvalidInput(
            f"The voice {name[:80]!r} speaks texts; a recording is given the voice of a conversion model: name one of "
            "GET /rvc-models.", field="voice_id",
        )  # fmt: skip
    return found
