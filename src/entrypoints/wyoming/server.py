"""The port of Wyoming: an event loop of its own, in a thread of a process that has a service."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import anyio
from wyoming.error import Error

from entrypoints.http.live_room import LiveRoom
from entrypoints.http.sentences import told_outside
from entrypoints.service import Service
from entrypoints.wyoming import door
from entrypoints.wyoming.session import Session
from entrypoints.wyoming.wire import MAX_LINE_BYTES, Left, Wire
from voicecore.errors import InvalidInput, QueueFull, VoiceCoreError

#: Seconds that clients get after the drain to take what was spoken for them.
GRACE_S = 5.0
_LOOK_EVERY_S = 0.1
_log = logging.getLogger("voicecore.wyoming")


class WyomingServer:
    """Serves Wyoming while its context lasts.

    Raises:
        InvalidInput: if the address cannot be listened on, or nobody could be served for want of a key.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        settings = service.settings
        self._neighbours = door.Neighbours.of(settings.wyoming_allow)
        self._room = LiveRoom(settings.wyoming_clients)
        self._sessions: dict[Session, anyio.CancelScope] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="wyoming")
        self._socket: socket.socket
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Event
        self._started = threading.Event()

    @property
    def sessions(self) -> int:
        """Connections that are served now."""
        return len(self._sessions)

    def __enter__(self) -> Self:
        settings = self._service.settings
        door.check(self._service)
        self._socket = _listener(settings.wyoming_host, settings.wyoming_port)
        self._thread.start()
        self._started.wait()
        _log.info("Wyoming on %s port %d", settings.wyoming_host, settings.wyoming_port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, sock=self._socket, limit=MAX_LINE_BYTES)
        self._started.set()
        await self._ending.wait()
        server.close()
        with anyio.move_on_after(GRACE_S):
            while any(session.busy for session in self._sessions):  # noqa: ASYNC110 - nothing tells of silence
                await anyio.sleep(_LOOK_EVERY_S)
        for scope in self._sessions.values():
            scope.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        host = writer.get_extra_info("peername")[0]
        if not self._neighbours.admit(host):
            _log.info("a connection from %s is refused: VOICECORE_WYOMING_ALLOW does not name it", host)
            writer.transport.abort()
            return
        wire = Wire(reader, writer, self._service.settings.stream_stall_s)
        last: Error | None = None
        try:
            with self._place(Session(self._service, self._room, wire)) as session:
                await session.run()
        except Left:
            _log.debug("a client left")
        except VoiceCoreError as error:
            last = Error(text=told_outside(self._service, error.message), code=error.code)
        except Exception:  # noqa: BLE001 - told to the client as nothing but a defect
            _log.exception("a session failed unexpectedly")
            last = Error(text="The service failed.", code="internal_error")
        await wire.close(None if last is None else last.event())

    @contextmanager
    def _place(self, session: Session) -> Iterator[Session]:
        """Among the clients. If there is none, whoever is silent for longest makes room. Raises `QueueFull`."""
        most = self._service.settings.wyoming_clients
        staying = [each for each, scope in self._sessions.items() if not scope.cancel_called]
        if len(staying) >= most:
            silent = [each for each in staying if not each.busy]
            if not silent:
                raise QueueFull(f"{most} clients are being spoken to, and no more at once; try again in a moment.")
            self._sessions[min(silent, key=lambda each: each.active_at)].cancel()
        with anyio.CancelScope() as scope:
            self._sessions[session] = scope
            try:
                yield session
            finally:
                del self._sessions[session]


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"Cannot listen on {host} port {port} for Wyoming ({why}); choose others with VOICECORE_WYOMING_HOST and "
            "VOICECORE_WYOMING_PORT."
        ) from error
    # Accepted sockets inherit it; asyncio sets it only on those that name TCP as their protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
