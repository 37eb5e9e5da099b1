"""`/v1/voices` and `/v2/voices`: what can be named as the voice of a speech; looked at, renamed, deleted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from entrypoints.http.documented import accepts
from entrypoints.http.door import CLONE
from entrypoints.http.elevenlabs.dialect import faults
from entrypoints.http.elevenlabs.voice_cards import Category, Settings, VoiceCard, voice_card, voice_cards
from entrypoints.http.forms import read_body
from entrypoints.http.schemas import VoicePatch
from entrypoints.http.threads import blocking
from entrypoints.http.voices import changed_voice
from entrypoints.http.wiring import Calling, Wired, find_voice
from voicecore.errors import InvalidInput
from voicecore.voice import DESCRIPTION_LIMIT, NAME_LIMIT

_MOST_ON_A_PAGE = 100


class VoiceCards(msgspec.Struct, kw_only=True):
    """All voices."""

    voices: list[VoiceCard]


class VoicePage(msgspec.Struct, kw_only=True):
    """Some of them; the next page begins behind `next_page_token`."""

    voices: list[VoiceCard]
    has_more: bool
    total_count: int
    next_page_token: str | None


class Okay(msgspec.Struct, kw_only=True):
    """It was done."""

    status: str = "ok"


class EditBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What of a voice may change: how it is called, not how it sounds."""

    name: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})]
    description: Annotated[str, Meta(extra_json_schema={"maxLength": DESCRIPTION_LIMIT})] | None = None
    labels: Annotated[str, Meta(
        description="Labels are made of what is known of a voice; only none can be sent.",
        extra_json_schema={"enum": ["", "null", "{}"]},
    )] | None = None  # fmt: skip
    remove_background_noise: Annotated[bool, Meta(description="Read and without effect.")] | None = None
    moderate_metadata: Annotated[bool, Meta(description="Read and without effect.")] | None = None


@get("/v1/voices", sync_to_thread=True, responses=faults(503))
def listing(service: Wired, caller: Calling) -> VoiceCards:
    """Your voices, the presets, and the conversion models."""
    return VoiceCards(voices=voice_cards(service, caller))


@get("/v2/voices", sync_to_thread=True, responses=faults(503))
def page(
    service: Wired, caller: Calling,
    page_size: Annotated[int, QueryParameter(ge=1, le=_MOST_ON_A_PAGE, description="Voices on one page.")] = 10,
    next_page_token: Annotated[str | None, QueryParameter(description="Of the page before.")] = None,
    search: Annotated[str | None, QueryParameter(description="A part of a name, a description or a label.")] = None,
    category: Annotated[Category | None, QueryParameter(description="Only voices of this category.")] = None,
    gender: Annotated[str | None, QueryParameter(description="Only voices with this label.")] = None,
    language: Annotated[str | None, QueryParameter(description="Only voices at home in this language.")] = None,
    voice_ids: Annotated[list[str] | None, QueryParameter(description="Only these.")] = None,
    sort: Annotated[
        Literal["created_at_unix", "name"] | None, QueryParameter(description="Default: your own first.")
    ] = None,
    sort_direction: Annotated[Literal["asc", "desc"], QueryParameter(description="Of `sort`.")] = "desc",
    include_total_count: Annotated[bool, QueryParameter(description="It is always counted.")] = True,
) -> VoicePage:  # fmt: skip
    """The voices, page by page."""
    del include_total_count
    found = [
        each for each in voice_cards(service, caller)
        if (category is None or each.category == category) and (gender is None or each.labels.get("gender") == gender)
        and (voice_ids is None or each.voice_id in voice_ids) and _speaks(each, language) and _has(each, search)
    ]  # fmt: skip
    if sort == "name":
        found.sort(key=lambda each: each.name.casefold(), reverse=sort_direction == "desc")
    elif sort is not None:
        found.sort(key=lambda each: each.created_at_unix or 0, reverse=sort_direction == "desc")
    names = [each.voice_id for each in found]
    if next_page_token is not None and next_page_token not in names:
        raise InvalidInput(
            "There is no such page (any more); begin again without next_page_token.", field="next_page_token"
        )
    begin = 0 if next_page_token is None else names.index(next_page_token) + 1
    shown = found[begin : begin + page_size]
    more = begin + page_size < len(found)
    return VoicePage(
        voices=shown, has_more=more, total_count=len(found), next_page_token=shown[-1].voice_id if more else None
    )


def _speaks(voice: VoiceCard, language: str | None) -> bool:
    wanted = (language or "").casefold()
    return not wanted or any(
        wanted in (each.language.casefold(), each.locale.casefold()) for each in voice.verified_languages
    )


def _has(voice: VoiceCard, search: str | None) -> bool:
    told = "\n".join((voice.name, voice.description, voice.category, *voice.labels.values()))
    return (search or "").casefold() in told.casefold()


@get("/v1/voices/settings/default", sync_to_thread=False, responses=faults())
def default_settings() -> Settings:
    """The settings of a request that has none."""
    return Settings()


@get("/v1/voices/{voice_id:str}", sync_to_thread=True, responses=faults(404, 503))
def one(service: Wired, caller: Calling, voice_id: FromPath[str]) -> VoiceCard:
    """One voice."""
    return voice_card(service, voice_id, caller)


@get("/v1/voices/{voice_id:str}/settings", sync_to_thread=True, responses=faults(404, 503))
def settings(service: Wired, caller: Calling, voice_id: FromPath[str]) -> Settings:
    """The settings of a request to this voice that has none."""
    return voice_card(service, voice_id, caller).settings


@post(
    "/v1/voices/{voice_id:str}/edit", needs=CLONE, status_code=200, operation_class=accepts(EditBody),
    responses=faults(404, 409, 413, 415, 503),
)  # fmt: skip
async def edit(request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str]) -> Okay:
    """Rename or describe one of your voices. Its recordings stay: other ones make another voice."""
    body = await read_body(request, EditBody)
    if body.labels not in (None, "", "null", "{}"):
        raise InvalidInput(
            "Labels are made of what is known of the voice, and cannot be written; use the description.", field="labels"
        )
    await blocking(changed_voice, service, caller, voice_id, VoicePatch(name=body.name, description=body.description))
    return Okay()


@delete("/v1/voices/{voice_id:str}", needs=CLONE, status_code=200, sync_to_thread=True, responses=faults(404, 503))
def remove(service: Wired, caller: Calling, voice_id: FromPath[str]) -> Okay:
    """Remove one of your voices, its recordings and the cached segments spoken with it."""
    service.delete_voice(find_voice(service, voice_id, caller).id, caller)
    return Okay()


HANDLERS = (listing, page, default_settings, one, settings, edit, remove)
