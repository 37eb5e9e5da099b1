"""One connection of Wyoming: events, read within limits and written to whoever takes them.

An event is a line of JSON, perhaps more JSON, perhaps bytes: https://github.com/OHF-Voice/wyoming. The library's own reader
takes lines and lengths as they come, so only its writer is used.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import anyio
import msgspec
from wyoming.event import Event, async_write_event

from voicecore.errors import InvalidInput, TooLarge

#: Bytes of a line, of the JSON that follows it, and of the payload. A text of 10 000 characters fits, however it is escaped.
MAX_LINE_BYTES = MAX_DATA_BYTES = MAX_PAYLOAD_BYTES = 256 * 1024
_BLOCK_BYTES = 65_536
#: What a client still sends when it is turned away is taken from it so long, so that it hears why.
_FAREWELL_S = 1.0


class Left(Exception):
    """The client is gone, or takes nothing more."""


class NotAnEvent(InvalidInput):
    """What came is no event of Wyoming: a line of JSON with a 'type'."""

    code = "not_an_event"


class _Header(msgspec.Struct):
    """The line. What else it may hold is left alone, such as the version."""

    type: str
    data: dict[str, Any] | None = None
    data_length: int | None = None
    payload_length: int | None = None


class Wire:
    """Reads in one task; writes whole events, whoever sends them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stall_s: float) -> None:
        """`stall_s`: how long a client may take nothing. The reader's limit must be `MAX_LINE_BYTES`."""
        self._reader, self._writer, self._stall_s = reader, writer, stall_s
        self._turn = anyio.Lock()

    async def read(self) -> Event:
        """The next event, without its payload, which nobody needs here.

        Raises:
            Left: the client left, be it in the middle of an event.
            NotAnEvent, TooLarge: what came cannot be read.
        """
        try:
            header = _decoded(await self._reader.readuntil(b"\n"), _Header)
            data = header.data or {}
            if more := _length("data_length", header.data_length, MAX_DATA_BYTES):
                data = data | _decoded(await self._reader.readexactly(more), dict[str, Any])
            if left := _length("payload_length", header.payload_length, MAX_PAYLOAD_BYTES):
                await self._reader.readexactly(left)
        except asyncio.LimitOverrunError:
            raise TooLarge(f"A line has more than {MAX_LINE_BYTES} bytes; send the text in portions.") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Left from error
        return Event(header.type, data)

    async def send(self, event: Event) -> None:
        """Hand the event to the client. Raises `Left` if it is gone, or took nothing for too long."""
        async with self._turn:
            with anyio.move_on_after(self._stall_s):
                try:
                    await async_write_event(event, self._writer)
                except OSError as error:
                    raise Left from error
                return
        raise Left

    async def close(self, last: Event | None = None) -> None:
        """Say the last word, and end the connection. Of a client that is gone nothing is expected."""
        with anyio.move_on_after(_FAREWELL_S, shield=True), contextlib.suppress(OSError):
            if last is not None:
                await async_write_event(last, self._writer)
                self._writer.write_eof()
                # Closing on bytes that nobody read would have the other side lose the last word.
                while await self._reader.read(_BLOCK_BYTES):
                    pass
            self._writer.close()
            await self._writer.wait_closed()
        self._writer.transport.abort()


def _length(name: str, given: int | None, most: int) -> int:
    length = given or 0
    if length < 0:
        raise NotAnEvent(f"{name} is {length}; give 0 or more.")
    if length > most:
        raise TooLarge(f"{name} is {length}; send at most {most} bytes at once.")
    return length


def _decoded(text: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise NotAnEvent from None
