"""`/engines`, `/languages`, `/presets`: what each engine can really do. No model is loaded to say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from entrypoints.http.documented import problems
from entrypoints.http.door import ANY_KEY
from entrypoints.http.job_body import language_of
from entrypoints.http.sentences import told_outside
from entrypoints.http.wiring import Wired
from entrypoints.service import Service
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput, NotInstalled
from voicecore.planning import known_parameters
from voicecore.quality import Parameter
from voicecore.timing import TimeSource


class ParameterAnswer(msgspec.Struct, kw_only=True):
    """A knob: both ends of the range belong to it."""

    minimum: float
    maximum: float
    default: float
    integer: bool
    meaning: str


class EnrolmentAnswer(msgspec.Struct, kw_only=True):
    """How the engine learns a voice, by its honest name, and what the result is and is not."""

    method: str
    description: str
    min_reference_s: float
    max_reference_s: float
    max_clips: int


class CardAnswer(msgspec.Struct, kw_only=True):
    """What an installed engine is."""

    title: str
    description: str
    version: str
    model_digest: str
    licence: str
    sample_rate_hz: int
    languages: list[str]
    presets: list[str]
    parameters: dict[str, ParameterAnswer]
    segment_limit: int
    segment_unit: str
    enrolment: EnrolmentAnswer | None
    mixes_voices: bool
    word_times: TimeSource
    notes: list[str]


class EngineAnswer(msgspec.Struct, kw_only=True):
    """An engine. `problems` says what keeps it from opening, each with the way to mend it; `card` is null then, mostly."""

    name: str
    default: bool
    available: bool
    problems: list[str]
    card: CardAnswer | None


class EngineList(msgspec.Struct, kw_only=True):
    """All engines of this service."""

    total: int
    default: str
    engines: list[EngineAnswer]


class LanguageAnswer(msgspec.Struct, kw_only=True):
    """A language and the engines that speak it."""

    code: str
    engines: list[str]


class LanguageList(msgspec.Struct, kw_only=True):
    """Every language that an available engine speaks."""

    total: int
    languages: list[LanguageAnswer]


class PresetAnswer(msgspec.Struct, kw_only=True):
    """A voice that comes with an engine, and the languages it is offered in."""

    id: str
    name: str
    description: str
    gender: str
    engine: str
    languages: list[str]


class PresetList(msgspec.Struct, kw_only=True):
    """Presets of the available engines."""

    total: int
    presets: list[PresetAnswer]


def of_parameter(parameter: Parameter) -> ParameterAnswer:
    """The knob's answer."""
    return ParameterAnswer(
        minimum=parameter.minimum, maximum=parameter.maximum, default=parameter.default, integer=parameter.integer,
        meaning=parameter.meaning,
    )  # fmt: skip


def of_card(card: EngineCard) -> CardAnswer:
    """The card's answer."""
    enrolment = card.enrolment
    return CardAnswer(
        title=card.title, description=card.description, version=card.version, model_digest=card.model_digest,
        licence=card.licence, sample_rate_hz=card.sample_rate_hz, languages=[each.tag for each in card.languages],
        presets=[each.id for each in card.presets],
        parameters={name: of_parameter(each) for name, each in known_parameters(card).items()},
        segment_limit=card.segment_limit, segment_unit=card.segment_unit,
        enrolment=None if enrolment is None else EnrolmentAnswer(
            method=enrolment.method, description=enrolment.description, min_reference_s=enrolment.min_reference_s,
            max_reference_s=enrolment.max_reference_s, max_clips=enrolment.max_clips,
        ),
        mixes_voices=card.mixes_voices, word_times=card.word_times, notes=list(card.notes),
    )  # fmt: skip


def _card_or_none(service: Service, name: str) -> EngineCard | None:
    try:
        return service.engines.card(name)
    except NotInstalled:
        return None


def available(service: Service) -> Iterator[EngineCard]:
    """Cards of the engines that could speak, the default first."""
    default = service.engines.default
    for name in sorted(service.engines.providers, key=lambda each: (each != default, each)):
        if (card := _card_or_none(service, name)) is not None:
            yield card


@get("/engines", sync_to_thread=True, responses=problems())
def engines(service: Wired) -> EngineList:
    """Every engine with its card, and what keeps it from opening."""
    default = service.engines.default
    found = []
    for name, troubles in service.engines.problems().items():
        card = _card_or_none(service, name)
        found.append(
            EngineAnswer(
                name=name, default=name == default, available=card is not None and not troubles,
                problems=[told_outside(service, each) for each in troubles], card=None if card is None else of_card(card),
            )
        )  # fmt: skip
    return EngineList(total=len(found), default=default, engines=found)


@get("/languages", sync_to_thread=True, responses=problems())
def languages(service: Wired) -> LanguageList:
    """Every language, and who speaks it."""
    speakers: dict[str, list[str]] = {}
    for card in available(service):
        for each in card.languages:
            speakers.setdefault(each.tag, []).append(card.name)
    found = [LanguageAnswer(code=code, engines=names) for code, names in speakers.items()]
    return LanguageList(total=len(found), languages=found)


@get("/presets", sync_to_thread=True, responses=problems(400, 404, 501))
def presets(
    service: Wired,
    language: Annotated[str | None, QueryParameter(description="BCP 47 tag: only presets that speak it.")] = None,
    engine: Annotated[str | None, QueryParameter(description="Only presets of this engine.")] = None,
) -> PresetList:
    """The voices that come with the engines."""
    cards = list(available(service)) if engine is None else [service.engines.card(engine)]
    wanted = None if language is None else language_of(language, "language")
    found = []
    for card in cards:
        spoken = None if wanted is None else wanted.match(card.languages)
        if wanted is not None and spoken is None:
            continue
        found += [
            PresetAnswer(
                id=each.id, name=each.name, description=each.description, gender=each.gender, engine=card.name,
                languages=[str(tag) for tag in each.languages],
            )
            for each in card.presets
            if spoken is None or spoken in each.languages
        ]  # fmt: skip
    if not found and wanted is not None:
        raise InvalidInput(f"No engine speaks {wanted}; GET /languages lists what there is.", field="language")
    return PresetList(total=len(found), presets=found)


router = Router("/", route_handlers=[engines, languages, presets], tags=["engines"], opt={"needs": ANY_KEY})
