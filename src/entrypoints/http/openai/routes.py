"""All routes of the dialect."""

from __future__ import annotations

from litestar import Router

from entrypoints.http.door import ANY_KEY
from entrypoints.http.openai import consents, models, samples, speech, voices

router = Router(
    "/v1",
    route_handlers=[*speech.HANDLERS, *models.HANDLERS, *voices.HANDLERS, *samples.HANDLERS, *consents.HANDLERS],
    tags=["openai"],
    opt={"needs": ANY_KEY},
)
