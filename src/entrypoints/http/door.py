"""Who may come in: a guard before every route, which runs before the body is read.

A route says what it needs with `needs=`: a tuple of scopes, any of which is enough. `OPEN` needs nothing, and
`ANY_KEY` any key that is good. A route that says nothing needs `admin`, and a test finds it.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope as AsgiScope

from entrypoints.http.query_names import Pairs, shown
from entrypoints.http.route_rule import RouteRule
from entrypoints.http.sentences import told_outside
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from voicecore.access import NOBODY, Caller, Scope, holds_key
from voicecore.errors import Forbidden, InvalidInput, LimitReached, Unauthorized, VoiceCoreError
from voicecore.usecases.limits_of import Allowance

Needs = tuple[Scope, ...]
OPEN: Needs = ()
ANY_KEY: Needs = tuple(Scope)
SPEAK: Needs = (Scope.SPEAK,)
CLONE: Needs = (Scope.CLONE,)
CONVERT: Needs = (Scope.CONVERT,)
ADMIN: Needs = (Scope.ADMIN,)

#: Names under which people send a key in an address. Lower case, without '-' and '_'.
_QUERY_NAMES = frozenset({"apikey", "xapikey", "xiapikey", "key", "token", "accesstoken", "authtoken", "authorization"})
#: No route reads more than a handful.
_MAX_PARAMETERS = 1_000
_CALLER, _ALLOWANCE = "voicecore_caller", "voicecore_allowance"
#: Who sends one of these speaks for somebody else.
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
#: Close codes of a WebSocket that was not let in: 4000 and the status.
_CLOSE = {Unauthorized: 4401, Forbidden: 4403, LimitReached: 4429, InvalidInput: 4400}
_log = logging.getLogger("voicecore.http")

Connection = ASGIConnection[Any, Any, Any, Any]

HOW_TO_ADD = "add a key with 'voicecore keys add NAME' on the machine of the service"


async def door(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let the caller in, and remember who it is.

    Raises:
        InvalidInput: a key stands in the address, or there is a query parameter or a body that the route does not take.
        Unauthorized: there is no key, or no good one.
        Forbidden: the key has none of the scopes that the route needs.
        LimitReached: the key has sent too many requests.
    """
    try:
        query = query_of(connection)
        refuse_key_in_address(query)
        await _let_in(connection, needs_of(handler))
        # Last, so that whoever may not come in learns nothing of the route. The handler given to a guard is a copy.
        rule: RouteRule | None = connection.app.state.route_rules.get(connection.route_handler)
        if rule is not None:
            await rule.check(connection, query)
    except VoiceCoreError as error:
        if connection.scope["type"] != ScopeType.WEBSOCKET:
            raise
        code = next((code for kind, code in _CLOSE.items() if isinstance(error, kind)), 1013)
        # At most 123 bytes, by RFC 6455.
        raise WebSocketException(
            detail=told_outside(connection.app.state.service, error.message).encode()[:120].decode(errors="ignore"),
            code=code,
        ) from error


async def _let_in(connection: Connection, needs: Needs) -> None:
    if needs == OPEN:
        return
    caller = await _caller(connection)
    connection.scope["state"][_CALLER] = caller
    if caller.limits.requests_per_minute:
        service: Service = connection.app.state.service
        connection.scope["state"][_ALLOWANCE] = await blocking(service.limits_of(caller).request)
    if not any(caller.may(scope) for scope in needs):
        raise Forbidden(_lacks(caller, needs))


def needs_of(handler: BaseRouteHandler) -> Needs:
    """What the route needs; `ADMIN` for one that does not say."""
    needs: Needs = handler.opt.get("needs", ADMIN)
    return needs


def caller_of(scope: AsgiScope) -> Caller:
    """Who asks. A route that needs nothing has nobody to ask for."""
    caller: Caller = scope["state"][_CALLER]
    return caller


def allowance_of(state: dict[str, Any]) -> Allowance | None:
    """What is left of the caller's requests, if they are counted."""
    return state.get(_ALLOWANCE)


def query_of(connection: Connection) -> Pairs:
    """Names and values of the query, read as the framework reads them. Raises `InvalidInput` for very many."""
    query = connection.scope["query_string"]
    if not query:
        return ()
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError as error:
        raise InvalidInput(
            f"The address has more than {_MAX_PARAMETERS} parameters; leave most of them out."
        ) from error


def refuse_key_in_address(query: Pairs) -> None:
    """An address is logged by every proxy, and kept by every browser. Raises `InvalidInput`."""
    for name, value in query:
        bare = holds_key(name)
        if bare or holds_key(value) or name.lower().replace("-", "").replace("_", "") in _QUERY_NAMES:
            raise InvalidInput(
                f"A key does not belong into the address, where everybody logs it: send it in the header X-API-Key, leave "
                f"{'it' if bare else shown(name)} out, and rotate the key.",
                field=None if bare else shown(name)[1:-1],
            )


def sent_key(connection: Connection) -> str | None:
    """The key that was sent, in X-API-Key, xi-api-key or as a Bearer token; None if there is none."""
    headers = connection.headers
    for name in ("x-api-key", "xi-api-key"):
        if text := headers.get(name, "").strip():
            return text
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def _caller(connection: Connection) -> Caller:
    service: Service = connection.app.state.service
    if service.settings.auth == "off" or connection.app.state.trusted:
        return NOBODY
    authenticate = service.authenticate
    configured = authenticate.configured if authenticate.known else await blocking(lambda: authenticate.configured)
    if not configured:
        if is_this_machine(connection, service.settings.cors_origins):
            return NOBODY
        raise Unauthorized(
            f"This service has no API keys yet, so only its own machine may call it: {HOW_TO_ADD}, and send it in the header "
            "X-API-Key."
        )
    text = sent_key(connection)
    if text is None:
        raise Unauthorized("This needs an API key: send it in the header X-API-Key, or as a Bearer token.")
    return await blocking(authenticate, text)


def is_this_machine(connection: Connection, origins: tuple[str, ...] = ()) -> bool:
    """Whether a program of this machine calls by itself: not for somebody behind a proxy, nor for a web page.

    A page that a browser shows may send requests to this machine, too. Its origin tells, or the name under which it
    looked us up (DNS rebinding), which is not this machine's.
    """
    client = connection.client
    if client is None or not _is_loopback(client.host):
        return False
    headers = connection.headers
    if any(name in headers for name in _PROXY_HEADERS):
        return False
    if not _is_loopback(_host(headers.get("host", ""))):
        return False
    origin = headers.get("origin")
    return origin is None or origin in origins or _is_loopback(_host(origin.partition("://")[2]))


def _host(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]


def _is_loopback(host: str) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _lacks(caller: Caller, needs: Needs) -> str:
    has, wanted = ", ".join(sorted(caller.scopes)), " or ".join(scope.value for scope in needs)
    return f"This API key has the scopes {has}, and this needs {wanted}: use another key."
