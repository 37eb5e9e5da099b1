"""A job's sound, all of it before the answer begins: what fails has a status, and the length is known."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import anyio
from litestar import Request

from entrypoints.http.live import Followed, live_headers
from entrypoints.http.live_answer import LiveAnswer
from entrypoints.http.threads import blocking
from entrypoints.http.uploads import storage_error
from entrypoints.service import Service
from voicecore.errors import Cancelled, VoiceCoreError
from voicecore.ports import SoundStream
from voicecore.stream_format import StreamFormat, StreamKind

#: Sound of about a minute; more lies on the disk.
_IN_MEMORY_BYTES = 1 << 20
#: Of what is read at once: a multiple of three, so that the base64 of pieces is that of the whole.
PIECE_BYTES = 3 << 14
#: RIFF: an id and a length of four bytes each lie before every chunk, and the first one lies behind the twelfth byte.
_CHUNK, _FIRST_CHUNK = struct.Struct("<4sI"), 12
_MAX_WAV_BYTES = 0xFFFFFFFF


@dataclass(slots=True)
class WholeSound:
    """A file without a name, at its begin. Whoever gets it closes it."""

    file: BinaryIO
    size_bytes: int
    sample_rate_hz: int

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Its bytes, in order."""
        while data := await blocking(self.file.read, PIECE_BYTES):
            yield data

    async def close(self) -> None:
        """Let it go."""
        with anyio.CancelScope(shield=True):
            await blocking(self.file.close)


async def whole_sound(
    request: Request[Any, Any, Any], service: Service, followed: Followed, wanted: StreamFormat
) -> WholeSound:
    """The job's sound to its end; memory does not grow with it.

    Args:
        followed: taken over: it is left when this returns or raises.

    Raises:
        VoiceCoreError: what the job failed of; `Cancelled` if the client left.
        StorageUnavailable: it cannot be written.
    """
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, prefix="voicecore-sound-"))  # noqa: SIM115 - closed by whoever gets it
    try:
        await followed.wait_for_sound(request, service.settings.stream_wait_s)
        stream = service.sound_stream(followed.job, followed.sample_rate_hz, wanted)
        await _while_client_stays(request, followed, stream, file)
        size = await blocking(_finished, file, wanted)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError):
            raise storage_error(error) from error
        raise
    finally:
        await followed.leave()
    return WholeSound(file, size, stream.sample_rate_hz)


async def _while_client_stays(
    request: Request[Any, Any, Any], followed: Followed, stream: SoundStream, file: BinaryIO
) -> None:
    failure: Exception | None = Cancelled("The client left.")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_until_gone, request, tasks.cancel_scope)
        try:
            async for chunk in followed.chunks():
                if chunk is not None:
                    await blocking(file.write, await followed.encoded(stream, chunk))
            await blocking(file.write, await followed.encoded(stream, None))
            failure = None
        except (VoiceCoreError, OSError) as error:
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _until_gone(request: Request[Any, Any, Any], scope: anyio.CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _finished(file: BinaryIO, wanted: StreamFormat) -> int:
    """Its size, with the lengths in its header that nobody knew before."""
    size = file.tell()
    if wanted.kind is StreamKind.WAV and size <= _MAX_WAV_BYTES:
        _write_length(file, 0, size)
        _write_length(file, _samples_at(file), size)
    file.seek(0)
    return size


def _samples_at(file: BinaryIO) -> int:
    """Where the chunk with the samples begins, in a WAV file of ours: it is the last."""
    at = _FIRST_CHUNK
    while True:
        file.seek(at)
        name, length = _CHUNK.unpack(file.read(_CHUNK.size))
        if name == b"data":
            return at
        at += _CHUNK.size + length + length % 2


def _write_length(file: BinaryIO, chunk_at: int, size: int) -> None:
    """Of the chunk that goes to the end of the file."""
    file.seek(chunk_at + 4)
    file.write(struct.pack("<I", size - chunk_at - _CHUNK.size))


def whole_answer(
    service: Service, followed: Followed, sound: WholeSound, *, media_type: str, headers: Mapping[str, str]
) -> LiveAnswer:
    """The sound as a body of known length."""
    return LiveAnswer(
        sound.pieces(), sound.close, stall_s=service.settings.stream_stall_s, media_type=media_type,
        headers=live_headers(followed, sound.sample_rate_hz) | {"Content-Length": str(sound.size_bytes)} | dict(headers),
    )  # fmt: skip
