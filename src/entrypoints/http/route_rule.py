"""What one route takes, and the refusal of all else: what it was meant to say would be lost.

`POST /admin/cleanup?dryrun=true` would clean up, and so would `POST /admin/cleanup` with `{"dry_run": true}` as its body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection

from entrypoints.http.query_names import Pairs, QueryNames
from entrypoints.http.uploads import body_of
from voicecore.errors import InvalidInput

#: What clients send for a body where they have nothing to say.
_NOTHING = (b"", b"{}", b"null")
#: Bytes of it that are looked at.
_LOOKED_AT = 64
#: A body of other methods means nothing (RFC 9110 §9.3), and none of them changes anything.
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class RouteRule:
    """What a route takes.

    Attributes:
        query: its query parameters.
        reads_body: whether it reads one, and so is strict by itself.
    """

    query: QueryNames
    reads_body: bool

    async def check(self, connection: ASGIConnection[Any, Any, Any, Any], query: Pairs) -> None:
        """Raises `InvalidInput` for a query or a body that says what nobody would hear."""
        self.query.check(query)
        if not self.reads_body and isinstance(connection, Request) and _announces_body(connection):
            await self._refuse_body(connection)

    async def _refuse_body(self, request: Request[Any, Any, Any]) -> None:
        if not await _says_nothing(request):
            names = ", ".join(sorted(self.query.names))
            hint = f"; what it takes stands in the address: {names}" if names else ""
            raise InvalidInput(f"This route takes no body, leave it out{hint}.")


async def _says_nothing(request: Request[Any, Any, Any]) -> bool:
    """Whoever announces much is not waited for."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 9 or int(announced) > _LOOKED_AT):
        return False
    data = b""
    async for chunk in body_of(request):
        data += chunk
        if len(data) > _LOOKED_AT:
            return False
    return data.strip() in _NOTHING


def _announces_body(request: Request[Any, Any, Any]) -> bool:
    if request.method not in _CHANGING:
        return False
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
