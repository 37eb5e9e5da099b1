"""Errors as OpenAI's clients read them."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec

from entrypoints.http.dialects import Refusal
from entrypoints.http.documented import meaning_of

#: Every refusal at these addresses comes in this shape.
ADDRESSES = ("/v1/audio", "/v1/models")
#: The core's names of fields, by those that the dialect has for them.
_PARAMS = {
    "text": "input", "voice_preset": "voice", "voice_id": "voice", "source_language": "language", "engine": "model",
    "quality_profile_id": "quality_profile", "rvc_model_id": "rvc_model", "enable_rvc": "rvc_model",
    "output_format": "response_format", "format": "response_format", "file": "audio_sample", "consent_id": "consent",
    "consent_by": "consent",
}  # fmt: skip
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


def fault(status: int, code: str, sentence: str, field: str | None) -> Fault:
    """The error with this status of HTTP."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return Fault(message=sentence, type=kind, param=_PARAMS.get(field or "", field), code=code)


def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Faulty]:
    """The dialect, for `entrypoints.http.dialects`."""
    code = "invalid_api_key" if refusal.status == 401 else refusal.code
    body = Faulty(error=fault(refusal.status, code, refusal.sentence, refusal.field))
    return Response(body, status_code=refusal.status, media_type="application/json", headers=dict(refusal.headers))


def faults(*statuses: int) -> dict[int, ResponseSpec]:
    """As `documented.problems`, in this shape."""
    return {
        status: ResponseSpec(Faulty, generate_examples=False, description=meaning_of(status))
        for status in sorted({400, *statuses})
    }
