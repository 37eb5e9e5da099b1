"""Following jobs from the event loop: places for streams, clients that leave, and what is sent to those who stay.

What every dialect needs: `submit_and_follow` or `follow`, and `audio_stream` or `event_stream`.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import anyio
from litestar import Request

from entrypoints.http.door import caller_of
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.live_room import Seat, live_room
from entrypoints.http.threads import Pool, blocking
from entrypoints.service import Service
from voicecore.errors import Cancelled, NothingHeard, VoiceCoreError
from voicecore.job import JobId, SynthesisJob
from voicecore.ports import LiveChunk, SoundStream
from voicecore.stream_format import StreamFormat
from voicecore.timed_text import TimedSegment
from voicecore.usecases.heard_segments import HeardSegment
from voicecore.usecases.listening import Listening

P = ParamSpec("P")
T = TypeVar("T")


def _no_sound_within(seconds: float) -> NothingHeard:
    """What ends a stream whose job makes no sound for so long."""
    return NothingHeard(
        f"No sound came within {seconds:g} s (VOICECORE_STREAM_WAIT_S); a job that was submitted before or is to be kept goes "
        "on and can be downloaded later, another one is cancelled: ask again when fewer jobs wait."
    )


class Followed:
    """A job that one client follows. Whoever gets it calls `leave` in the end, whatever happens; that cannot fail."""

    def __init__(self, threads: Pool, listening: Listening, seat: Seat | None = None) -> None:
        """`seat` is given back when it is left; None where somebody else has one for it."""
        self._threads, self._listening, self._seat = threads, listening, seat
        self._first: LiveChunk | None = None
        self._left = False

    @property
    def job(self) -> SynthesisJob:
        """As it was last seen."""
        return self._listening.job

    @property
    def sample_rate_hz(self) -> int:
        """Of the sound; 0 before the first chunk."""
        return self._listening.sample_rate_hz

    async def wait_for_sound(self, request: Request[Any, Any, Any], patience_s: float) -> None:
        """Return when the first chunk is here. The client may leave meanwhile, or the job may fail: raises what tells so."""
        deadline, failure = anyio.current_time() + patience_s, None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_gone, request, tasks.cancel_scope)
            try:
                while self._first is None and anyio.current_time() < deadline:
                    found = await self._threads.run(_step, self._listening)
                    if isinstance(found, _Over):
                        failure = VoiceCoreError("The job has no sound.")
                        break
                    self._first = found
            except VoiceCoreError as error:
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if self._first is None:
            raise _no_sound_within(patience_s) if anyio.current_time() >= deadline else Cancelled("The client left.")

    async def chunks(self, patience_s: float = math.inf) -> AsyncIterator[LiveChunk | None]:
        """The sound from its first sample on; None whenever nothing came for a moment.

        Raises as `Listen.follow`: `NothingHeard` if it has not begun after so long.
        """
        deadline = anyio.current_time() + patience_s
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        while not isinstance(chunk := await self._stepped(_step, self._listening), _Over):
            if chunk is None and not self.sample_rate_hz and anyio.current_time() > deadline:
                raise _no_sound_within(patience_s)
            yield chunk

    async def pieces(self, stream: SoundStream) -> AsyncGenerator[bytes]:
        """The sound as it leaves, to its last byte; b"" whenever nothing came for a moment. Raises as `Listen.follow`.

        Little is held between two pieces, since a client may let one wait that long, and each costs one change of threads.
        """
        if self._first is not None:
            yield await self.encoded(stream, self._first)
            self._first = None
        while not isinstance(piece := await self._stepped(_step_encoded, self._listening, stream), _Over):
            yield piece
        yield await self.encoded(stream, None)

    async def ended_segments(self) -> list[HeardSegment]:
        """Segments of the text that were given to their end since the last time."""
        return await blocking(self._listening.ended_segments)

    async def timed_segments(self, text: str) -> list[TimedSegment]:
        """As `ended_segments` of a job that speaks `text`, with the times of their words."""

        def timed() -> list[TimedSegment]:
            return self._listening.timed(self._listening.ended_segments(), text)

        return await blocking(timed)

    async def encoded(self, stream: SoundStream, chunk: LiveChunk | None) -> bytes:
        """The chunk as it leaves; None is the end."""
        if chunk is None:
            return await self._threads.run(stream.finish)
        return await self._threads.run(stream.encode, chunk.samples)

    async def leave(self) -> None:
        """Give the place back. A job that was not heard to its end is cancelled, unless it shall be kept or others hear it."""
        if self._left:
            return
        self._left = True
        with anyio.CancelScope(shield=True):
            try:
                await blocking(self._listening.close)
            finally:
                if self._seat is not None:
                    await self._seat.give_back()

    async def _stepped(self, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._seat is not None:
            await self._seat.keep()
        return await self._threads.run(step, *args, **kwargs)


class _Over:
    """What comes after the last chunk."""


def _step(listening: Listening) -> LiveChunk | _Over | None:
    # A StopIteration cannot be raised into a coroutine.
    return next(listening, _Over())


def _step_encoded(listening: Listening, stream: SoundStream) -> bytes | _Over:
    chunk = _step(listening)
    if isinstance(chunk, _Over):
        return chunk
    return b"" if chunk is None else stream.encode(chunk.samples)


async def _until_gone(request: Request[Any, Any, Any], scope: anyio.CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def follow(request: Request[Any, Any, Any], service: Service, job_id: JobId, *, keep: bool | None) -> Followed:
    """Follow a job that is there. Raises `QueueFull` or `LimitReached` if no place is free, and as `Listen.open`."""
    return await _followed(request, service, lambda: service.listen.open(job_id, keep=keep))


async def submit_and_follow(
    request: Request[Any, Any, Any], service: Service, submit: Callable[[JobId], SynthesisJob], *, keep: bool = False
) -> Followed:
    """Submit a job, in a thread, and follow it. Nothing is submitted if no place is free: raises `QueueFull`
    or `LimitReached` then.

    Args:
        submit: is given the id of the new job; raises what refuses the request.
        keep: whether the job goes on when its client leaves and nobody else follows it here.
    """
    return await _followed(request, service, lambda: service.listen.submit(submit, keep=keep))


async def _followed(request: Request[Any, Any, Any], service: Service, listen: Callable[[], Listening]) -> Followed:
    room = live_room(request.app.state)
    seat = Seat(room, service, caller_of(request.scope))
    await seat.take()
    try:
        return Followed(room.threads, await room.threads.run(listen), seat)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await seat.give_back()
        raise


async def audio_stream(
    request: Request[Any, Any, Any], service: Service, followed: Followed, wanted: StreamFormat, *,
    media_type: str | None = None, headers: Mapping[str, str] | None = None,
) -> LiveAnswer:  # fmt: skip
    """The job's sound as a chunked body, which begins with its first chunk.

    A failure before that is raised, and answered with its status; after it the connection is cut, so that nobody takes what
    was sent for the whole. A client that leaves has the job cancelled within a second, unless it shall be kept.

    Args:
        followed: taken over: it is left when the answer is over, or here if this raises.
        media_type: if it is not the format's own.
        headers: beside `X-Job-Id`, `X-Sample-Rate` and `X-Synthetic-Audio`.
    """
    try:
        await followed.wait_for_sound(request, service.settings.stream_wait_s)
        stream = service.sound_stream(followed.job, followed.sample_rate_hz, wanted)
    except BaseException:
        await followed.leave()
        raise

    return LiveAnswer(
        followed.pieces(stream), followed.leave, stall_s=service.settings.stream_stall_s, media_type=media_type or wanted.media_type,
        headers=live_headers(followed, stream.sample_rate_hz) | dict(headers or {}),
    )  # fmt: skip


def live_headers(followed: Followed, sample_rate_hz: int | None = None) -> dict[str, str]:
    """What every stream says of itself. Proxies are asked not to collect it."""
    rate = {} if sample_rate_hz is None else {"X-Sample-Rate": str(sample_rate_hz)}
    return {"X-Job-Id": followed.job.id, "X-Synthetic-Audio": "true", "X-Accel-Buffering": "no"} | rate


def event_stream(
    service: Service, followed: Followed, events: AsyncGenerator[bytes], *, headers: Mapping[str, str] | None = None
) -> LiveAnswer:
    """Server-sent events about a followed job, as `events` writes them (see `entrypoints.http.sse`), which tells of failures
    by itself. `followed` is taken over.
    """
    return LiveAnswer(
        events, followed.leave, stall_s=service.settings.stream_stall_s, media_type="text/event-stream",
        headers=live_headers(followed) | dict(headers or {}),
    )  # fmt: skip
