"""One text that is spoken, whole or while it is written: each piece of it is a job that is followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

import anyio
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from entrypoints.http.live import Followed
from entrypoints.http.live_room import LiveRoom, Seat
from entrypoints.http.spoken_ahead import SpokenAhead
from entrypoints.http.threads import blocking
from entrypoints.service import Service
from voicecore.access import Caller
from voicecore.audio import Samples, pcm16_bytes, silence
from voicecore.errors import TooLarge, VoiceChanged
from voicecore.job import JobId, SynthesisJob
from voicecore.request import SynthesisRequest, has_speech
from voicecore.text import IncrementalText, Segment
from voicecore.usecases.choose_voice import ChosenVoice

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
    """A text: `whole`, or `write` and `end` while `play` runs."""

    def __init__(self, service: Service, room: LiveRoom, caller: Caller, voice: ChosenVoice, *, written: bool) -> None:
        """`written`: whether it comes in portions, and its end is to be told."""
        self._service, self._caller, self._voice, self._written = service, caller, voice, written
        self._seat = Seat(room, service, caller)
        self._ahead = SpokenAhead(service, room.threads, self._seat, self._job)
        self._taker = IncrementalText(voice.language, _LONGEST)
        self._text = ""
        self._pause_s = 0.0
        self._rate_hz = self._samples = 0

    @property
    def waiting(self) -> int:
        """Pieces that were cut and not played to their end."""
        return self._ahead.waiting

    # --- what is written ------------------------------------------------------------------------------------
    def whole(self, text: str) -> None:
        """All of it, as one job, which may refuse it."""
        self._ahead.put(Piece(text))
        self._ahead.end()

    async def write(self, portion: str) -> None:
        """Some more. Raises `TooLarge`, or `InvalidText`."""
        self._text += portion
        if len(self._text) > MAX_TEXT:
            raise TooLarge(f"More than {MAX_TEXT} characters came as one text; end it, and begin another one.")
        self._cut(await blocking(self._taker.feed, portion))

    def end(self) -> None:
        """Nothing more comes: the rest is spoken, too."""
        self._cut(self._taker.flush())
        self._ahead.end()

    def close(self) -> None:
        """Nothing of it is spoken any more. Idempotent."""
        self._ahead.close()

    def _cut(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            text = self._text[segment.start : segment.end]
            if has_speech(text):
                self._ahead.put(Piece(text, segment.pause_after_s))

    # --- what is made of it -----------------------------------------------------------------------------------
    async def play(self, send: Send) -> None:
        """Speak what is written, until its end. Raises `VoiceCoreError`, and what `send` does."""
        await self._seat.take()
        try:
            await self._ahead.run(partial(self._spoken, send))
        finally:
            with anyio.CancelScope(shield=True):
                await self._seat.give_back()
        if self._rate_hz:
            await send(AudioStop(timestamp=self._now_ms()).event())
        if self._written:
            await send(SynthesizeStopped().event())

    def _job(self, piece: Piece, job_id: JobId) -> SynthesisJob:
        voice = self._voice
        request = SynthesisRequest(
            text=piece.text, source_language=voice.language, mode=voice.mode, voice_preset=voice.preset,
            voice_id=voice.voice_id, engine=voice.engine, conversion=voice.conversion,
            # The answer is nothing but sound: there is no place to say that it has another voice than was asked for.
            conversion_required=voice.conversion is not None,
        )  # fmt: skip
        return self._service.submit_synthesis(request, job_id=job_id, caller=self._caller)

    # --- what is heard ----------------------------------------------------------------------------------------
    async def _spoken(self, send: Send, piece: Piece, followed: Followed) -> None:
        async for chunk in self._ahead.chunks(followed):
            if not self._rate_hz:
                self._rate_hz = chunk.sample_rate_hz
                await send(AudioStart(rate=self._rate_hz, width=2, channels=1, timestamp=0).event())
            if chunk.sample_rate_hz != self._rate_hz:
                raise VoiceChanged("The voice changed between two sentences (a conversion was given up): speak anew.")
            if chunk.start == 0:
                await self._sound(silence(self._pause_s, self._rate_hz), send)
            await self._sound(chunk.samples, send)
        self._pause_s = piece.pause_after_s

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
