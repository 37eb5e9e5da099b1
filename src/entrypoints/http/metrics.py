"""`GET /metrics`: what Prometheus reads."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get

from entrypoints.http.door import ADMIN
from entrypoints.http.wiring import Wired


# Whoever may not administer has no business here.
@get("/metrics", needs=ADMIN, sync_to_thread=True, include_in_schema=False)
def metrics(request: Request[Any, Any, Any], service: Wired) -> Response[bytes]:
    """The numbers of this process, in OpenMetrics' text if `Accept` asks for it, else in Prometheus' own."""
    body, media_type = service.metrics(request.headers.get("accept", ""))
    return Response(body, media_type=media_type)


router = Router("/", route_handlers=[metrics], tags=["health"])
