"""Connections whose clients stop reading: the server's protocols, with an end to their patience.

The framework has no way to cut a connection whose buffer is full: a close waits until the client has taken what is in it,
which may be for ever. So the protocol looks at the buffer itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class _Patient:
    """Cuts the connection when nothing left its full buffer for `stall_s` seconds."""

    stall_s: float = 30.0
    loop: asyncio.AbstractEventLoop
    transport: Any
    _timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        self._watch()

    def resume_writing(self) -> None:
        self._rest()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)  # type: ignore[misc]

    def _watch(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(self.stall_s, self._look, left)

    def _look(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self.transport.abort()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def patient_http(stall_s: float) -> type[asyncio.Protocol]:
    """The HTTP protocol of a server with so much patience."""
    return type("PatientHttp", (_Patient, H11Protocol), {"stall_s": stall_s})


def patient_websockets(stall_s: float) -> type[asyncio.Protocol]:
    """The WebSocket protocol of a server with so much patience."""
    return type("PatientWebSockets", (_Patient, WebSocketsSansIOProtocol), {"stall_s": stall_s})
