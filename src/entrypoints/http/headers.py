"""What every answer carries: a request id and the headers that keep browsers from being clever."""

from __future__ import annotations

import re
import secrets

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from entrypoints.http.door import allowance_of
from voicecore.access import holds_key
from voicecore.errors import LimitReached
from voicecore.usecases.limits_of import Allowance

#: A client's own X-Request-Id is kept if it is this plain and no key, since it is logged.
_PLAIN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_KEY = "voicecore_request_id"

#: Source: draft-ietf-httpapi-ratelimit-headers-10: q is the quota, w its window, r what is left, t until it is whole again,
#: both in seconds.
_POLICY, _LEFT = "RateLimit-Policy", "RateLimit"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def request_id(scope: Scope) -> str:
    """The request's name in answers and logs."""
    state = scope["state"]
    if _KEY not in state:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        plain = _PLAIN.fullmatch(given) and not holds_key(given.decode())
        state[_KEY] = given.decode() if plain else secrets.token_hex(8)
    return str(state[_KEY])


def reached(error: LimitReached) -> dict[str, str]:
    """What an answer says of the limit that was reached."""
    window = f";w={error.window_s}" if error.window_s else ""
    return {
        _POLICY: f'"{error.policy}";q={error.limit}{window}', _LEFT: f'"{error.policy}";r=0;t={error.retry_after_s}',
    }  # fmt: skip


def _rate_limit(allowance: Allowance | None) -> dict[str, str]:
    if allowance is None:
        return {}
    return {
        _POLICY: f'"{allowance.policy}";q={allowance.limit};w={allowance.window_s}',
        _LEFT: f'"{allowance.policy}";r={allowance.left};t={allowance.resets_in_s}',
    }


async def add_headers(message: Message, scope: Scope) -> None:
    """A `before_send` hook: it also sees the answers that no route made."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["X-Request-Id"] = request_id(scope)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    for name, value in _rate_limit(allowance_of(scope["state"])).items():
        headers.setdefault(name, value)
    # Jobs, voices and audio belong to whoever asked; nothing between us and them may keep a copy.
    headers.setdefault("Cache-Control", "private, no-store")
