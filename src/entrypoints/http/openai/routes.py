"""All routes of the dialect."""

from __future__ import annotations

from litestar import Router

from entrypoints.http.openai import models, voices

router = Router("/v1", route_handlers=[*models.HANDLERS, *voices.HANDLERS], tags=["openai"])
