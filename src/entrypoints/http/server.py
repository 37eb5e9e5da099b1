"""`voicecore serve`: the application in uvicorn, with an orderly end.

The first SIGTERM or SIGINT drains: new work is refused (503), waiting clients are served, the running job ends or is
handed back after `VOICECORE_DRAIN_S`; then the process ends with status 0. A second signal hands the job back at once.
"""

from __future__ import annotations

import logging
import resource
import signal
import socket
import threading
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

import uvicorn

from entrypoints.container import build
from entrypoints.http.app import create_app
from entrypoints.http.door import HOW_TO_ADD
from entrypoints.http.patience import patient_http, patient_websockets
from entrypoints.http.studio import is_built
from entrypoints.logs import log_to_stderr
from entrypoints.metrics_door import MetricsDoor
from entrypoints.service import Service
from entrypoints.settings import Settings
from voicecore.errors import InvalidInput

#: Seconds that open connections get after the drain before they are cut.
GRACE_S = 5
_KEEP_ALIVE_S = 30
#: A WebSocket message beyond it is not read at all; within it the application says what its limit is.
_MESSAGE_BYTES = 1 << 20
#: Open files and connections together, as far as the system allows it. What it gives to begin with is often 1 024.
_FILES = 65_536
_log = logging.getLogger("voicecore.http")


class DrainingServer(uvicorn.Server):
    """A uvicorn server whose first signal drains the service, while requests go on."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._drain: threading.Thread | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """In place of uvicorn's: it would close the door first and die by the signal in the end."""
        name = signal.Signals(sig).name
        if self._drain is None:
            _log.info("%s: draining", name)
            self._drain = threading.Thread(target=self._end, name="drain")
            self._drain.start()
        elif not self.should_exit:
            _log.info("%s again: handing the running jobs back", name)
            # Not here: it waits for the job's lock, and a signal handler must not wait.
            threading.Thread(target=self._service.crew.interrupt, name="hand-back", daemon=True).start()
        else:
            self.force_exit = True

    def _end(self) -> None:
        try:
            self._service.drain()
        finally:
            self.should_exit = True


def serve(settings: Settings) -> None:
    """Serve until a signal ends it. Raises `InvalidInput` if the address cannot be listened on."""
    with _listener(settings.host, settings.port) as door:
        log_to_stderr(settings.log_level)
        _take_all_files()
        _run(settings, door)
    _log.info("stopped")


def server_config(service: Service) -> uvicorn.Config:
    """How the application is served."""
    stall_s = service.settings.stream_stall_s
    return uvicorn.Config(
        create_app(service), log_config=None, access_log=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=GRACE_S, timeout_keep_alive=_KEEP_ALIVE_S, http=patient_http(stall_s),
        ws=patient_websockets(stall_s), ws_max_size=_MESSAGE_BYTES,
    )  # fmt: skip


def _run(settings: Settings, door: socket.socket) -> None:
    service = build(settings).service()
    metrics = MetricsDoor(settings.metrics_host, settings.metrics_port, service.metrics)
    with service, metrics, _wyoming(service):
        config = server_config(service)
        _log.info("listening on %s port %d", settings.host, settings.port)
        _say_who_may_come_in(service)
        say_if_there_is_no_studio()
        DrainingServer(config, service).run(sockets=[door])


def _wyoming(service: Service) -> AbstractContextManager[object]:
    """The port of Wyoming, if there shall be one."""
    if not service.settings.wyoming:
        return nullcontext()
    from entrypoints.wyoming.server import WyomingServer  # noqa: PLC0415 - an extra of its own

    return WyomingServer(service)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        door = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise InvalidInput(
            f"Cannot listen on {host} port {port} ({error.strerror or error}); "
            "choose others with VOICECORE_HOST and VOICECORE_PORT."
        ) from error
    # Accepted sockets inherit it. asyncio sets it only on sockets that name TCP as their protocol, which those of
    # `create_server` do not; without it every answer waits 40 ms for the client's delayed acknowledgement.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _take_all_files() -> None:
    """So that a thousand connections that say nothing, until they are cut, keep nobody else out."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def say_if_there_is_no_studio() -> None:
    """Into the log: who built the package without a network may not know yet."""
    if not is_built():
        _log.warning("this installation has no studio, the web page at /; all else works, and / says how to get it")


def _say_who_may_come_in(service: Service) -> None:
    settings = service.settings
    if settings.auth == "off":
        _log.warning(
            "VOICECORE_AUTH is off: whoever can reach %s port %d can use and delete everything",
            settings.host, settings.port,
        )  # fmt: skip
    elif not service.authenticate.configured:
        _log.warning("there are no API keys, so only programs on this machine may call: %s", HOW_TO_ADD)
