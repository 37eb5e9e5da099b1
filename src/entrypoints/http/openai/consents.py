"""`/v1/audio/voice_consents`: the service's consents, as OpenAI's clients know them. A consent's `name` is who agreed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from entrypoints.http.documented import FilePart, accepts
from entrypoints.http.door import CLONE
from entrypoints.http.forms import from_fields, read_body, read_one_file, refuse_text
from entrypoints.http.job_body import language_of
from entrypoints.http.openai.dialect import faults
from entrypoints.http.threads import UPLOADS, blocking
from entrypoints.http.uploads import Form
from entrypoints.http.wiring import Calling, Wired, consent_id_of
from entrypoints.service import Service
from voicecore.access import Caller, Scope
from voicecore.consent import Consent, Statement, default_statement
from voicecore.errors import Conflict, InvalidInput, NotFound
from voicecore.language import UNDETERMINED
from voicecore.usecases.consents import find_consent, voices_under
from voicecore.voice import NAME_LIMIT, checked_name

_RECORDING = FilePart(name="recording")
_NAME = Meta(description="Who agreed.", extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})


class ConsentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the recording."""

    name: Annotated[str, _NAME]
    language: Annotated[str, Meta(
        description="BCP 47 tag of the statement: GET /consent-statements has its words.",
        extra_json_schema={"maxLength": 35, "examples": ["pt-BR"]},
    )]  # fmt: skip


class ConsentPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What of a consent may change, as long as no voice needs it."""

    name: Annotated[str, _NAME]


class ConsentEntry(msgspec.Struct, kw_only=True):
    """A consent."""

    id: str
    object: str = "audio.voice_consent"
    name: str
    language: str
    created_at: int


class Consents(msgspec.Struct, kw_only=True):
    """A page of them, newest first; the next one begins `after` its last."""

    object: str = "list"
    data: list[ConsentEntry]
    first_id: str | None
    last_id: str | None
    has_more: bool


class ConsentGone(msgspec.Struct, kw_only=True):
    """A consent that was withdrawn: voices that need it are not used any more."""

    id: str
    object: str = "audio.voice_consent"
    deleted: bool = True


def _entry(consent: Consent) -> ConsentEntry:
    return ConsentEntry(
        id=consent.id, name=consent.statement.by, language=(consent.language or UNDETERMINED).tag,
        created_at=int(consent.created_at.timestamp()),
    )  # fmt: skip


@post(
    "/audio/voice_consents", needs=CLONE, status_code=200, operation_class=accepts(ConsentBody, files=[_RECORDING]),
    request_max_body_size=None, responses=faults(400, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def add(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> ConsentEntry:
    """Keep a spoken consent. Nobody checks its words: whoever sends it says that they are those of /consent-statements."""
    with Form() as form:
        await read_one_file(request, form, _RECORDING.name, max_file_bytes=service.limits.max_upload_bytes)
        return _entry(await UPLOADS.run(_keep, service, form, caller))


def _keep(service: Service, form: Form, caller: Caller) -> Consent:
    refuse_text(form, _RECORDING.name)
    body = from_fields(form.fields, ConsentBody)
    if not form.files:
        raise InvalidInput(f"The field {_RECORDING.name!r} is missing; send the spoken consent.", field=_RECORDING.name)
    language = language_of(body.language, "language")
    statement = Statement(
        by=checked_name(body.name), text=default_statement(language), given_at=service.clock.now()
    )  # fmt: skip
    return service.keep_consent(statement, language=language, recording=form.files[0][1], caller=caller)


@get("/audio/voice_consents", sync_to_thread=True, responses=faults(404, 503))
def listing(
    service: Wired, caller: Calling,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="Consents on one page.")] = 20,
    after: Annotated[str | None, QueryParameter(description="`last_id` of the page before.")] = None,
) -> Consents:  # fmt: skip
    """Your consents that were not withdrawn, newest first."""
    seen = [each for each in reversed(service.catalog.consents.all()) if caller.sees(each.owner)]
    begin = 0
    if after is not None:
        # By ids: one that is renamed or withdrawn at this moment is another consent, but in the same place.
        begin = next((place for place, each in enumerate(seen, 1) if each.id == after), 0)
        if not begin:
            raise NotFound(f"There is no consent {after[:80]!r}; begin again without after.", field="consent_id")
    rest = [each for each in seen[begin:] if not each.revoked]
    page = [_entry(each) for each in rest[:limit]]
    return Consents(
        data=page, first_id=page[0].id if page else None, last_id=page[-1].id if page else None,
        has_more=len(rest) > limit,
    )  # fmt: skip


@get("/audio/voice_consents/{consent_id:str}", sync_to_thread=True, responses=faults(404, 503))
def one(service: Wired, caller: Calling, consent_id: FromPath[str]) -> ConsentEntry:
    """One consent."""
    return _entry(find_consent(service.catalog, consent_id_of(consent_id), caller))


@post(
    "/audio/voice_consents/{consent_id:str}", needs=CLONE, status_code=200, operation_class=accepts(ConsentPatch, forms=False),
    responses=faults(404, 409, 413, 415, 503),
)  # fmt: skip
async def change(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, consent_id: FromPath[str]
) -> ConsentEntry:
    """Correct who agreed. What voices rest on is not rewritten: once there is one, the name stays."""
    body = await read_body(request, ConsentPatch, forms=False)
    return _entry(await blocking(_rename, service, caller, consent_id, body.name))


def _rename(service: Service, caller: Caller, consent_id: str, name: str) -> Consent:
    caller.must(Scope.CLONE)
    consent = find_consent(service.catalog, consent_id_of(consent_id), caller)
    if consent.revoked or voices_under(service.catalog, consent.id):
        raise Conflict(
            f"The consent {consent.id!r} was withdrawn, or a voice was made under it, so it stays as it is: keep another one."
        )
    changed = replace(consent, statement=replace(consent.statement, by=checked_name(name)))
    service.catalog.consents.replace(changed)
    return changed


@delete(
    "/audio/voice_consents/{consent_id:str}",
    needs=CLONE,
    status_code=200,
    sync_to_thread=True,
    responses=faults(404, 503),
)
def revoke(service: Wired, caller: Calling, consent_id: FromPath[str]) -> ConsentGone:
    """Withdraw a consent: voices that need it are not used any more, and their jobs end."""
    service.revoke_consent(consent_id_of(consent_id), caller)
    return ConsentGone(id=consent_id)


HANDLERS = (add, listing, one, change, revoke)
