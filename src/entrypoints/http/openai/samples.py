"""`POST /v1/audio/voices` and its undoing: a voice from one recording, under a consent that is kept already."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, post
from litestar.params import FromPath
from msgspec import Meta

from entrypoints.http.documented import FilePart, accepts
from entrypoints.http.door import CLONE
from entrypoints.http.forms import from_fields, read_one_file, refuse_text
from entrypoints.http.job_body import language_of
from entrypoints.http.made_voice import made_voice
from entrypoints.http.openai.dialect import faults
from entrypoints.http.openai.voices import VoiceEntry, of_enrolled
from entrypoints.http.threads import UPLOADS
from entrypoints.http.uploads import Form
from entrypoints.http.wiring import Calling, Wired, consent_id_of, find_voice, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import InvalidInput, NotFound
from voicecore.job import SynthesisJob
from voicecore.language import Language
from voicecore.usecases.consents import find_consent
from voicecore.usecases.submit_enrolment import NewVoice
from voicecore.voice import DESCRIPTION_LIMIT, NAME_LIMIT

_SAMPLE = FilePart(name="audio_sample")
_KIND = "audio_sample"


class SampleBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the recording: OpenAI's, then ours."""

    name: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})]
    consent: Annotated[str, Meta(description="Id of a consent of the speaker: POST /v1/audio/voice_consents.")]
    type: Annotated[
        str, Meta(description="Voices are made of recordings only.", extra_json_schema={"enum": [_KIND]})
    ] = _KIND
    language: Annotated[str, Meta(
        description="BCP 47 tag of what is spoken in it. Default: the consent's, or VOICECORE_DEFAULT_LANGUAGE.",
        extra_json_schema={"maxLength": 35, "examples": ["pt-BR"]},
    )] | None = None  # fmt: skip
    engine: Annotated[str, Meta(description="GET /engines. Default: the service's.")] | None = None
    description: Annotated[str, Meta(extra_json_schema={"maxLength": DESCRIPTION_LIMIT})] | None = None


class VoiceGone(msgspec.Struct, kw_only=True):
    """A voice that was deleted."""

    id: str
    object: str = "audio.voice.deleted"
    deleted: bool = True


@post(
    "/audio/voices", needs=CLONE, status_code=200, guards=[refuse_while_draining], operation_class=accepts(SampleBody, files=[_SAMPLE]),
    request_max_body_size=None, responses=faults(400, 404, 408, 409, 413, 415, 429, 500, 501, 503),
)  # fmt: skip
async def create(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> VoiceEntry:
    """Learn a voice from a recording (the field `audio_sample`), and answer when it can be spoken with."""
    with Form() as form:
        await read_one_file(request, form, _SAMPLE.name, max_file_bytes=service.limits.max_upload_bytes)
        # In a thread and uncancelled to its end, so that no decoder reads a file that is closed already.
        job = await UPLOADS.run(_enrol, service, form, caller)
    return of_enrolled(await made_voice(request, service, caller, job))


def _enrol(service: Service, form: Form, caller: Caller) -> SynthesisJob:
    fields = dict(form.fields)
    refuse_text(form, _SAMPLE.name)
    if fields.get("type", _KIND) != _KIND:
        # Before the others are looked at: those of another kind of voice are unknown here.
        raise InvalidInput(
            f"The type is {fields['type'][:60]!r}; voices are made of a recording: send {_KIND!r}.", field="type"
        )
    body = from_fields(form.fields, SampleBody)
    if not form.files:
        raise InvalidInput(f"The field {_SAMPLE.name!r} is missing; send a recording of the voice.", field=_SAMPLE.name)
    try:
        consent = find_consent(service.catalog, consent_id_of(body.consent), caller)
    except NotFound:
        raise NotFound(
            f"There is no consent {body.consent[:80]!r}; GET /v1/audio/voice_consents lists them.", field="consent"
        ) from None
    language = consent.language or Language.parse(service.settings.default_language)
    voice = NewVoice(
        name=body.name, description=body.description or "", engine=body.engine, consent_id=consent.id,
        language=language if body.language is None else language_of(body.language, "language"),
    )  # fmt: skip
    try:
        return service.submit_enrolment(voice, [file for _, file in form.files], caller=caller)
    except InvalidInput as error:
        # Here the file has another name than beside a clone.
        raise type(error)(error.message, field=_SAMPLE.name if error.field == "file" else error.field) from error


@delete("/audio/voices/{voice_id:str}", needs=CLONE, status_code=200, sync_to_thread=True, responses=faults(404, 503))
def remove(service: Wired, caller: Calling, voice_id: FromPath[str]) -> VoiceGone:
    """Remove an enrolled voice, its recording and the cached segments spoken with it."""
    voice = find_voice(service, voice_id, caller)
    service.delete_voice(voice.id, caller)
    return VoiceGone(id=voice.id)


HANDLERS = (create, remove)
