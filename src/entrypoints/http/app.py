"""The Litestar application over a `Service`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components
from litestar.types import Scope

from entrypoints.http import (
    admin,
    consents,
    detection,
    downloads,
    engines,
    health,
    job_events,
    jobs,
    jobs_news,
    keys,
    metrics,
    profiles,
    rvc,
    speak_socket,
    streams,
    studio,
    subtitles,
    text_segments,
    voices,
)
from entrypoints.http.cors import cors_of
from entrypoints.http.documented import KEY_SCHEMES, KEY_SECURITY
from entrypoints.http.door import OPEN, caller_of, door
from entrypoints.http.elevenlabs import routes as elevenlabs_routes
from entrypoints.http.forms import MAX_BODY_BYTES
from entrypoints.http.headers import add_headers
from entrypoints.http.live_room import LiveRoom
from entrypoints.http.observed import ObservedApp
from entrypoints.http.openai import routes as openai_routes
from entrypoints.http.problems import on_http_error, on_unexpected, on_voicecore_error
from entrypoints.http.route_rules import rules_of
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from voicecore import __version__
from voicecore.access import Caller
from voicecore.errors import VoiceCoreError
from voicecore.usecases.limits_of import WATCHES_PER_STREAM

#: For synchronous routes, which mostly wait for the store.
_THREADS = 24
_ROUTES = (
    jobs, job_events, jobs_news, downloads, subtitles, streams, speak_socket, voices, consents, detection, engines,
    profiles, rvc, admin, keys, health, metrics, openai_routes, elevenlabs_routes, studio, text_segments,
)  # fmt: skip


def create_app(service: Service, *, owns_service: bool = False, trusted: bool = False) -> Litestar:
    """The application.

    Args:
        owns_service: whether its lifespan opens and closes the service; else the caller does.
        trusted: whether nobody but the owner of this process can reach it, so that nobody is asked for a key.
    """
    app = ObservedApp(
        route_handlers=[each.router for each in _ROUTES],
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
        },
        guards=[door],
        state=State({
            "service": service, "trusted": trusted, "live_room": LiveRoom(service.settings.max_streams),
            "watchers_room": LiveRoom(WATCHES_PER_STREAM * service.settings.max_streams, "watches of jobs"),
            "job_watching": job_events.watching(service), "jobs_news": jobs_news.JobsNews(),
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
            use_handler_docstrings=True, render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/schema", route_handlers=[], opt={"needs": OPEN}, include_in_schema=False),
            components=Components(security_schemes=KEY_SCHEMES), security=KEY_SECURITY,
        ),
        request_max_body_size=MAX_BODY_BYTES,
        cors_config=cors_of(service.settings.cors_origins),
        logging_config=None,
        debug=False,
    )  # fmt: skip
    app.state.route_rules = rules_of(app.routes)
    return app


def _caller(scope: Scope) -> Caller:
    return caller_of(scope)


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
