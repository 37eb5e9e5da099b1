"""Multipart bodies, read as they arrive: fields into memory under a small limit, files onto the disk under theirs.

The parser is the `multipart` package's; what is here is where the bytes go. A file's name is never used.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from litestar import Request
from litestar.exceptions import InternalServerException
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser  # type: ignore[import-untyped]

from entrypoints.http.threads import blocking
from voicecore.errors import DiskFull, InvalidInput, StorageUnavailable, TooLarge

#: Bytes of all fields together that are not files. A text of 10 000 characters is at most 40 000.
MAX_FIELD_BYTES = 256 * 1024
MAX_PARTS = 40
_WRITE_BYTES = 1 << 18


@dataclass(slots=True)
class Form:
    """What a multipart body held. A context manager: the files are gone when it ends.

    Attributes:
        fields: name and value, in the order sent; names may repeat.
        files: field name and content, positioned at its begin.
        named: whether files shall have a place of their own on the disk (`file.name`), for what reads paths.
    """

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, BinaryIO]] = field(default_factory=list)
    named: bool = False
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def new_file(self, name: str) -> BinaryIO:
        """An empty file for the next part; without a name on the disk where none is needed, so that not even a crash leaves it."""
        make = tempfile.NamedTemporaryFile if self.named else tempfile.TemporaryFile
        file = cast("BinaryIO", self._open.enter_context(make(prefix="voicecore-upload-")))
        self.files.append((name, file))
        return file


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """What a form may hold.

    Attributes:
        admit: called with the field name of each file and what came before it; raises if the file is not wanted.
        ask: called then, in a thread, with the fields that came before the file: it may ask a store whether it is worth
            reading. None where nothing is to be asked.
    """

    admit: Callable[[str, Form], None]
    ask: Callable[[Form], object] | None = None
    max_body_bytes: int
    max_file_bytes: int = 0


class FormReader:
    """Fills a `Form` from the chunks of a body."""

    def __init__(self, form: Form, boundary: str, limits: UploadLimits) -> None:
        self._form, self._limits = form, limits
        # Not strict: what many clients send behind the last boundary, a line end, would be refused, and only if it
        # happened to come in a chunk of its own.
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._segment: MultipartSegment | None = None
        self._file: BinaryIO | None = None
        self._pending = bytearray()
        self._field_bytes = 0

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        """Raises `InvalidInput`, `TooLarge`, `StorageUnavailable`."""
        received = 0
        try:
            async for chunk in chunks:
                received += len(chunk)
                if received > self._limits.max_body_bytes:
                    raise TooLarge(f"The body is larger than {self._limits.max_body_bytes} bytes; send less at once.")
                if chunk:
                    await self._take(chunk)
            self._parser.close()
        except ParserLimitReached as error:
            raise TooLarge(f"The form has more than {MAX_PARTS} parts, or too large headers; send less.") from error
        except MultipartError as error:
            raise InvalidInput(f"The multipart body cannot be read: {error}.") from error
        except OSError as error:
            raise storage_error(error) from error

    async def _take(self, chunk: bytes) -> None:
        for event in self._parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                await self._begin(event)
            elif event is None:
                await self._end()
            elif event:
                await self._append(bytes(event))

    async def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        self._pending.clear()
        self._file = None
        if segment.filename is not None:
            self._limits.admit(segment.name or "", self._form)
            if self._limits.ask is not None:
                await blocking(self._limits.ask, self._form)
            self._file = self._form.new_file(segment.name or "")

    async def _append(self, data: bytes) -> None:
        self._pending += data
        if self._file is None:
            self._field_bytes += len(data)
            if self._field_bytes > MAX_FIELD_BYTES:
                raise TooLarge(
                    f"The form's fields have more than {MAX_FIELD_BYTES} bytes; send less.", field=self._name
                )
            return
        segment = self._segment
        if segment is not None and segment.bytes_received > self._limits.max_file_bytes:
            raise TooLarge(
                f"The file is larger than {self._limits.max_file_bytes} bytes; send a smaller one.", field=self._name
            )
        if len(self._pending) >= _WRITE_BYTES:
            await self._flush(self._file)

    async def _flush(self, file: BinaryIO) -> None:
        data = bytes(self._pending)
        self._pending.clear()
        await blocking(file.write, data)

    async def _end(self) -> None:
        if self._file is not None:
            await self._flush(self._file)
            self._file.seek(0)
            return
        try:
            self._form.fields.append((self._name, self._pending.decode("utf-8")))
        except UnicodeDecodeError:
            raise InvalidInput("A field of the form is not UTF-8 text.", field=self._name) from None

    @property
    def _name(self) -> str:
        return (self._segment.name or "") if self._segment is not None else ""


def storage_error(error: OSError) -> StorageUnavailable:
    """What an upload that could not be written means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull("The disk is full, the upload was not kept: free some space and try again.")
    return StorageUnavailable(f"The upload could not be written ({error.strerror}); try again.")


async def body_of(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `InvalidInput` where it ends too early: the client is gone, which is no defect of ours."""
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException as error:
        # Litestar's word for it; its other one, for a body that is read twice, is a defect.
        if "disconnected" not in error.detail:
            raise
        raise InvalidInput(
            "The request ended in the middle of its body, and nothing of it is kept; send it again."
        ) from None


async def read_multipart(request: Request[Any, Any, Any], form: Form, limits: UploadLimits) -> None:
    """Read the request's body into `form`. Raises as `FormReader.read`, and `InvalidInput` without a boundary."""
    boundary = request.content_type[1].get("boundary", "")
    if not 1 <= len(boundary) <= 200:
        raise InvalidInput("The multipart body has no usable boundary; let the HTTP client make the Content-Type.")
    await FormReader(form, boundary, limits).read(body_of(request))
