"""`/v1/models` and `/v1/audio/models`: what can be named as the model of a speech."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath

from entrypoints.http.elevenlabs.dialect import HEADER
from entrypoints.http.elevenlabs.models import ModelCard, model_cards
from entrypoints.http.named_models import Model
from entrypoints.http.openai.dialect import faults
from entrypoints.http.openai.names import model_of, models_of
from entrypoints.http.wiring import Wired
from entrypoints.service import Service

#: 2026-01-01. Clients want a time, and engines have none.
_CREATED = 1_767_225_600


class ModelAnswer(msgspec.Struct, kw_only=True):
    """A model: OpenAI's fields, then ours. `quality_profile` is null where it is the engine's default."""

    id: str
    object: str = "model"
    created: int = _CREATED
    owned_by: str = "voicecore"
    shutdown_date: int | None = None
    engine: str
    quality_profile: str | None
    licence: str


class ModelList(msgspec.Struct, kw_only=True):
    """All models that can speak here."""

    object: str = "list"
    data: list[ModelAnswer]


class AudioModelList(msgspec.Struct, kw_only=True):
    """The same, under both names that clients look for."""

    object: str = "list"
    models: list[ModelAnswer]
    data: list[ModelAnswer]


def _answer(service: Service, model: Model) -> ModelAnswer:
    card = service.engines.card(model.engine or service.engines.default)
    return ModelAnswer(id=model.name, engine=card.name, quality_profile=model.profile_id, licence=card.licence)


@get("/models", sync_to_thread=True, responses=faults())
def models(request: Request[Any, Any, Any], service: Wired) -> ModelList | list[ModelCard]:
    """OpenAI's names for models, and the engines; or, for who sends the header `xi-api-key`, those of ElevenLabs in its shape."""
    if HEADER in request.headers:
        return model_cards(service)
    return ModelList(data=[_answer(service, each) for each in models_of(service)])


@get("/models/{model_id:str}", sync_to_thread=True, responses=faults(404, 501))
def model(service: Wired, model_id: FromPath[str]) -> ModelAnswer:
    """One model."""
    return _answer(service, model_of(service, model_id))


@get("/audio/models", sync_to_thread=True, responses=faults())
def audio_models(service: Wired) -> AudioModelList:
    """As `/v1/models`, where some clients look for those that speak."""
    found = [_answer(service, each) for each in models_of(service)]
    return AudioModelList(models=found, data=found)


HANDLERS = (models, model, audio_models)
