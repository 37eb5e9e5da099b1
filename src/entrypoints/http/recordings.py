"""`POST /jobs` in mode `convert`: a recording comes with the fields."""

from __future__ import annotations

from entrypoints.http.conversion_body import settings_of
from entrypoints.http.documented import FilePart
from entrypoints.http.forms import MAX_BODY_BYTES, from_fields, refuse_file
from entrypoints.http.job_body import format_of, handling_of
from entrypoints.http.schemas import ConvertBody
from entrypoints.http.uploads import Form, UploadLimits
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import InvalidInput
from voicecore.job import JobId, SynthesisJob
from voicecore.limits import Limits
from voicecore.request import Mode

RECORDING = FilePart(name="file")


def recording_limits(limits: Limits) -> UploadLimits:
    """What a multipart body of `POST /jobs` may hold: one recording, if it may be of mode `convert`."""
    return UploadLimits(
        admit=_admit, max_file_bytes=limits.max_upload_bytes, max_body_bytes=limits.max_upload_bytes + MAX_BODY_BYTES
    )


def _admit(name: str, form: Form) -> None:
    # The mode may come behind the file; `submit_recording` and the other modes look again.
    if name != RECORDING.name or dict(form.fields).get("mode", Mode.CONVERT) != Mode.CONVERT:
        refuse_file(name, form)
    if form.files:
        raise InvalidInput("There are two recordings; send one.", field=name)


def is_conversion(form: Form) -> bool:
    """Whether the form is of mode `convert`. Raises `InvalidInput` for a file in another one."""
    if dict(form.fields).get("mode") == Mode.CONVERT:
        return True
    for name, _ in form.files:
        refuse_file(name, form)
    return False


def submit_recording(
    service: Service, form: Form, *, idempotency_key: str | None, caller: Caller, job_id: JobId | None = None
) -> SynthesisJob:
    """The new job.

    Raises:
        InvalidInput: and its kinds, for fields and file.
        Forbidden, NotFound, NotInstalled, IdempotencyConflict, QueueFull: as `SubmitConversion`.
    """
    if any(name == RECORDING.name for name, _ in form.fields):
        raise InvalidInput("The field 'file' was sent as a text; send a file, with a filename.", field="file")
    body = from_fields(form.fields, ConvertBody)
    if not form.files:
        raise InvalidInput("Mode 'convert' needs a recording in the field 'file'.", field="file")
    if body.enable_rvc is False:
        raise InvalidInput("Mode 'convert' is conversion; leave enable_rvc out, or send true.", field="enable_rvc")
    if body.rvc_required is False:
        raise InvalidInput(
            "Mode 'convert' has no plain voice to fall back on; leave rvc_required out, or send true.",
            field="rvc_required",
        )
    (_, file), *_ = form.files
    return service.submit_conversion(
        settings_of(body, body.rvc_model_id), file, f0_method_named=body.rvc_f0_method is not None,
        output_format=format_of(body.output_format, "output_format"),
        handling=handling_of(body.priority, body.webhook_url), idempotency_key=idempotency_key, caller=caller,
        job_id=job_id,
    )  # fmt: skip
