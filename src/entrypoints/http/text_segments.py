"""`POST /segments`: in which pieces a text will be spoken, before anybody speaks it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, post
from msgspec import Meta

from entrypoints.http.documented import accepts, problems
from entrypoints.http.door import SPEAK
from entrypoints.http.forms import read_body
from entrypoints.http.job_body import language_of
from entrypoints.http.threads import blocking
from entrypoints.http.wiring import Wired
from entrypoints.service import Service
from voicecore.engine import EngineCard
from voicecore.request import TEXT_LIMIT, checked_text
from voicecore.text import split

#: What is not counted in characters is bounded by this many of them: about what a sentence of an engine may be.
_CHARACTERS = 400
_UNIT = "characters"


class SegmentsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text that may be spoken later."""

    text: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": TEXT_LIMIT, "examples": ["Olá, mundo!"]})]
    source_language: Annotated[str, Meta(
        description="BCP 47 tag of the text's language.", extra_json_schema={"maxLength": 35, "examples": ["pt-BR"]})]  # fmt: skip
    engine: Annotated[str, Meta(description="GET /engines. The service's default if left out.")] | None = None


class PlannedSegment(msgspec.Struct, kw_only=True):
    """Characters `start` to `end` of the text, and the pause after them in seconds."""

    index: int
    start: int
    end: int
    pause_s: float


class PlannedSegments(msgspec.Struct, kw_only=True):
    """The segments, which partition the text. `estimated`: the engine counts its limit in another unit than characters, so a very
    long sentence may be cut elsewhere.
    """

    engine: str
    characters: int
    estimated: bool
    segments: list[PlannedSegment]


@post(
    "/segments", status_code=200, needs=SPEAK, operation_class=accepts(SegmentsBody, forms=False), request_max_body_size=None,
    responses=problems(400, 404, 413, 415, 501, 503),
)  # fmt: skip
async def plan(request: Request[Any, Any, Any], service: Wired) -> PlannedSegments:
    """The segments that a job with this text will have. Nothing is stored, and no engine is opened."""
    body = await read_body(request, SegmentsBody, forms=False)
    return await blocking(_planned, service, body)


def _planned(service: Service, body: SegmentsBody) -> PlannedSegments:
    text = checked_text(body.text, service.limits.max_text)
    card = service.engines.card(service.engines.default if body.engine is None else body.engine)
    spoken = card.spoken(language_of(body.source_language, "source_language"))
    found = split(text, spoken, limit=_limit(card), measure=len)
    return PlannedSegments(
        engine=card.name, characters=len(text), estimated=card.segment_unit != _UNIT,
        segments=[
            PlannedSegment(index=each.index, start=each.start, end=each.end, pause_s=each.pause_after_s) for each in found
        ],
    )  # fmt: skip


def _limit(card: EngineCard) -> int:
    return card.segment_limit if card.segment_unit == _UNIT else _CHARACTERS


router = Router("/", route_handlers=[plan], tags=["jobs"], opt={"needs": SPEAK})
