"""What OpenAI's names mean here: its models and its voices. Settings change both tables: docs/openai.md."""

from __future__ import annotations

from dataclasses import dataclass

from entrypoints.service import Service
from entrypoints.settings import Settings
from voicecore.errors import NotFound, NotInstalled
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model's name means.

    Attributes:
        engine: or None for the service's default, or an enrolled voice's own.
        profile_id: or None for the engine's default.
    """

    name: str
    engine: str | None = None
    profile_id: str | None = None


def models_of(service: Service) -> list[Model]:
    """The models that can speak here: the table's first, then the engines'."""
    named = MODELS | dict(service.settings.openai_models)
    table = [_model(name, meaning) for name, meaning in named.items()]
    engines = [Model(name=name, engine=name) for name in sorted(service.engines.providers) if name not in named]
    return [model for model in (*table, *engines) if _speaks(service, model.engine)]


def model_of(service: Service, name: str) -> Model:
    """The model of this name. Raises `NotFound`, or `NotInstalled` if its engine cannot speak here."""
    named = MODELS | dict(service.settings.openai_models)
    if name in named:
        return _model(name, named[name])
    if name in service.engines.providers:
        service.engines.card(name)
        return Model(name=name, engine=name)
    known = ", ".join(each.name for each in models_of(service))
    raise NotFound(f"There is no model {name[:80]!r}; choose one of: {known}.", field="model")


def choose_voice(service: Service) -> ChooseVoice:
    """What finds voices, with OpenAI's names for them."""
    return ChooseVoice(
        service.catalog, service.engines, Language.parse(service.settings.default_language),
        voice_names(service.settings),
    )  # fmt: skip


def voice_names(settings: Settings) -> dict[str, str]:
    """OpenAI's names → voices here."""
    return VOICES | dict(settings.openai_voices)


def _model(name: str, meaning: str) -> Model:
    engine, _, profile = meaning.partition(":")
    return Model(name=name, engine=engine.strip() or None, profile_id=profile.strip() or None)


def _speaks(service: Service, engine: str | None) -> bool:
    try:
        service.engines.card(engine or service.engines.default)
    except (NotInstalled, NotFound):
        return False
    return True
