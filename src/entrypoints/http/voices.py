"""`/voices`: people's voices, enrolled from recordings or mixed of others. A voice lives until it is deleted."""

from __future__ import annotations

import dataclasses
from typing import Any

from litestar import HttpMethod, Request, Response, Router, delete, get, patch, post, route
from litestar.params import FromPath

from entrypoints.http.consents import CONSENT_RECORDING, moment_of
from entrypoints.http.documented import FilePart, accepts, gives_audio, problems
from entrypoints.http.door import ANY_KEY, CLONE
from entrypoints.http.forms import MULTIPART, from_fields, read_body, unsupported
from entrypoints.http.job_asked import idempotency_key
from entrypoints.http.job_body import handling_of, language_of
from entrypoints.http.mixing import mix
from entrypoints.http.ranges import Download, answer
from entrypoints.http.schemas import CloneBody, VoicePatch
from entrypoints.http.threads import UPLOADS, blocking
from entrypoints.http.uploads import Form, UploadLimits, read_multipart
from entrypoints.http.voice_answers import VoiceAnswer, VoiceDeleted, VoiceJobAccepted, VoiceList, accepted, of_voice
from entrypoints.http.wiring import Calling, Wired, find_voice, refuse_while_draining, voice_id_of
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.consent import Statement
from voicecore.errors import InvalidInput, NotFound
from voicecore.job import SynthesisJob
from voicecore.usecases.consents import check_consents
from voicecore.usecases.submit_enrolment import NewVoice
from voicecore.voice import checked_name

#: A body of several files may be this many times the limit of one.
BODY_PER_FILE = 4
#: An engine may allow fewer.
MAX_FILES = 20


@post(
    "/clone", status_code=202, guards=[refuse_while_draining], needs=CLONE,
    operation_class=accepts(CloneBody, files=[FilePart(name="file", many=True), CONSENT_RECORDING]),
    request_max_body_size=None, responses=problems(400, 404, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def clone(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[VoiceJobAccepted]:
    """Learn a voice from one or more recordings (the field `file`, repeatable): wav mp3 m4a ogg flac opus webm; with the consent
    of who speaks.

    Send an `Idempotency-Key` to make repeating safe: the same key, fields and files give the job made before.
    """
    key = idempotency_key(request)
    media_type = request.content_type[0].lower()
    if media_type != MULTIPART:
        raise unsupported(media_type, (MULTIPART,))
    max_bytes = service.limits.max_upload_bytes
    limits = UploadLimits(admit=_admit, max_file_bytes=max_bytes, max_body_bytes=max_bytes * BODY_PER_FILE)
    with Form() as form:
        await read_multipart(request, form, limits)
        # In a thread and uncancelled to its end, so that no decoder reads a file that is closed already.
        job = await UPLOADS.run(_enrol, service, form, caller, key)
    return accepted(job, "The voice is being learned.")


def _admit(name: str, form: Form) -> None:
    if name == CONSENT_RECORDING.name:
        if any(each == name for each, _ in form.files):
            raise InvalidInput("There are two recorded consents; send one.", field=name)
        return
    if name != "file":
        raise InvalidInput(f"{name[:60]!r} is not a field for files; send them as 'file'.", field=name[:60])
    if sum(each == "file" for each, _ in form.files) >= MAX_FILES:
        raise InvalidInput(f"There are more than {MAX_FILES} files; send fewer.", field="file")


def _enrol(service: Service, form: Form, caller: Caller, key: str | None) -> SynthesisJob:
    for name, _ in form.fields:
        if name in ("file", CONSENT_RECORDING.name):
            raise InvalidInput(f"The field {name!r} was sent as a text; send a file, with a filename.", field=name)
    body = from_fields(form.fields, CloneBody)
    language = language_of(body.language, "language")
    given_at = moment_of(body.consent_given_at, "consent_given_at")
    statement = Statement.read(
        by=body.consent_by, text=body.consent, language=language, now=service.clock.now(), given_at=given_at
    )
    voice = NewVoice(
        name=body.name, language=language, description=body.description or "", engine=body.engine, consent=statement,
        consent_id=body.consent_id, consent_given_at=given_at,
    )  # fmt: skip
    spoken = next((file for name, file in form.files if name == CONSENT_RECORDING.name), None)
    handling = handling_of(body.priority, body.webhook_url)
    clips = [file for name, file in form.files if name == "file"]
    return service.submit_enrolment(
        voice, clips, handling=handling, consent_recording=spoken, caller=caller, idempotency_key=key
    )


@get("/", sync_to_thread=True, responses=problems(503))
def listing(service: Wired, caller: Calling) -> VoiceList:
    """Your voices, enrolled and mixed; an admin sees everybody's."""
    found = [of_voice(voice, service.catalog) for voice in service.catalog.voices.all() if caller.sees(voice.owner)]
    return VoiceList(total=len(found), voices=found, profiles=found)


@get("/{voice_id:str}", sync_to_thread=True, responses=problems(404, 503))
def one(service: Wired, caller: Calling, voice_id: FromPath[str]) -> VoiceAnswer:
    """One voice."""
    return of_voice(find_voice(service, voice_id, caller), service.catalog)


@patch(
    "/{voice_id:str}", needs=CLONE, operation_class=accepts(VoicePatch), responses=problems(400, 404, 409, 413, 415, 503)
)  # fmt: skip
async def change(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str]
) -> VoiceAnswer:
    """Rename or describe a voice; how it sounds does not change."""
    body = await read_body(request, VoicePatch)
    return await blocking(changed_voice, service, caller, voice_id, body)


def changed_voice(service: Service, caller: Caller, voice_id: str, body: VoicePatch) -> VoiceAnswer:
    """The voice with another name, another description, or both. Raises `NotFound`, `NameTaken`, `InvalidInput`."""
    old = find_voice(service, voice_id, caller)
    changed = dataclasses.replace(
        old,
        name=old.name if body.name is None else checked_name(body.name),
        description=old.description if body.description is None else body.description,
    )
    service.catalog.voices.replace(changed)
    return of_voice(changed, service.catalog)


@delete("/{voice_id:str}", needs=CLONE, status_code=200, sync_to_thread=True, responses=problems(404, 503))
def remove(service: Wired, caller: Calling, voice_id: FromPath[str]) -> VoiceDeleted:
    """Remove a voice, its recordings and the cached segments spoken with it. Mixes that it is part of stay."""
    files = service.delete_voice(voice_id_of(voice_id), caller)
    return VoiceDeleted(message="The voice and its files were deleted.", voice_id=voice_id, files_deleted=files)


@route(
    "/{voice_id:str}/sample", http_method=[HttpMethod.GET, HttpMethod.HEAD], operation_class=gives_audio("audio/wav"),
    responses=problems(404, 409, 416, 503),
)  # fmt: skip
async def sample(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str]
) -> Response[Any]:
    """A sentence spoken in the voice (WAV)."""
    voice = await blocking(find_voice, service, voice_id, caller)
    await blocking(check_consents, service.catalog, voice)
    stat = None if voice.sample_key is None else await blocking(service.blobs.stat, voice.sample_key)
    if stat is None:
        raise NotFound(f"The voice {voice.id!r} has no sample.")
    return answer(request, Download(service.blobs, stat, "audio/wav", f"sample_{voice.id}.wav"))


router = Router(
    "/voices",
    route_handlers=[clone, mix, listing, one, change, remove, sample],
    tags=["voices"],
    opt={"needs": ANY_KEY},
)
