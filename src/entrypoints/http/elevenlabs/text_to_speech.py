"""`/v1/text-to-speech/{voice_id}` and `/stream`: a text, spoken. Each is a job."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, post
from litestar.params import FromPath

from entrypoints.http.documented import accepts, gives_stream
from entrypoints.http.door import SPEAK
from entrypoints.http.elevenlabs.dialect import faults
from entrypoints.http.elevenlabs.formats import LATENCY, LOGGING, OUTPUT
from entrypoints.http.elevenlabs.text_body import Speech, TextBody, speech_of
from entrypoints.http.forms import read_body
from entrypoints.http.live import Followed, audio_stream, submit_and_follow
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.threads import blocking
from entrypoints.http.warned import speech_headers
from entrypoints.http.whole_sound import whole_answer, whole_sound
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.job import JobId, SynthesisJob

FAULTS = faults(400, 404, 409, 413, 415, 429, 500, 501, 503)


@post(
    "/v1/text-to-speech/{voice_id:str}", needs=SPEAK, status_code=200, guards=[refuse_while_draining],
    operation_class=gives_stream(accepts(TextBody, forms=False)), responses=FAULTS,
)  # fmt: skip
async def convert(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Speak a text, and answer when all of it is spoken."""
    del enable_logging, optimize_streaming_latency
    followed, wanted = await spoken(request, service, caller, voice_id, output_format)
    headers = speech_headers(followed.job, wanted.notes)
    sound = await whole_sound(request, service, followed, wanted.output)
    return whole_answer(service, followed, sound, media_type=wanted.output.media_type, headers=headers)


@post(
    "/v1/text-to-speech/{voice_id:str}/stream", needs=SPEAK, status_code=200, guards=[refuse_while_draining],
    operation_class=gives_stream(accepts(TextBody, forms=False)), responses=FAULTS,
)  # fmt: skip
async def stream(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Speak a text. The first bytes leave as soon as there is sound; a client that leaves early cancels the job."""
    del enable_logging, optimize_streaming_latency
    followed, wanted = await spoken(request, service, caller, voice_id, output_format)
    headers = speech_headers(followed.job, wanted.notes)
    return await audio_stream(request, service, followed, wanted.output, headers=headers)


async def spoken(
    request: Request[Any, Any, Any], service: Service, caller: Caller, voice_id: str, output_format: str | None, *,
    word_times: bool = False,
) -> tuple[Followed, Speech]:  # fmt: skip
    """The job that the request asks for, submitted and followed; and what was asked for."""
    body = await read_body(request, TextBody, forms=False)
    wanted = await blocking(speech_of, service, caller, voice_id, body, output_format, word_times=word_times)

    def submit(job_id: JobId) -> SynthesisJob:
        return service.submit_synthesis(wanted.request, job_id=job_id, caller=caller)

    return await submit_and_follow(request, service, submit), wanted


HANDLERS = (convert, stream)
