"""The HTTP contract as the command line speaks it: to a running service, or to the same application in this process."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast

import httpx

from entrypoints.cli.exits import Exit, ServiceFailed, Unreachable, exit_code_of
from entrypoints.cli.extras import needs_extra
from entrypoints.settings import Settings, load
from voicecore.errors import InvalidInput, StorageUnavailable

T = TypeVar("T")
Answer = dict[str, Any]
Headers = dict[str, str]

#: Long enough for the service to decode an upload; a job itself is polled, so nothing waits for it.
_TIMEOUT = httpx.Timeout(120.0, connect=5.0)


class Cut(ServiceFailed):
    """An answer that ended before its end.

    Attributes:
        headers: of what came of it.
    """

    def __init__(self, headers: Headers) -> None:
        super().__init__("The service cut the answer before its end.", code="cut", exit_code=Exit.FAILED)
        self.headers = headers


class ServiceClient:
    """Sends requests and reads answers. Made by `connect`; not thread-safe."""

    def __init__(self, http: httpx.AsyncClient, loop: asyncio.Runner, *, where: str) -> None:
        self._http, self._loop, self._where = http, loop, where

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """The JSON answer; `request` as `httpx.AsyncClient.request` takes it.

        Raises:
            ServiceFailed: if the service answers with an error.
            Unreachable: if it does not answer.
        """
        response = self._run(lambda: self._http.request(method, path, **request))
        _check(response)
        try:
            answer = response.json()
        except ValueError as error:
            raise self._not_ours() from error
        if not isinstance(answer, dict):
            raise self._not_ours()
        return answer

    def download(self, path: str, write: Callable[[bytes], object], **request: Any) -> None:
        """Hand the body of an answer to `write`, piece by piece. Raises as `call` does."""
        self.stream("GET", path, write, **request)

    def stream(self, method: str, path: str, write: Callable[[bytes], object], **request: Any) -> Headers:
        """As `download`, of an answer that may be cut before its end; its headers, names in small letters.

        Raises:
            Cut: if it was, with what is known of it.
        """
        headers: Headers = {}

        async def receive() -> None:
            async with self._http.stream(method, path, **request) as response:
                if response.is_error:
                    await response.aread()
                _check(response)
                headers.update(response.headers)
                async for piece in response.aiter_bytes():
                    write(piece)

        try:
            self._run(receive)
        except Unreachable as error:
            if headers:
                raise Cut(headers) from error
            raise
        return headers

    def pause(self, seconds: float) -> None:
        """Wait, and let the service in this process go on."""
        self._run(lambda: asyncio.sleep(seconds))

    def _run(self, request: Callable[[], Awaitable[T]]) -> T:
        async def awaited() -> T:
            return await request()

        try:
            return self._loop.run(awaited())
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise InvalidInput(
                f"{self._where!r} is not the address of a service; give one such as http://127.0.0.1:8004."
            ) from error
        except httpx.TimeoutException as error:
            raise Unreachable(f"The service at {self._where} does not answer in time; is it overloaded?") from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(
                f"There is no service at {self._where} ({reason}); start one with 'voicecore serve', or leave --url out."
            ) from error

    def _not_ours(self) -> ServiceFailed:
        return ServiceFailed(
            f"What answers at {self._where} is not voicecore; check --url.", code="not_voicecore", exit_code=Exit.FAILED
        )


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        problem = response.json()
        message, code = str(problem["error"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        message, code = (
            f"The service answered {response.status_code} {response.reason_phrase}.",
            f"http_{response.status_code}",
        )
    if response.status_code == 401:
        message = f"{message} This command sends that of VOICECORE_API_KEY."
    raise ServiceFailed(message, code=code, exit_code=exit_code_of(code, response.status_code))


@contextmanager
def connect(url: str | None, *, works: bool = False) -> Iterator[ServiceClient]:
    """A client of the service at `url`, or of one that lives in this process as long as the context.

    Args:
        works: whether the one in this process shall also run jobs; without, it only looks things up.

    Raises:
        MissingDependency: without a url, if the service's packages are not installed.
        StorageUnavailable: without a url, if another process owns the data folder.
    """
    with ExitStack() as stack:
        loop = stack.enter_context(asyncio.Runner())
        if url is None:
            transport: httpx.AsyncBaseTransport | None = stack.enter_context(_in_process(works=works))
            base, where = "http://in-process", "this process"
        else:
            transport, base, where = None, url, url
        try:
            http = httpx.AsyncClient(base_url=base, transport=transport, timeout=_TIMEOUT, headers=_key_header(url))
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{url!r} is not the address of a service ({error}).") from error
        stack.callback(lambda: loop.run(http.aclose()))
        yield ServiceClient(http, loop, where=where)


def _key_header(url: str | None) -> dict[str, str]:
    """The key of VOICECORE_API_KEY, for a service; what lives in this process is its owner's. It is in no process list."""
    key = os.environ.get("VOICECORE_API_KEY", "").strip()
    if url is None or not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise InvalidInput("VOICECORE_API_KEY is no API key; it begins with vk_.")
    return {"X-API-Key": key}


@contextmanager
def _in_process(*, works: bool) -> Iterator[httpx.AsyncBaseTransport]:
    settings = load()
    # Errors reach the user as one sentence; the service's log would say them a second time.
    logging.getLogger("voicecore").addHandler(logging.NullHandler())
    with needs_extra("service", "This command"):
        from entrypoints.container import build  # noqa: PLC0415 - loads the whole service
        from entrypoints.http.app import create_app  # noqa: PLC0415
    try:
        service = build(settings).service()
    except StorageUnavailable as error:
        raise _with_hint(error, settings) from error
    try:
        if works:
            service.open()
        yield httpx.ASGITransport(
            cast("Any", create_app(service, trusted=True))
        )  # their types of the same protocol differ
    finally:
        service.close()


def _with_hint(error: StorageUnavailable, settings: Settings) -> StorageUnavailable:
    if type(error) is not StorageUnavailable:
        return error
    return StorageUnavailable(
        f"{error.message} If that is a running service, talk to it: --url http://{settings.host}:{settings.port}"
    )
