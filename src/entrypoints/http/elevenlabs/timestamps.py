"""`/with-timestamps` and `/stream/with-timestamps`: the sound in base64, and when each character is heard."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath

from entrypoints.http.documented import accepts, gives_json
from entrypoints.http.door import SPEAK
from entrypoints.http.elevenlabs.formats import LATENCY, LOGGING, OUTPUT
from entrypoints.http.elevenlabs.text_body import TextBody
from entrypoints.http.elevenlabs.text_to_speech import FAULTS, spoken
from entrypoints.http.live import Followed, live_headers
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.threads import blocking
from entrypoints.http.warned import speech_headers
from entrypoints.http.whole_sound import WholeSound, whole_sound
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.ports import SoundStream
from voicecore.timed_text import TimedSegment, TimedText

JSON, LINES = "application/json", "application/x-ndjson"
#: Of seconds: a tenth of a millisecond.
_DIGITS = 4


class Alignment(msgspec.Struct, kw_only=True):
    """Characters, and when each begins and ends, in seconds from the beginning of the sound: three lists of one length."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class TimedAudio(msgspec.Struct, kw_only=True):
    """Sound in base64, and the characters that are heard in it. `normalized_alignment` is the same as `alignment`: what is spoken
    is told by the characters that were written.
    """

    audio_base64: bytes
    alignment: Alignment | None
    normalized_alignment: Alignment | None


@post(
    "/v1/text-to-speech/{voice_id:str}/with-timestamps", needs=SPEAK, status_code=200, guards=[refuse_while_draining],
    operation_class=gives_json(TimedAudio, JSON, accepts(TextBody, forms=False)), responses=FAULTS,
)  # fmt: skip
async def whole(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Speak a text, and answer when all of it is spoken, with the times of its characters."""
    del enable_logging, optimize_streaming_latency
    followed, wanted = await spoken(request, service, caller, voice_id, output_format, word_times=True)
    headers = speech_headers(followed.job, wanted.notes)
    sound = await whole_sound(request, service, followed, wanted.output)
    try:
        timed = await blocking(service.timed_text, followed.job)
    except BaseException:
        await sound.close()
        raise
    return LiveAnswer(
        _document(sound, timed), sound.close, stall_s=service.settings.stream_stall_s, media_type=JSON,
        headers=live_headers(followed, sound.sample_rate_hz) | headers,
    )  # fmt: skip


async def _document(sound: WholeSound, timed: TimedText) -> AsyncGenerator[bytes]:
    """A `TimedAudio`, written as it is read."""
    yield b'{"audio_base64":"'
    async for piece in sound.pieces():
        yield base64.b64encode(piece)
    said = msgspec.json.encode(_alignment(timed.text, *timed.characters()))
    yield b'","alignment":' + said + b',"normalized_alignment":' + said + b"}"


@post(
    "/v1/text-to-speech/{voice_id:str}/stream/with-timestamps", needs=SPEAK, status_code=200,
    guards=[refuse_while_draining], operation_class=gives_json(TimedAudio, LINES, accepts(TextBody, forms=False)),
    responses=FAULTS,
)  # fmt: skip
async def stream(
    request: Request[Any, Any, Any], service: Wired, caller: Calling, voice_id: FromPath[str],
    output_format: Annotated[str | None, OUTPUT] = None,
    enable_logging: Annotated[bool, LOGGING] = True,
    optimize_streaming_latency: Annotated[int | None, LATENCY] = None,
) -> LiveAnswer:  # fmt: skip
    """Speak a text, and answer with a JSON on each line while it is spoken: some of the sound, and the characters of each segment
    whose end is in it. A client that leaves early cancels the job.
    """
    del enable_logging, optimize_streaming_latency
    followed, wanted = await spoken(request, service, caller, voice_id, output_format, word_times=True)
    headers = speech_headers(followed.job, wanted.notes)
    try:
        await followed.wait_for_sound(request, service.settings.stream_wait_s)
        sound = service.sound_stream(followed.job, followed.sample_rate_hz, wanted.output)
    except BaseException:
        await followed.leave()
        raise
    return LiveAnswer(
        _lines(service, followed, sound, wanted.request.text), followed.leave, stall_s=service.settings.stream_stall_s,
        media_type=LINES, headers=live_headers(followed, sound.sample_rate_hz) | headers,
    )  # fmt: skip


async def _lines(service: Service, followed: Followed, sound: SoundStream, text: str) -> AsyncGenerator[bytes]:
    told = 0
    async for chunk in followed.chunks():
        if chunk is None:
            continue
        data = await followed.encoded(sound, chunk)
        segments = await followed.timed_segments(text)
        told += len(segments)
        if data or segments:
            yield _line(data, segments, text)
    data = await followed.encoded(sound, None)
    # What was not told yet lies in the manifest, with its words.
    rest = (await blocking(service.timed_text, followed.job)).segments[told:]
    if data or rest:
        yield _line(data, rest, text)


def _line(data: bytes, segments: Sequence[TimedSegment], text: str) -> bytes:
    said = _of_segments(segments, text) if segments else None
    return msgspec.json.encode(TimedAudio(audio_base64=data, alignment=said, normalized_alignment=said)) + b"\n"


def _of_segments(segments: Sequence[TimedSegment], text: str) -> Alignment:
    starts: list[float] = []
    ends: list[float] = []
    for each in segments:
        begun, done = each.characters(text)
        starts += begun
        ends += done
    return _alignment(text[segments[0].start : segments[-1].end], starts, ends)


def _alignment(text: str, starts: Sequence[float], ends: Sequence[float]) -> Alignment:
    return Alignment(
        characters=list(text), character_start_times_seconds=[round(each, _DIGITS) for each in starts],
        character_end_times_seconds=[round(each, _DIGITS) for each in ends],
    )  # fmt: skip


HANDLERS = (whole, stream)
