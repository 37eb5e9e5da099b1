"""What OpenAI's names mean here: its models and its voices. Settings change both tables: docs/openai.md."""

from __future__ import annotations

from entrypoints.http.named_models import Model, NamedModels
from entrypoints.service import Service
from entrypoints.settings import Settings
from voicecore.language import Language
from voicecore.usecases.choose_voice import ChooseVoice

#: Name → `engine:profile`; either may be left out for the default. Every engine's own name is a model, too.
MODELS = {"tts-1": ":low_latency", "tts-1-hd": ":", "gpt-4o-mini-tts": ":", "gpt-4o-mini-tts-2025-12-15": ":"}
#: The first six are its oldest, and each has a preset of its own.
VOICES = {
    "alloy": "female_generic", "echo": "male_generic", "fable": "male_warm", "onyx": "male_deep", "nova": "female_young",
    "shimmer": "female_soft", "ash": "male_generic", "ballad": "male_soft", "coral": "female_warm", "sage": "female_soft",
    "verse": "male_warm", "marin": "female_warm", "cedar": "male_deep",
}  # fmt: skip


def models_of(service: Service) -> list[Model]:
    """The models that can speak here: the table's first, then the engines'."""
    return _named(service).all()


def model_of(service: Service, name: str) -> Model:
    """The model of this name. Raises `NotFound`, or `NotInstalled` if its engine cannot speak here."""
    return _named(service)(name)


def choose_voice(service: Service) -> ChooseVoice:
    """What finds voices, with OpenAI's names for them."""
    return ChooseVoice(
        service.catalog, service.engines, Language.parse(service.settings.default_language),
        voice_names(service.settings),
    )  # fmt: skip


def voice_names(settings: Settings) -> dict[str, str]:
    """OpenAI's names → voices here."""
    return VOICES | dict(settings.openai_voices)


def _named(service: Service) -> NamedModels:
    return NamedModels(service, MODELS | dict(service.settings.openai_models))
