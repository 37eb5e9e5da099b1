"""Errors as OpenAI's clients read them."""

from __future__ import annotations

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from entrypoints.http.dialects import DIALECTS, Refusal
from entrypoints.http.documented import problems
from entrypoints.http.problems import as_problem

#: Every refusal at these addresses comes in this shape.
ADDRESSES = ("/v1/audio", "/v1/models")
SPEECH = "/v1/audio/speech"
#: The core's names of fields, by those that a speech has for them; and elsewhere.
_PARAMS_OF_SPEECH = {
    "text": "input", "voice_preset": "voice", "voice_id": "voice", "source_language": "language", "engine": "model",
    "quality_profile_id": "quality_profile", "rvc_model_id": "rvc_model", "enable_rvc": "rvc_model",
    "output_format": "response_format", "format": "response_format",
}  # fmt: skip
_PARAMS = {"consent_id": "consent", "consent_by": "consent"}
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Fault(msgspec.Struct, kw_only=True):
    """What went wrong: one sentence with the limit and the way to mend it; `code` is stable, `param` the field to blame."""

    message: str
    type: str
    param: str | None
    code: str


class Faulty(msgspec.Struct, kw_only=True):
    """An error."""

    error: Fault


def fault(status: int, code: str, sentence: str, field: str | None, *, path: str = SPEECH) -> Fault:
    """The error with this status of HTTP, at this address."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    params = _PARAMS_OF_SPEECH if path == SPEECH else _PARAMS
    return Fault(message=sentence, type=kind, param=params.get(field or "", field), code=code)


def refused(refusal: Refusal) -> Response[Faulty]:
    """The refusal in this shape."""
    code = "invalid_api_key" if refusal.status == 401 else refusal.code
    body = Faulty(error=fault(refusal.status, code, refusal.detail, refusal.field, path=refusal.path))
    return Response(body, status_code=refusal.status, media_type="application/json", headers=dict(refusal.headers))


def faults(*statuses: int) -> dict[int, ResponseSpec]:
    """As `documented.problems`, in this shape."""
    return {
        status: ResponseSpec(Faulty, generate_examples=False, description=described.description)
        for status, described in problems(*statuses).items()
    }


DIALECTS.update(dict.fromkeys(ADDRESSES, refused))
#: Of this service, though it lies among OpenAI's addresses.
DIALECTS["/v1/audio/detect"] = as_problem
