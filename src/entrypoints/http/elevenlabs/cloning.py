"""`POST /v1/voices/add`: a voice from recordings, with the consent of who speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from msgspec import Meta

from entrypoints.http.consents import moment_of
from entrypoints.http.documented import FilePart, accepts
from entrypoints.http.door import CLONE
from entrypoints.http.elevenlabs.dialect import faults
from entrypoints.http.elevenlabs.voice_settings import without_effect
from entrypoints.http.forms import MULTIPART, from_fields, unsupported
from entrypoints.http.job_body import language_of
from entrypoints.http.made_voice import made_voice
from entrypoints.http.threads import UPLOADS
from entrypoints.http.uploads import Form, UploadLimits, read_multipart
from entrypoints.http.voices import BODY_PER_FILE, MAX_FILES
from entrypoints.http.warned import warnings_header
from entrypoints.http.wiring import Calling, Wired, consent_id_of, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.consent import STATEMENT_LIMIT, Statement
from voicecore.errors import InvalidInput
from voicecore.job import SynthesisJob
from voicecore.language import Language
from voicecore.usecases.consents import find_consent
from voicecore.usecases.submit_enrolment import NewVoice
from voicecore.voice import DESCRIPTION_LIMIT, NAME_LIMIT

_FILES = FilePart(name="files", many=True)
#: As curl and older clients send them.
_FILE_NAMES = ("files", "files[]")
#: What the official client has no argument for may come as a label. Labels of other names describe a voice, and are not kept.
TELLING = ("language", "engine", "consent_by", "consent", "consent_given_at", "consent_id")


class AddBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields beside the recordings: ElevenLabs', then ours."""

    name: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": NAME_LIMIT})]
    description: Annotated[str, Meta(extra_json_schema={"maxLength": DESCRIPTION_LIMIT})] | None = None
    labels: Annotated[str, Meta(
        description=f"JSON of texts by name. Of {', '.join(TELLING)}: as the fields. Others are not kept.",
        extra_json_schema={"examples": ['{"language": "pt-BR", "consent_by": "Ana Souza"}']},
    )] | None = None  # fmt: skip
    remove_background_noise: Annotated[bool, Meta(description="Read and without effect.")] | None = None
    language: Annotated[str, Meta(
        description="BCP 47 tag of what is spoken. Default: the consent's, or VOICECORE_DEFAULT_LANGUAGE.",
        extra_json_schema={"maxLength": 35, "examples": ["pt-BR"]},
    )] | None = None  # fmt: skip
    engine: Annotated[str, Meta(description="GET /engines. Default: the service's.")] | None = None
    consent_by: Annotated[str, Meta(
        description="Name of the person who speaks and who agreed.", extra_json_schema={"maxLength": NAME_LIMIT},
    )] | None = None  # fmt: skip
    consent: Annotated[str, Meta(
        description="Words of the consent. Default: those of GET /consent-statements.",
        extra_json_schema={"maxLength": STATEMENT_LIMIT},
    )] | None = None  # fmt: skip
    consent_given_at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})] | None = None
    consent_id: Annotated[str, Meta(description="A consent that is kept already: POST /consents.")] | None = None


class Added(msgspec.Struct, kw_only=True):
    """The new voice, which can be spoken with."""

    voice_id: str
    requires_verification: bool = False


@dataclass(frozen=True, slots=True)
class _Enrolling:
    job: SynthesisJob
    notes: tuple[str, ...]


@post(
    "/v1/voices/add", needs=CLONE, status_code=200, guards=[refuse_while_draining],
    operation_class=accepts(AddBody, files=[_FILES]), request_max_body_size=None,
    responses=faults(400, 404, 408, 409, 413, 415, 429, 500, 501, 503),
)  # fmt: skip
async def add(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[Added]:
    """Learn a voice from recordings (the field `files`, repeatable), and answer when it can be spoken with."""
    media_type = request.content_type[0].lower()
    if media_type != MULTIPART:
        raise unsupported(media_type, (MULTIPART,))
    max_bytes = service.limits.max_upload_bytes
    limits = UploadLimits(admit=_admit, max_file_bytes=max_bytes, max_body_bytes=max_bytes * BODY_PER_FILE)
    with Form() as form:
        await read_multipart(request, form, limits)
        # In a thread and uncancelled to its end, so that no decoder reads a file that is closed already.
        begun = await UPLOADS.run(_enrol, service, form, caller)
    voice = await made_voice(request, service, caller, begun.job)
    return Response(Added(voice_id=voice.id), headers=warnings_header((*begun.notes, *voice.notes)))


def _admit(name: str, form: Form) -> None:
    if name not in _FILE_NAMES:
        raise InvalidInput(f"{name[:60]!r} is not a field for files; send them as {_FILES.name!r}.", field=name[:60])
    if len(form.files) >= MAX_FILES:
        raise InvalidInput(f"There are more than {MAX_FILES} files; send fewer.", field="files")


def _enrol(service: Service, form: Form, caller: Caller) -> _Enrolling:
    if any(name in _FILE_NAMES for name, _ in form.fields):
        raise InvalidInput("The field 'files' was sent as a text; send files, each with a filename.", field="files")
    body = from_fields(form.fields, AddBody)
    labels = _labels(body.labels)
    said = {name: getattr(body, name) or labels.pop(name, None) for name in TELLING}
    kept = (
        None if said["consent_id"] is None else find_consent(service.catalog, consent_id_of(said["consent_id"]), caller)
    )
    language = (kept and kept.language) or Language.parse(service.settings.default_language)
    if said["language"] is not None:
        language = language_of(said["language"], "language")
    statement = Statement.read(
        by=said["consent_by"], text=said["consent"], language=language, now=service.clock.now(),
        given_at=moment_of(said["consent_given_at"], "consent_given_at"),
    )  # fmt: skip
    voice = NewVoice(
        name=body.name, language=language, description=body.description or "", engine=said["engine"], consent=statement,
        consent_id=said["consent_id"],
    )  # fmt: skip
    job = service.submit_enrolment(voice, [file for _, file in form.files], caller=caller)
    idle = [
        *(f"the label {name[:40]!r}" for name in labels),
        *(["remove_background_noise"] if body.remove_background_noise else []),
    ]
    return _Enrolling(job, without_effect(idle))


def _labels(text: str | None) -> dict[str, str]:
    """The labels that are not null. Raises `InvalidInput`."""
    if text is None:
        return {}
    try:
        found = msgspec.json.decode(text, type=dict[str, str | None] | None) or {}
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput(f"labels is not a JSON object of texts: {str(error)[:120]}.", field="labels") from None
    return {name: value for name, value in found.items() if value}


HANDLERS = (add,)
