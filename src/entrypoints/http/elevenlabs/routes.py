"""All routes of the dialect, but `/v1/models`, which it shares with OpenAI's."""

from __future__ import annotations

from litestar import Router

from entrypoints.http.door import ANY_KEY
from entrypoints.http.elevenlabs import cloning, speech_to_speech, subscription, text_to_speech, timestamps, voices

router = Router(
    "/",
    route_handlers=[
        *text_to_speech.HANDLERS, *timestamps.HANDLERS, *speech_to_speech.HANDLERS, *voices.HANDLERS, *cloning.HANDLERS,
        *subscription.HANDLERS,
    ],
    tags=["elevenlabs"],
    opt={"needs": ANY_KEY},
)  # fmt: skip
