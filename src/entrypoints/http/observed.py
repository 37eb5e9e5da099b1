"""The application with eyes on it: each request is counted, timed, traced, and told in the log by its route's template.

It stands before the framework, so that it also sees what no route answers, and the end of an answer that streams. What the
client wrote (path, query, headers, method) is not told: only the template, and words of closed sets.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final, cast

from litestar import Litestar
from litestar.types import (
    HTTPResponseStartEvent,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)

from entrypoints.http.headers import request_id
from voicecore import measures
from voicecore.log_lines import belonging_to
from voicecore.observer import Observer
from voicecore.ports import Span
from voicecore.traceparent import traceparent_of
from voicecore.unwatched import NO_SPAN

#: Asked every few seconds by machines: told in the log when it is debugged, and never traced.
_PROBES: Final = frozenset({"/live", "/ready", "/health", "/metrics"})
_METHODS: Final = measures.REQUESTS.labels[0].values
_JOB_ID: Final = re.compile(r"job_[a-z0-9]{20}")
#: The route of a request that has none.
UNMATCHED: Final = "unmatched"
_log = logging.getLogger("voicecore.http")


class ObservedApp(Litestar):
    """A Litestar application whose requests are told to the `Observer` of its service."""

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """The ASGI entry point."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope.setdefault("state", {})
        with belonging_to(request_id=request_id(scope)):
            # A request's scope comes with a request's channels.
            await self._observed(_Seen(scope, cast("Send", send)), cast("Receive", receive))

    async def _observed(self, seen: _Seen, receive: Receive) -> None:
        observer: Observer = self.state.service.observer
        scope = seen.scope
        if scope["path"] in _PROBES:
            try:
                await super().__call__(scope, receive, seen.send)
            finally:
                self._tell(observer, seen, NO_SPAN)
            return
        with observer.tracer.span("request", parent=_traceparent(scope), method=seen.method) as span:
            try:
                await super().__call__(scope, receive, seen.send)
            finally:
                self._tell(observer, seen, span)

    def _tell(self, observer: Observer, seen: _Seen, span: Span) -> None:
        took_s, method, route, status = time.monotonic() - seen.began, seen.method, seen.route, seen.status
        observer.meter.count(measures.REQUESTS, method=method, route=route, status=str(status))
        observer.meter.observe(measures.REQUEST_DURATION, took_s, method=method, route=route)
        span.note(route=route, status=status)
        if status >= 500:
            span.fail(str(status))
        fields: dict[str, Any] = {"method": method, "route": route, "status": status, "duration_s": round(took_s, 4)}
        job_id = str(seen.scope.get("path_params", {}).get("job_id", ""))
        if _JOB_ID.fullmatch(job_id):
            fields["job_id"] = job_id
        level = logging.DEBUG if seen.scope["path"] in _PROBES else logging.INFO
        _log.log(level, "request answered", extra={"fields": fields})


@dataclass(slots=True)
class _Seen:
    """What is seen of one request."""

    scope: Scope
    sending: Send
    began: float = field(default_factory=time.monotonic)
    #: If nothing is sent: the connection ended before an answer, or the framework failed.
    status: int = 500

    @property
    def method(self) -> str:
        method = str(self.scope.get("method", "WEBSOCKET"))
        return method if method in _METHODS else measures.OTHER

    @property
    def route(self) -> str:
        return str(self.scope.get("path_template") or UNMATCHED)

    async def send(self, message: Message) -> None:
        """Pass it on."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = cast("HTTPResponseStartEvent", message)["status"]
            case "websocket.accept":
                self.status = 101
            case "websocket.close" if self.status != 101:
                self.status = 403
        await self.sending(message)


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return traceparent_of(value.decode("latin-1"))
    return None
