"""`POST /v1/audio/speech`: the sound, or events with the sound in them, while it is made. Each speech is a job."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import msgspec
from litestar import Request, post

from entrypoints.http.documented import accepts, gives_stream
from entrypoints.http.door import SPEAK
from entrypoints.http.forms import read_body
from entrypoints.http.live import Followed, audio_stream, event_stream, submit_and_follow
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.openai.dialect import Fault, fault, faults
from entrypoints.http.openai.speech_body import Speech, SpeechBody, speech_of
from entrypoints.http.problems import status_of
from entrypoints.http.sentences import told_outside
from entrypoints.http.sse import PING, PING_EVERY_S
from entrypoints.http.threads import blocking
from entrypoints.http.warned import speech_headers
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.errors import VoiceCoreError
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import SoundStream

#: Nothing here is made of tokens. What `usage` counts instead: characters of the text, and pieces of sound of this length,
#: so that what counts OpenAI's tokens sees numbers of a like size.
OUTPUT_TOKEN_S = 0.05


class Usage(msgspec.Struct, kw_only=True):
    """`input_tokens`: characters of the text. `output_tokens`: begun twentieths of a second of sound."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class Delta(msgspec.Struct, tag="speech.audio.delta", kw_only=True):
    """A piece of the sound, in base64."""

    audio: bytes


class Done(msgspec.Struct, tag="speech.audio.done", kw_only=True):
    """All of the sound was sent."""

    usage: Usage


class Failed(msgspec.Struct, tag="speech.audio.error", kw_only=True):
    """There is no more of it; what was sent is not the whole."""

    error: Fault


@post(
    "/audio/speech", needs=SPEAK, status_code=200, guards=[refuse_while_draining],
    operation_class=gives_stream(accepts(SpeechBody, forms=False)),
    responses=faults(400, 404, 409, 413, 415, 429, 500, 501, 503),
)  # fmt: skip
async def speech(request: Request[Any, Any, Any], service: Wired, caller: Calling) -> LiveAnswer:
    """Speak a text. The first bytes leave as soon as there is sound; a client that leaves early cancels the job."""
    body = await read_body(request, SpeechBody, forms=False)
    wanted = await blocking(speech_of, service, caller, body)

    def submit(job_id: JobId) -> SynthesisJob:
        return service.submit_synthesis(wanted.request, job_id=job_id, caller=caller)

    followed = await submit_and_follow(request, service, submit)
    headers = speech_headers(followed.job, wanted.notes)
    if wanted.events:
        return await _events(request, service, followed, wanted, headers)
    return await audio_stream(request, service, followed, wanted.output, headers=headers)


async def _events(
    request: Request[Any, Any, Any], service: Service, followed: Followed, wanted: Speech, headers: dict[str, str]
) -> LiveAnswer:
    try:
        # What fails before it is refused with a status, as without events.
        await followed.wait_for_sound(request, service.settings.stream_wait_s)
        stream = service.sound_stream(followed.job, followed.sample_rate_hz, wanted.output)
    except BaseException:
        await followed.leave()
        raise
    return event_stream(service, followed, _told(service, followed, stream, wanted), headers=headers)


async def _told(service: Service, followed: Followed, stream: SoundStream, wanted: Speech) -> AsyncGenerator[bytes]:
    spoken_s, said_at = 0.0, anyio.current_time()
    try:
        async for chunk in followed.chunks():
            now = anyio.current_time()
            if chunk is not None:
                spoken_s += len(chunk.samples) / chunk.sample_rate_hz
                if data := await followed.encoded(stream, chunk):
                    said_at = now
                    yield _event(Delta(audio=data))
            elif now - said_at >= PING_EVERY_S:
                said_at = now
                yield PING
        if data := await followed.encoded(stream, None):
            yield _event(Delta(audio=data))
        yield _event(Done(usage=usage_of(wanted.request.text, spoken_s)))
    except VoiceCoreError as error:
        yield _event(
            Failed(error=fault(status_of(error), error.code, told_outside(service, error.message), error.field))
        )


def usage_of(text: str, spoken_s: float) -> Usage:
    """What a speech of this text took."""
    # The sum of the chunks' lengths is a little off by its floating point.
    output = math.ceil(round(spoken_s / OUTPUT_TOKEN_S, 6))
    return Usage(input_tokens=len(text), output_tokens=output, total_tokens=len(text) + output)


def _event(data: Delta | Done | Failed) -> bytes:
    """Without a line `event:`, as OpenAI sends it: the data have their type in them."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


HANDLERS = (speech,)
