"""One text that is spoken, whole or while it is written: each piece of it is a job that is followed."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from entrypoints.http.live import Followed
from entrypoints.http.live_room import LiveRoom, Seat
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.audio import Samples, pcm16_bytes, silence
from voicecore.errors import Draining, NothingHeard, TooLarge, VoiceChanged
from voicecore.job import JobId, SynthesisJob
from voicecore.request import SynthesisRequest, has_speech
from voicecore.text import IncrementalText, Segment
from voicecore.usecases.choose_voice import ChosenVoice

#: Pieces that are submitted at once: one is heard while the next is made.
_AHEAD = 2
#: Characters of a piece without the end of a sentence, and of all that is written as one text.
_LONGEST = 400
MAX_TEXT = 100_000
#: Of one `audio-chunk`: a sixth of a second at 24 kHz.
_SAMPLES = 4_096

Send = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one job speaks, and the silence behind it if something follows."""

    text: str
    pause_after_s: float = 0.0


class Speech:
    """A text: `whole`, or `write` and `end` while `play` runs.

    Attributes:
        waiting: pieces that were cut and not played to their end.
    """

    def __init__(self, service: Service, room: LiveRoom, caller: Caller, voice: ChosenVoice, *, written: bool) -> None:
        """`written`: whether it comes in portions, and its end is to be told."""
        self._service, self._room, self._caller, self._voice = service, room, caller, voice
        self._written = written
        self._in, self._pieces = anyio.create_memory_object_stream[Piece](math.inf)
        self._taker = IncrementalText(voice.language, _LONGEST)
        self._text = ""
        self._ahead = anyio.Semaphore(_AHEAD)
        self._followed: list[Followed] = []
        self._rate_hz = self._samples = 0
        self.waiting = 0

    # --- what is written ------------------------------------------------------------------------------------
    def whole(self, text: str) -> None:
        """All of it, as one job, which may refuse it."""
        self._put(Piece(text))
        self._in.close()

    async def write(self, portion: str) -> None:
        """Some more. Raises `TooLarge`, or `InvalidText`."""
        self._text += portion
        if len(self._text) > MAX_TEXT:
            raise TooLarge(f"More than {MAX_TEXT} characters came as one text; end it, and begin another one.")
        self._cut(await blocking(self._taker.feed, portion))

    def end(self) -> None:
        """Nothing more comes: the rest is spoken, too."""
        self._cut(self._taker.flush())
        self._in.close()

    def close(self) -> None:
        """Nothing of it is spoken any more. Idempotent."""
        self._in.close()
        self._pieces.close()

    def _cut(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            text = self._text[segment.start : segment.end]
            if has_speech(text):
                self._put(Piece(text, segment.pause_after_s))

    def _put(self, piece: Piece) -> None:
        self.waiting += 1
        self._in.send_nowait(piece)

    # --- what is made of it -----------------------------------------------------------------------------------
    async def play(self, send: Send) -> None:
        """Speak what is written, until its end. Raises `VoiceCoreError`, and what `send` does."""
        seat = Seat(self._room, self._service, self._caller)
        await seat.take()
        try:
            await self._played(send, seat)
        finally:
            with anyio.CancelScope(shield=True):
                for followed in self._followed:
                    await followed.leave()
                await seat.give_back()
        if self._rate_hz:
            await send(AudioStop(timestamp=self._now_ms()).event())
        if self._written:
            await send(SynthesizeStopped().event())

    async def _played(self, send: Send, seat: Seat) -> None:
        to_play, coming = anyio.create_memory_object_stream[tuple[Piece, Followed]](math.inf)
        failures: list[Exception] = []
        with to_play, coming:
            async with anyio.create_task_group() as tasks:

                async def guarded(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
                    """What fails is raised again, but not as one of a group."""
                    try:
                        await work(*arguments)
                    except Exception as error:  # noqa: BLE001 - see above
                        failures.append(error)
                        tasks.cancel_scope.cancel()

                tasks.start_soon(guarded, self._submit, to_play)
                await guarded(self._play, coming, send, seat)
        if failures:
            raise failures[0]

    async def _submit(self, to_play: MemoryObjectSendStream[tuple[Piece, Followed]]) -> None:
        with to_play:
            async for piece in self._pieces:
                await self._ahead.acquire()
                if self._service.draining:
                    raise Draining
                followed = await self._job(piece.text)
                self._followed.append(followed)
                to_play.send_nowait((piece, followed))

    async def _job(self, text: str) -> Followed:
        voice, service = self._voice, self._service

        def submit(job_id: JobId) -> SynthesisJob:
            request = SynthesisRequest(
                text=text, source_language=voice.language, mode=voice.mode, voice_preset=voice.preset,
                voice_id=voice.voice_id, engine=voice.engine, conversion=voice.conversion,
                # The answer is nothing but sound: there is no place to say that it has another voice than was asked for.
                conversion_required=voice.conversion is not None,
            )  # fmt: skip
            return service.submit_synthesis(request, job_id=job_id, caller=self._caller)

        return Followed(self._room.threads, await blocking(service.listen.submit, submit))

    # --- what is heard ----------------------------------------------------------------------------------------
    async def _play(
        self, coming: MemoryObjectReceiveStream[tuple[Piece, Followed]], send: Send, seat: Seat
    ) -> None:  # fmt: skip
        pause_s = 0.0
        async for piece, followed in coming:
            try:
                await self._spoken(followed, pause_s, send, seat)
            finally:
                await followed.leave()
                self._followed.remove(followed)
                self._ahead.release()
            pause_s = piece.pause_after_s
            self.waiting -= 1

    async def _spoken(self, followed: Followed, pause_s: float, send: Send, seat: Seat) -> None:
        deadline = anyio.current_time() + self._service.settings.stream_wait_s
        async for chunk in followed.chunks():
            await seat.keep()
            if chunk is None:
                if not followed.sample_rate_hz and anyio.current_time() > deadline:
                    raise NothingHeard
                continue
            if not self._rate_hz:
                self._rate_hz = chunk.sample_rate_hz
                await send(AudioStart(rate=self._rate_hz, width=2, channels=1, timestamp=0).event())
            if chunk.sample_rate_hz != self._rate_hz:
                raise VoiceChanged("The voice changed between two sentences (a conversion was given up): speak anew.")
            if chunk.start == 0:
                await self._sound(silence(pause_s, self._rate_hz), send)
            await self._sound(chunk.samples, send)

    async def _sound(self, samples: Samples, send: Send) -> None:
        for start in range(0, len(samples), _SAMPLES):
            part = samples[start : start + _SAMPLES]
            sound = AudioChunk(
                rate=self._rate_hz, width=2, channels=1, audio=pcm16_bytes(part), timestamp=self._now_ms()
            )
            await send(sound.event())
            self._samples += len(part)

    def _now_ms(self) -> int:
        return 1_000 * self._samples // self._rate_hz
