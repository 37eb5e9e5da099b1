"""`/ws/speak`: text as it is typed, sound as it is made."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

import anyio
import msgspec
from litestar import Router, WebSocket, websocket

from entrypoints.http.door import SPEAK
from entrypoints.http.job_body import handling_of, to_request
from entrypoints.http.live import Followed
from entrypoints.http.live_room import Seat, live_room
from entrypoints.http.sentences import told_outside
from entrypoints.http.speak_messages import DEFECT, MAX_TEXT, NORMAL, Idle, NotText, Said, Start, close_code, read
from entrypoints.http.spoken_ahead import SpokenAhead
from entrypoints.http.threads import Pool, blocking
from entrypoints.http.wiring import Calling, Wired, refuse_while_draining
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.audio import silence
from voicecore.errors import Conflict, TooLarge, VoiceChanged, VoiceCoreError
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import LiveChunk, SoundStream
from voicecore.request import has_speech
from voicecore.text import IncrementalText, Segment

#: Characters of an utterance without the end of a sentence.
_LONGEST = 400
_log = logging.getLogger("voicecore.http")


class _Left(Exception):
    """The client is gone, or takes nothing more."""


@websocket("/ws/speak", guards=[refuse_while_draining], needs=SPEAK)
async def speak(socket: WebSocket[Any, Any, Any], service: Wired, caller: Calling) -> None:
    """Speak text while it is typed. docs/streaming.md has the messages."""
    await socket.accept()
    room, session = live_room(socket.app.state), None
    seat = Seat(room, service, caller)
    try:
        await seat.take()
    except VoiceCoreError as error:
        await _refuse(socket, service, error)
        return
    try:
        session = _Session(socket, service, room.threads, seat, caller)
        try:
            await session.run()
        finally:
            # Before the last word: a client with one place of its own may open the next socket at once.
            with anyio.CancelScope(shield=True):
                await seat.give_back()
    except _Left:
        _log.debug("a client left its socket")
    except VoiceCoreError as error:
        await _refuse(socket, service, error)
    except Exception:  # noqa: BLE001 - told to the client as nothing but a defect
        _log.exception("a speaking socket failed unexpectedly")
        await _close(socket, {"type": "error", "code": "internal_error", "detail": "The service failed."}, DEFECT)
    else:
        await _close(socket, {"type": "done", **session.summary()}, NORMAL)


async def _refuse(socket: WebSocket[Any, Any, Any], service: Service, error: VoiceCoreError) -> None:
    said = {"type": "error", "code": error.code, "detail": told_outside(service, error.message)}
    await _close(socket, said if error.field is None else {**said, "field": error.field}, close_code(error))


async def _close(socket: WebSocket[Any, Any, Any], last: dict[str, Any], code: int) -> None:
    """Say the last word. Of a client that is gone already nothing is expected."""
    with anyio.move_on_after(1.0):
        try:
            await socket.send_data(msgspec.json.encode(last).decode())
            await socket.close(code=code)
        except Exception:  # noqa: BLE001 - servers differ in what they raise for a socket that is closed
            _log.debug("a socket was closed before its last word")


class _Session:
    """One socket: a task reads, and what it read is spoken ahead."""

    def __init__(
        self, socket: WebSocket[Any, Any, Any], service: Service, threads: Pool, seat: Seat, caller: Caller
    ) -> None:
        self._socket, self._service, self._threads, self._caller = socket, service, threads, caller
        self._start: Start
        self._text = ""
        self._pause_s = 0.0
        self._ahead = SpokenAhead(service, threads, seat, self._job)
        self._stream: SoundStream | None = None
        self._rate_hz = self._samples = 0
        self._jobs: list[str] = []

    def summary(self) -> dict[str, Any]:
        """What was spoken."""
        return {"job_ids": self._jobs, "duration_s": self._seconds(), "characters": len(self._text)}

    async def run(self) -> None:
        """Until the client says `end` and has heard all of it. Raises what ends the socket before."""
        try:
            first = await self._message()
            if not isinstance(first, Start):
                raise Conflict("The first message must be of type 'start'.")
            self._start = first
            await self._say({"type": "started", "format": first.output.kind.value})
            await self._ahead.run(self._spoken, self._watch, keep=first.keep)
        finally:
            self._ahead.close()
        if self._stream is not None:
            await self._sound(await blocking(self._stream.finish))

    # --- what the client says -----------------------------------------------------------------------------
    async def _message(self) -> Start | Said:
        idle_s = self._service.settings.socket_idle_s
        while True:
            with anyio.move_on_after(idle_s):
                event: dict[str, Any] = dict(await self._socket.receive())
                if event["type"] == "websocket.disconnect":
                    raise _Left
                if event.get("text") is None:
                    raise NotText
                return read(event["text"])
            if not self._ahead.waiting:
                raise Idle(f"No message came for {idle_s:g} s while there was nothing to speak; open a new socket.")

    async def _watch(self) -> None:
        """Takes the text in until its end, and sees the client leave."""
        taker = IncrementalText(self._start.language, _LONGEST)
        while True:
            said = await self._message()
            if isinstance(said, Start):
                raise Conflict("This socket was started already; open another one for other settings.")
            self._text += said.text
            if len(self._text) > MAX_TEXT:
                raise TooLarge(f"More than {MAX_TEXT} characters came on one socket; open a new one.")
            pieces = await blocking(taker.feed, said.text) if said.kind == "text" else taker.flush()
            for piece in pieces:
                if has_speech(piece.text):
                    self._ahead.put(piece)
            if said.kind == "end":
                break
        self._ahead.end()
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            pass  # what is said after the end is not heard
        raise _Left

    # --- what is made of it -----------------------------------------------------------------------------------
    def _job(self, piece: Segment, job_id: JobId) -> SynthesisJob:
        body = msgspec.structs.replace(self._start.body, text=self._text[piece.start : piece.end])
        handling = handling_of(body.priority, body.webhook_url)
        return self._service.submit_synthesis(to_request(body), handling=handling, caller=self._caller, job_id=job_id)

    async def _spoken(self, piece: Segment, followed: Followed) -> None:
        self._jobs.append(followed.job.id)
        began = 0.0
        async for chunk in self._ahead.chunks(followed):
            if chunk.start == 0:
                await self._encode(followed, chunk, silent_s=self._pause_s)
                began = self._seconds()
                await self._say({
                    "type": "utterance", "job_id": followed.job.id, "start": piece.start, "end": piece.end,
                    "start_s": began, "sample_rate_hz": self._rate_hz,
                })  # fmt: skip
            await self._encode(followed, chunk)
            await self._segments(piece, followed, began)
        await self._segments(piece, followed, began)
        self._pause_s = piece.pause_after_s

    async def _encode(self, followed: Followed, chunk: LiveChunk, *, silent_s: float | None = None) -> None:
        if self._stream is None:
            self._rate_hz = chunk.sample_rate_hz
            # One stream, several jobs: its header names the first.
            self._stream = self._service.sound_stream(followed.job, self._rate_hz, self._start.output)
        if chunk.sample_rate_hz != self._rate_hz:
            raise VoiceChanged(
                "The voice changed between two utterances (a conversion was given up): speak the rest anew."
            )
        samples = chunk.samples if silent_s is None else silence(silent_s, self._rate_hz)
        self._samples += len(samples)
        await self._sound(await self._threads.run(self._stream.encode, samples))

    async def _segments(self, piece: Segment, followed: Followed, began_s: float) -> None:
        """Places in the whole text, and seconds in the whole sound."""
        for segment in await followed.ended_segments():
            await self._say({
                "type": "segment", **asdict(segment), "job_id": followed.job.id,
                "start": piece.start + segment.start, "end": piece.start + segment.end,
                "start_s": round(began_s + segment.start_s, 4), "end_s": round(began_s + segment.end_s, 4),
            })  # fmt: skip

    def _seconds(self) -> float:
        return round(self._samples / self._rate_hz, 4) if self._rate_hz else 0.0

    # --- what is sent -------------------------------------------------------------------------------------------
    async def _say(self, message: dict[str, Any]) -> None:
        await self._send(msgspec.json.encode(message).decode())

    async def _sound(self, data: bytes) -> None:
        if data:
            await self._send(data)

    async def _send(self, data: str | bytes) -> None:
        stall_s = self._service.settings.stream_stall_s
        with anyio.move_on_after(stall_s):
            try:
                await self._socket.send_data(data, mode="text" if isinstance(data, str) else "binary")
            except Exception as error:
                raise _Left from error  # servers differ in what they raise for a socket that is closed
            return
        _log.info("a socket's client took nothing for %g s and is dropped", stall_s)
        raise _Left


router = Router("/", route_handlers=[speak], tags=["streams"])
