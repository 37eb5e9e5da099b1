"""`POST /voices/mix`: a new voice between others."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post

from entrypoints.http.documented import accepts, problems
from entrypoints.http.door import CLONE
from entrypoints.http.forms import read_body
from entrypoints.http.job_body import handling_of, language_of
from entrypoints.http.schemas import MixBody
from entrypoints.http.threads import blocking
from entrypoints.http.voice_answers import VoiceJobAccepted, accepted
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from voicecore.request import MixRequest, VoicePart


@post(
    "/mix", status_code=202, guards=[refuse_while_draining], needs=CLONE, operation_class=accepts(MixBody, forms=False),
    request_max_body_size=None, responses=problems(400, 404, 409, 413, 415, 429, 501, 503),
)  # fmt: skip
async def mix(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> Response[VoiceJobAccepted]:
    """Make a voice that lies between 2 to 8 enrolled voices and presets of one engine, nearer to those of more weight."""
    body = await read_body(request, MixBody, forms=False)
    wanted = MixRequest(
        name=body.name, language=language_of(body.language, "language"), description=body.description or "",
        engine=body.engine,
        parts=tuple(VoicePart(voice_id=each.voice_id, preset=each.preset, weight=each.weight) for each in body.parts),
    )  # fmt: skip
    handling = handling_of(body.priority, body.webhook_url)
    job = await blocking(service.submit_mix, wanted, handling=handling, caller=caller)
    return accepted(job, "The voices are being mixed.")
