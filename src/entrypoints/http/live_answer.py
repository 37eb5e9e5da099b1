"""An answer that is sent while it is made, to a client that may leave, or stop reading, at any moment."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from typing import Any

import anyio
from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.response import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from entrypoints.http.headers import request_id
from voicecore.errors import VoiceCoreError

#: Bytes that are handed to the server at once, so that it can tell when the client does not take them.
_PIECE_BYTES = 1 << 15
_log = logging.getLogger("voicecore.http")


class LiveAnswer(Response[None]):
    """Sends the pieces as they come.

    A client that leaves ends it, also while nothing is sent; one that takes nothing for `stall_s` is dropped. If the pieces
    raise, the connection is cut without the end of the body.

    Args:
        pieces: of the body; closed in the end.
        farewell: awaited once, however it ended, and before the client hears of the end: it may ask for the next at once.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes], farewell: Callable[[], Awaitable[None]], *, stall_s: float, media_type: str,
        headers: Mapping[str, str],
    ) -> None:  # fmt: skip
        super().__init__(None, media_type=media_type, headers=headers)
        self._body = (pieces, farewell, stall_s)

    def to_asgi_response(  # type: ignore[override]
        self, request: Request[Any, Any, Any], *, headers: dict[str, str] | None = None,
        cookies: Iterable[Cookie] | None = None, media_type: MediaType | str | None = None, **_: Any,
    ) -> ASGIResponse:  # fmt: skip
        """As the framework wants it; it gives what the route says of itself."""
        answer = _Sending(
            headers={**(headers or {}), **self.headers}, cookies=cookies, status_code=200,
            media_type=self.media_type or media_type,
        )  # fmt: skip
        answer.pieces, answer.farewell, answer.stall_s = self._body
        answer.name = request_id(request.scope)
        answer.left = False
        return answer


class _Sending(ASGIResponse):
    __slots__ = ("farewell", "left", "name", "pieces", "stall_s")
    _should_set_content_length = False

    pieces: AsyncGenerator[bytes]
    farewell: Callable[[], Awaitable[None]]
    stall_s: float
    name: str
    left: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        if not self.left:
            self.left = True
            await self.farewell()

    async def send_body(self, send: Send, receive: Receive) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
            sent_all = await self._sent_all(send)
            # Else a client with one place of its own would be refused when it asks for the next sound at once.
            with anyio.CancelScope(shield=True):
                await self._leave()
            if sent_all:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            # Else the body stays without its end, and the server cuts the connection.
            tasks.cancel_scope.cancel()

    async def _sent_all(self, send: Send) -> bool:
        try:
            async for piece in self.pieces:
                for start in range(0, len(piece), _PIECE_BYTES):
                    with anyio.move_on_after(self.stall_s) as limit:
                        body = piece[start : start + _PIECE_BYTES]
                        await send({"type": "http.response.body", "body": body, "more_body": True})
                    if limit.cancelled_caught:
                        _log.info(
                            "request %s: the client took nothing for %g s and is dropped", self.name, self.stall_s
                        )
                        return False
        except VoiceCoreError as error:
            _log.warning("request %s: a stream was cut: %s", self.name, error.code)
            return False
        except Exception:  # noqa: BLE001 - the status is out already; what is left is to cut the connection
            _log.exception("request %s: a stream was cut by a defect", self.name)
            return False
        return True


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
