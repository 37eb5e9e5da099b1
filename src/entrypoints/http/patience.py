"""Connections whose clients stop reading, or stop sending: the server's protocols, with an end to their patience.

The framework has no way to cut a connection whose buffer is full: a close waits until the client has taken what is in it,
which may be for ever. Nor does it wait with an end for a request that does not come, or not whole. So the protocol looks by itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: Of an answer, beyond what the system buffers: half of the framework's own, since slow readers have it full all the time.
_BUFFERED_BYTES = 1 << 15


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


class _PatientHttp(_Patient, H11Protocol):
    """Also cuts the connection of a client that owes something and does not send it: the head of a request, whole, within
    `stall_s` of the connection or of its own first byte, or the next bytes of a body. Between two requests it owes nothing; then
    the server's keep-alive ends it.
    """

    #: When the client has to have sent what it owes; None if it owes nothing.
    _due_s: float | None = None
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_BUFFERED_BYTES)
        self._owes()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_work or self._due_s is None:
            self._owes()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_work:  # the next request came behind this one already
            self._owes()
        else:
            self._due_s = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        super().connection_lost(exc)

    @property
    def _in_work(self) -> bool:
        """Whether there is a request that is not answered yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first one
        return cycle is not None and not cycle.response_complete

    def _owes(self) -> None:
        """The client owes the rest of a request from now on, unless it is there or the connection is a socket's now."""
        if (self._in_work and not self.cycle.more_body) or self.transport.get_protocol() not in (self, None):
            self._due_s = None
            return
        self._due_s = self.loop.time() + self.stall_s
        if self._alarm is None:
            self._alarm = self.loop.call_at(self._due_s, self._dun)

    def _dun(self) -> None:
        self._alarm = None
        if self._due_s is None or self.transport.is_closing():
            return
        if self.flow.read_paused:  # it may not send, since what it sent was not read yet
            self._due_s = self.loop.time() + self.stall_s
        if self.loop.time() < self._due_s:
            self._alarm = self.loop.call_at(self._due_s, self._dun)
        else:
            self.transport.abort()


def patient_http(stall_s: float) -> type[asyncio.Protocol]:
    """The HTTP protocol of a server with so much patience."""
    return type("PatientHttp", (_PatientHttp,), {"stall_s": stall_s})


def patient_websockets(stall_s: float) -> type[asyncio.Protocol]:
    """The WebSocket protocol of a server with so much patience."""
    return type("PatientWebSockets", (_Patient, WebSocketsSansIOProtocol), {"stall_s": stall_s})
