"""Errors as answers: RFC 9457 problem details (`application/problem+json`).

Beside the standard members every problem has `error` and `error_message`, the sentence again, which orchestrators read.
Nothing of an unexpected exception leaves the process: the client gets a request id, the log gets the rest.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from entrypoints.http.dialects import Refusal, renderer_of
from entrypoints.http.headers import reached, request_id
from entrypoints.http.query_values import wrong_value
from entrypoints.http.sentences import told_outside
from voicecore.errors import (
    BlobCorrupt,
    Conflict,
    DeadlineExceeded,
    Draining,
    EngineFailed,
    Forbidden,
    Gone,
    InvalidInput,
    JobFailed,
    LimitReached,
    ModelCorrupt,
    NotFound,
    NothingHeard,
    NotInstalled,
    Poisoned,
    QueueFull,
    StorageUnavailable,
    TooLarge,
    Unauthorized,
    UnsupportedAudioFormat,
    VoiceCoreError,
)
from voicecore.log_lines import told

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

#: The nearest class of an error's ancestry decides. DiskFull is a StorageUnavailable, so 503 with its own code.
_STATUS: dict[type[VoiceCoreError], int] = {
    InvalidInput: 400,
    UnsupportedAudioFormat: 415,
    TooLarge: 413,
    NotFound: 404,
    Gone: 410,
    Conflict: 409,
    Unauthorized: 401,
    Forbidden: 403,
    LimitReached: 429,
    QueueFull: 429,
    Draining: 503,
    StorageUnavailable: 503,
    BlobCorrupt: 500,
    ModelCorrupt: 500,
    NotInstalled: 501,
    EngineFailed: 503,
    NothingHeard: 503,
    JobFailed: 500,
    DeadlineExceeded: 500,
    Poisoned: 500,
    VoiceCoreError: 500,
}
#: Codes of refusals that only exist over HTTP.
_CODES = {400: "invalid_input", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable", 408: "timeout",
          413: "too_large", 415: "unsupported_media_type", 416: "range_not_satisfiable", 425: "not_ready"}  # fmt: skip
_log = logging.getLogger("voicecore.http")


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong: `detail` is one sentence with the limit and the way to mend it, `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    error: str
    error_message: str
    request_id: str
    field: str | None = None


def status_of(error: VoiceCoreError) -> int:
    """The HTTP status of an error of the core."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def _respond(
    request: Request[Any, Any, Any], status: int, code: str, detail: str, field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Any]:  # fmt: skip
    path = request.scope["path"]
    refusal = Refusal(
        path=path, status=status, code=code, detail=detail, request_id=request_id(request.scope), field=field,
        headers=headers or {},
    )  # fmt: skip
    return renderer_of(path, as_problem, request.headers)(refusal)


def as_problem(refusal: Refusal) -> Response[Problem]:
    """The answer as problem details."""
    code, detail = refusal.code, refusal.detail
    problem = Problem(
        type=f"urn:voicecore:problem:{code}", title=code.replace("_", " ").capitalize(), status=refusal.status,
        detail=detail, code=code, error=detail, error_message=detail, request_id=refusal.request_id, field=refusal.field,
    )  # fmt: skip
    return Response(problem, status_code=refusal.status, media_type=MEDIA_TYPE, headers=dict(refusal.headers))


def on_voicecore_error(request: Request[Any, Any, Any], error: VoiceCoreError) -> Response[Any]:
    """An error of the core, with `Retry-After` where trying again can help."""
    status = status_of(error)
    sentence = told_outside(request.app.state.service, error.message)
    if status == 500 or isinstance(error, StorageUnavailable):
        _log.error("request %s: %s", request_id(request.scope), told(error))
    headers = {}
    if status in (429, 503):
        wait_s = error.retry_after_s if isinstance(error, QueueFull | LimitReached) else RETRY_AFTER_S
        headers["Retry-After"] = str(wait_s)
    if isinstance(error, LimitReached):
        headers |= reached(error)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="voicecore"'
    return _respond(request, status, error.code, sentence, error.field, headers)


def on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """A refusal of the framework: unknown route, method, query parameter, body too large."""
    status = error.status_code
    if status >= 500:
        return on_unexpected(request, error)
    detail, field = _sentence(error, request)
    code = _CODES.get(status, HTTPStatus(status).name.lower())
    return _respond(request, status, code, detail, field, dict(error.headers or {}))


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A defect of ours or of a library: logged in full, told to the client as nothing but a request id."""
    name = request_id(request.scope)
    _log.error("request %s failed unexpectedly", name, exc_info=error)
    return _respond(request, 500, "internal_error", f"The service failed; its log tells more under request {name}.")


def _sentence(error: HTTPException, request: Request[Any, Any, Any]) -> tuple[str, str | None]:
    """One sentence without the framework's internals, and the field it is about."""
    if isinstance(error.extra, list) and error.extra and isinstance(error.extra[0], dict):
        first = error.extra[0]
        name = str(first.get("key", "")) or None
        if (told := wrong_value(request, name or "")) is not None:
            return told
        message = str(first.get("message", "it cannot be read")).replace("`", "'")
        return f"The parameter {name!r} is wrong: {message}.", name
    if error.status_code == 404:
        return "There is nothing at this address; GET / lists what there is.", None
    if error.status_code == 405:
        return f"{request.method} is not possible here; GET /openapi.json says what is.", None
    if error.status_code == 413:
        return "The body is larger than allowed here; docs/http.md lists the limits.", None
    return error.detail, None
