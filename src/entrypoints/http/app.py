"""The Litestar application over a `Service`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig

from entrypoints.http import (
    admin,
    consents,
    downloads,
    engines,
    health,
    job_events,
    jobs,
    metrics,
    profiles,
    rvc,
    speak_socket,
    streams,
    voices,
)
from entrypoints.http.forms import MAX_BODY_BYTES
from entrypoints.http.headers import add_headers
from entrypoints.http.live import LiveRoom
from entrypoints.http.observed import ObservedApp
from entrypoints.http.openai import routes as openai_routes
from entrypoints.http.problems import on_http_error, on_unexpected, on_voicecore_error
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from voicecore import __version__
from voicecore.access import NOBODY
from voicecore.errors import VoiceCoreError

#: For synchronous routes, which mostly wait for the store.
_THREADS = 24
_ROUTES = (
    jobs, job_events, downloads, streams, speak_socket, voices, consents, engines, profiles, rvc, admin, health,
    metrics, openai_routes,
)  # fmt: skip


def create_app(service: Service, *, owns_service: bool = False) -> Litestar:
    """The application. The caller opens and closes the service, unless the app `owns_service`: then its lifespan does."""
    return ObservedApp(
        route_handlers=[each.router for each in _ROUTES],
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "caller": Provide(lambda: NOBODY, sync_to_thread=False),
        },
        state=State({
            "service": service, "live_room": LiveRoom(service.settings.max_streams),
            "job_watching": job_events.watching(service),
        }),
        on_startup=[_roomy_executor],
        lifespan=[_owning(service)] if owns_service else [],
        before_send=[add_headers],
        exception_handlers={
            VoiceCoreError: on_voicecore_error,
            HTTPException: on_http_error,
            Exception: on_unexpected,
        },
        openapi_config=OpenAPIConfig(
            title="voicecore", version=__version__, description="Text to speech and voice cloning.",
            use_handler_docstrings=True, path="/schema",
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        debug=False,
    )  # fmt: skip


async def _roomy_executor() -> None:
    """Synchronous routes run in the loop's default executor, which on two cores would have six threads."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "voicecore-http"))


def _owning(service: Service) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await blocking(service.open)
        try:
            yield
        finally:
            await blocking(service.close)

    return lifespan
