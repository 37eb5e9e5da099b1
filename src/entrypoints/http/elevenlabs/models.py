"""`GET /v1/models` as ElevenLabs' clients know it. They are told from OpenAI's by their header `xi-api-key`."""

from __future__ import annotations

import msgspec

from entrypoints.http.elevenlabs.names import CONVERTING_MODELS, models
from entrypoints.service import Service
from voicecore.errors import NotFound, NotInstalled


class SpokenLanguage(msgspec.Struct, kw_only=True):
    """A language that a model speaks, by its BCP 47 tag."""

    language_id: str
    name: str


class Rates(msgspec.Struct, kw_only=True):
    """What a character costs, in characters."""

    character_cost_multiplier: float = 1.0


class ModelCard(msgspec.Struct, kw_only=True):
    """A model: ElevenLabs' fields, then ours, which are null for one that converts."""

    model_id: str
    name: str
    description: str
    can_be_finetuned: bool = False
    can_do_text_to_speech: bool
    can_do_voice_conversion: bool
    can_use_style: bool = False
    can_use_speaker_boost: bool = False
    serves_pro_voices: bool = False
    token_cost_factor: float = 1.0
    requires_alpha_access: bool = False
    max_characters_request_free_user: int
    max_characters_request_subscribed_user: int
    maximum_text_length_per_request: int
    languages: list[SpokenLanguage]
    model_rates: Rates
    concurrency_group: str = "standard"
    engine: str | None = None
    quality_profile: str | None = None
    licence: str | None = None


def model_cards(service: Service) -> list[ModelCard]:
    """The models that speak here, and those that convert where something does."""
    found = []
    for model in models(service).all():
        card = service.engines.card(model.engine or service.engines.default)
        languages = [SpokenLanguage(language_id=each.tag, name=each.tag) for each in card.languages]
        found.append(
            _card(
                service, model.name, card.description, languages, engine=card.name, quality_profile=model.profile_id,
                licence=card.licence,
            )
        )  # fmt: skip
    if _converts(service):
        found += [_card(service, name, "Gives a recording another voice (RVC).", []) for name in CONVERTING_MODELS]
    return found


def _card(
    service: Service, name: str, description: str, languages: list[SpokenLanguage], *, engine: str | None = None,
    quality_profile: str | None = None, licence: str | None = None,
) -> ModelCard:  # fmt: skip
    longest = service.limits.max_text
    return ModelCard(
        model_id=name, name=name, description=description, can_do_text_to_speech=engine is not None,
        can_do_voice_conversion=engine is None, max_characters_request_free_user=longest,
        max_characters_request_subscribed_user=longest, maximum_text_length_per_request=longest, languages=languages,
        model_rates=Rates(), engine=engine, quality_profile=quality_profile, licence=licence,
    )  # fmt: skip


def _converts(service: Service) -> bool:
    try:
        service.converters.card()
    except (NotInstalled, NotFound):
        return False
    return not service.converters.problems()
