"""Errors as ElevenLabs' clients read them."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from entrypoints.http.dialects import DIALECTS, SHARED, Refusal
from entrypoints.http.documented import problems

#: Every refusal at these addresses comes in this shape.
SPEECH, CONVERSION, CHANGER, VOICES, VOICES_2, USER = (
    "/v1/text-to-speech", "/v1/speech-to-speech", "/v1/voice-changer", "/v1/voices", "/v2/voices", "/v1/user",
)  # fmt: skip
ADDRESSES = (SPEECH, CONVERSION, CHANGER, VOICES, VOICES_2, USER)
#: OpenAI's clients ask for their models at the same address; those of ElevenLabs are known by their header.
MODELS, HEADER = "/v1/models", "xi-api-key"
#: The core's names of fields, by those that they have here.
_OF_SPEECH = {
    "voice": "voice_id", "voice_preset": "voice_id", "rvc_model_id": "voice_id", "enable_rvc": "voice_id",
    "source_language": "language_code", "engine": "model_id", "quality_profile_id": "model_id",
}  # fmt: skip
_PARAMS = {
    SPEECH: _OF_SPEECH, CONVERSION: _OF_SPEECH | {"file": "audio"}, CHANGER: _OF_SPEECH | {"file": "audio"},
    VOICES: {"file": "files"},
}  # fmt: skip
_STATUSES = {401: "invalid_api_key", 403: "missing_permissions"}
_MISSING = {"voice_id": "voice_not_found", "model_id": "model_not_found"}


class Detail(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong: `status` is stable, `message` one sentence with the limit and the way to mend it, `param` the field to
    blame.
    """

    status: str
    message: str
    param: str | None = None


class Detailed(msgspec.Struct, kw_only=True):
    """An error."""

    detail: Detail


def refused(refusal: Refusal) -> Response[Any]:
    """The refusal in this shape."""
    names = next((found for start, found in _PARAMS.items() if refusal.path.startswith(start)), {})
    param = names.get(refusal.field or "", refusal.field)
    status = _STATUSES.get(refusal.status, refusal.code)
    if refusal.status == 404:
        status = _MISSING.get(param or "", status)
    body = Detailed(detail=Detail(status=status, message=refusal.detail, param=param))
    return Response(body, status_code=refusal.status, media_type="application/json", headers=dict(refusal.headers))


def faults(*statuses: int) -> dict[int, ResponseSpec]:
    """As `documented.problems`, in this shape."""
    return {
        status: ResponseSpec(Detailed, generate_examples=False, description=described.description)
        for status, described in problems(*statuses).items()
    }


DIALECTS.update(dict.fromkeys(ADDRESSES, refused))
SHARED[MODELS] = (HEADER, refused)
