"""`/consents`: who agreed that a voice is made of theirs; and the statements that they may agree to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from litestar import HttpMethod, Request, Response, Router, delete, get, post, route
from litestar.params import FromPath

from entrypoints.http.consent_answers import (
    ConsentAnswer,
    ConsentList,
    ConsentRevocation,
    StatementAnswer,
    StatementList,
    of_consent,
)
from entrypoints.http.documented import FilePart, accepts_either, gives_audio, problems
from entrypoints.http.door import ANY_KEY, CLONE
from entrypoints.http.forms import MAX_BODY_BYTES, MULTIPART, from_fields, read_body
from entrypoints.http.job_body import language_of
from entrypoints.http.ranges import Download, answer
from entrypoints.http.schemas import ConsentBody
from entrypoints.http.threads import UPLOADS, blocking
from entrypoints.http.uploads import Form, UploadLimits, read_multipart
from entrypoints.http.wiring import Calling, Wired, consent_id_of
from entrypoints.service import Service
from voicecore import blobkeys
from voicecore.access import Caller
from voicecore.consent import STATEMENTS, Consent, Statement
from voicecore.errors import InvalidInput, NotFound
from voicecore.usecases.consents import find_consent

#: Of `POST /voices/clone`.
CONSENT_RECORDING = FilePart(name="consent_recording", required=False)
_RECORDING = FilePart(name="recording", required=False)
_FIELDS = {"consent_by": "by", "consent": "text"}


def moment_of(text: str | None, field: str) -> datetime | None:
    """A time with its zone, as RFC 3339 writes it; None if there is none. Raises `InvalidInput`."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(
            f"{text[:40]!r} is not a time with its zone; write 2026-11-22T10:00:00Z.", field=field
        ) from None
    return moment


@get("/consent-statements", sync_to_thread=False, responses=problems())
def statements(service: Wired) -> StatementList:
    """Words of a consent, by language, for people to read out or to sign."""
    offered = [StatementAnswer(language=language, text=text) for language, text in STATEMENTS.items()]
    return StatementList(required=service.settings.require_consent, statements=offered)


@post(
    "/consents", needs=CLONE, status_code=201, operation_class=accepts_either(ConsentBody, ConsentBody, [_RECORDING]),
    request_max_body_size=None, responses=problems(400, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def add(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> ConsentAnswer:
    """Keep a consent for clones to come, which name it as `consent_id`; with its `recording` in multipart, if there is one."""
    if request.content_type[0].lower() != MULTIPART:
        body = await read_body(request, ConsentBody)
        return of_consent(await blocking(_keep, service, caller, body, None))
    max_bytes = service.limits.max_upload_bytes
    limits = UploadLimits(admit=_admit, max_file_bytes=max_bytes, max_body_bytes=max_bytes + MAX_BODY_BYTES)
    with Form() as form:
        await read_multipart(request, form, limits)
        return of_consent(await UPLOADS.run(_keep_form, service, caller, form))


def _admit(name: str, form: Form) -> None:
    if name != _RECORDING.name:
        raise InvalidInput(f"{name[:60]!r} is not a field for files; send it as 'recording'.", field=name[:60])
    if form.files:
        raise InvalidInput("There are two recordings; send one.", field=name)


def _keep_form(service: Service, caller: Caller, form: Form) -> Consent:
    if any(name == _RECORDING.name for name, _ in form.fields):
        raise InvalidInput("The field 'recording' was sent as a text; send a file, with a filename.", field="recording")
    return _keep(service, caller, from_fields(form.fields, ConsentBody), form.files[0][1] if form.files else None)


def _keep(service: Service, caller: Caller, body: ConsentBody, recording: BinaryIO | None) -> Consent:
    language = None if body.language is None else language_of(body.language, "language")
    given_at = moment_of(body.given_at, "given_at")
    try:
        statement = Statement.read(
            by=body.by, text=body.text, language=language, now=service.clock.now(), given_at=given_at
        )
    except InvalidInput as error:
        # Here the fields have other names than beside a clone.
        raise type(error)(error.message, field=_FIELDS.get(error.field or "", error.field)) from None
    if statement is None or not statement.by:
        raise InvalidInput("The consent names nobody; send the person's name.", field="by")
    return service.keep_consent(statement, language=language, recording=recording, caller=caller)


@get("/consents", sync_to_thread=True, responses=problems(503))
def listing(service: Wired, caller: Calling) -> ConsentList:
    """Your consents that are kept; an admin sees everybody's."""
    found = [of_consent(each) for each in service.catalog.consents.all() if caller.sees(each.owner)]
    return ConsentList(total=len(found), consents=found)


@get("/consents/{consent_id:str}", sync_to_thread=True, responses=problems(404, 503))
def one(service: Wired, caller: Calling, consent_id: FromPath[str]) -> ConsentAnswer:
    """One consent."""
    return of_consent(find_consent(service.catalog, consent_id_of(consent_id), caller))


@route(
    "/consents/{consent_id:str}/recording", http_method=[HttpMethod.GET, HttpMethod.HEAD],
    operation_class=gives_audio("audio/wav"), responses=problems(404, 416, 503),
)  # fmt: skip
async def recording(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, consent_id: FromPath[str]
) -> Response[Any]:
    """The consent as it was spoken (WAV)."""
    consent = await blocking(find_consent, service.catalog, consent_id_of(consent_id), caller)
    stat = await blocking(service.blobs.stat, blobkeys.consent_recording(consent.id))
    if consent.statement.recording is None or stat is None:
        raise NotFound(f"The consent {consent.id!r} has no recording.")
    return answer(request, Download(service.blobs, stat, "audio/wav", f"{consent.id}.wav", synthetic=False))


@delete("/consents/{consent_id:str}", needs=CLONE, status_code=200, sync_to_thread=True, responses=problems(404, 503))
def revoke(service: Wired, caller: Calling, consent_id: FromPath[str]) -> ConsentRevocation:
    """Withdraw a consent: voices that need it are not used any more, and their jobs end. Deleting them is another step."""
    silenced, cancelled = service.revoke_consent(consent_id_of(consent_id), caller)
    return ConsentRevocation(
        message="The consent was withdrawn.", consent_id=consent_id, voices=[voice.id for voice in silenced],
        jobs_cancelled=cancelled,
    )  # fmt: skip


router = Router(
    "/", route_handlers=[statements, add, listing, one, recording, revoke], tags=["consents"], opt={"needs": ANY_KEY}
)
