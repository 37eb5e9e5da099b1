"""What the body of `POST /jobs` asks for, in whichever of its kinds it comes; other routes take the same body."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from litestar import Request

from entrypoints.http.forms import MULTIPART, from_fields, read_body
from entrypoints.http.job_body import handling_of, refuse_conversion, to_request
from entrypoints.http.recordings import is_conversion, recording_limits, submit_recording
from entrypoints.http.rvc_answers import RvcAnswer, echo_rvc
from entrypoints.http.schemas import JobBody
from entrypoints.http.uploads import Form, read_multipart
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.errors import InvalidInput
from voicecore.job import JobId, SynthesisJob

_KEY = re.compile(r"[\x20-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that somebody asks for.

    Attributes:
        submit: makes it, in a thread; given an id where somebody follows it already.
        output_format: as the body names it; None if it does not.
        uploaded: whether a recording comes with it, whose decoding takes its time.
        rvc: what is told of a conversion that is not asked for.
    """

    submit: Callable[[JobId | None], SynthesisJob]
    output_format: str | None
    uploaded: bool = False
    rvc: RvcAnswer | None = None


@asynccontextmanager
async def asked(request: Request[Any, Any, Any], service: Service, caller: Caller) -> AsyncIterator[Asked]:
    """Read the body. What was uploaded with it is gone when the context is left.

    Raises:
        InvalidInput: and its kinds, naming the field; `HTTPException` for a body of another kind.
    """
    key = idempotency_key(request)
    if request.content_type[0].lower() == MULTIPART:
        with Form() as form:
            await read_multipart(request, form, recording_limits(service.limits))
            if is_conversion(form):
                submit = partial(submit_recording, service, form, idempotency_key=key, caller=caller)
                yield Asked(lambda job_id: submit(job_id=job_id), dict(form.fields).get("output_format"), uploaded=True)
                return
            body = from_fields(form.fields, JobBody)
    else:
        body = await read_body(request, JobBody, refused=refuse_conversion)
    wanted, handling = to_request(body), handling_of(body.priority, body.webhook_url)

    def submit_text(job_id: JobId | None) -> SynthesisJob:
        return service.submit_synthesis(wanted, idempotency_key=key, handling=handling, caller=caller, job_id=job_id)

    yield Asked(submit_text, body.output_format, rvc=echo_rvc(body))


def idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    """Of the header. Raises `InvalidInput` for one that is too long or not printable."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidInput("The Idempotency-Key needs 1 to 200 printable ASCII characters.", field="Idempotency-Key")
    return key
