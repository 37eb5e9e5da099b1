"""A voice as ElevenLabs' clients see it, and all that there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from entrypoints.http.elevenlabs.names import choose_voice
from entrypoints.http.engines import available
from entrypoints.http.wiring import find_voice
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.conversion_model import ConversionModel
from voicecore.errors import ConsentRevoked, NotFound
from voicecore.usecases.consents import check_consents
from voicecore.voice import VoicePreset, VoiceProfile

Category = Literal["premade", "cloned", "generated", "professional"]


class Settings(msgspec.Struct, kw_only=True):
    """What a request's `voice_settings` are where it has none."""

    stability: float = 0.5
    similarity_boost: float = 0.75
    style: float = 0.0
    use_speaker_boost: bool = False
    speed: float = 1.0


class VerifiedLanguage(msgspec.Struct, kw_only=True):
    """A language in which the voice is at home, and the engine that speaks it so."""

    language: str
    model_id: str
    locale: str
    accent: str | None = None
    preview_url: str | None = None


class VoiceCard(msgspec.Struct, kw_only=True):
    """A voice. `category`: `premade`, a preset; `cloned`, learned; `generated`, mixed; `professional`, a conversion model.
    `preview_url` lies on this service and needs the key.
    """

    voice_id: str
    name: str
    category: Category
    description: str
    labels: dict[str, str]
    samples: None = None
    fine_tuning: None = None
    preview_url: str | None = None
    available_for_tiers: list[str] = []
    settings: Settings
    sharing: None = None
    high_quality_base_model_ids: list[str] = []
    verified_languages: list[VerifiedLanguage] = []
    permission_on_resource: str | None = None
    is_owner: bool = False
    is_legacy: bool = False
    is_mixed: bool = False
    created_at_unix: int | None = None


def voice_cards(service: Service, caller: Caller) -> list[VoiceCard]:
    """The caller's voices, then the presets, then the conversion models. Every one can be named as a `voice_id`."""
    return [*_learned(service, caller), *_presets(service), *map(_of_model, service.catalog.models.all())]


def voice_card(service: Service, voice_id: str, caller: Caller) -> VoiceCard:
    """One of them, also by another name that means it. Raises `NotFound`."""
    found = {each.voice_id: each for each in voice_cards(service, caller)}
    meant = choose_voice(service).aliases.get(voice_id, voice_id)
    if meant in found:
        return msgspec.structs.replace(found[meant], voice_id=voice_id)
    # One that must not speak any more is not listed, but it is there.
    try:
        return _of_voice(find_voice(service, voice_id, caller), caller)
    except NotFound:
        raise NotFound(f"There is no voice {voice_id[:80]!r}; GET /v1/voices lists them.", field="voice_id") from None


def _learned(service: Service, caller: Caller) -> Iterator[VoiceCard]:
    for voice in service.catalog.voices.all():
        if caller.sees(voice.owner):
            try:
                check_consents(service.catalog, voice)
            except ConsentRevoked:
                continue
            yield _of_voice(voice, caller)


def _of_voice(voice: VoiceProfile, caller: Caller) -> VoiceCard:
    mixed = voice.method == "mixing"
    return VoiceCard(
        voice_id=voice.id, name=voice.name, category="generated" if mixed else "cloned", description=voice.description,
        labels={"language": voice.language.tag, "engine": voice.engine, "method": voice.method}, settings=Settings(),
        preview_url=f"/voices/{voice.id}/sample" if voice.sample_key else None,
        high_quality_base_model_ids=[voice.engine], permission_on_resource="admin", is_owner=voice.owner == caller.key_id, is_mixed=mixed,
        verified_languages=[_verified(voice.language.language, voice.language.tag, voice.engine)],
        created_at_unix=int(voice.created_at.timestamp()),
    )  # fmt: skip


def _presets(service: Service) -> list[VoiceCard]:
    found: dict[str, VoiceCard] = {}
    for card in available(service):
        for preset in card.presets:
            entry = found.setdefault(preset.id, _of_preset(preset))
            entry.high_quality_base_model_ids = [*entry.high_quality_base_model_ids, card.name]
            spoken = [_verified(each.language, each.tag, card.name) for each in preset.languages]
            entry.verified_languages = [*entry.verified_languages, *spoken]
    return list(found.values())


def _of_preset(preset: VoicePreset) -> VoiceCard:
    return VoiceCard(
        voice_id=preset.id, name=preset.name, category="premade", description=preset.description,
        labels={"gender": preset.gender}, settings=Settings(),
    )  # fmt: skip


def _of_model(model: ConversionModel) -> VoiceCard:
    return VoiceCard(
        voice_id=model.id, name=model.name, category="professional", description=model.description,
        labels={"method": "conversion"}, settings=Settings(), created_at_unix=int(model.created_at.timestamp()),
    )  # fmt: skip


def _verified(language: str, tag: str, engine: str) -> VerifiedLanguage:
    return VerifiedLanguage(language=language, locale=tag, model_id=engine)
