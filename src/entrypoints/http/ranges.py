"""Files as answers: a single byte range, conditional requests, HEAD (RFC 9110 §13, §14).

The bytes are read from the blob store piece by piece, in a thread; a file is never in memory as a whole.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Stream

from entrypoints.http.threads import blocking
from voicecore.errors import VoiceCoreError
from voicecore.ports import BlobStat, BlobStore

_PIECE_BYTES = 1 << 16
_log = logging.getLogger("voicecore.http")
_RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})")


@dataclass(frozen=True, slots=True)
class Download:
    """A stored file and how to hand it out; `synthetic`: it was generated here, not recorded."""

    blobs: BlobStore
    stat: BlobStat
    media_type: str
    filename: str
    synthetic: bool = True


def wanted_range(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for; None for the whole file.

    A header that is not one single byte range is ignored, as RFC 9110 §14.2 allows.
    Raises `HTTPException` 416 for a range that lies outside the file.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        start, stop = max(0, size - int(match["last"])), size
    else:
        start = int(match["first"])
        stop = min(size, int(match["last"]) + 1) if match["last"] else size
        if match["last"] and int(match["last"]) < start:
            return None  # not a valid range, so as if it were not there
    if start >= stop:
        raise HTTPException(
            status_code=416, detail=f"The file has {size} bytes; ask for a range within 0-{max(0, size - 1)}.",
            headers={"Content-Range": f"bytes */{size}"},
        )  # fmt: skip
    return range(start, stop)


def _listed(header: str, etag: str) -> bool:
    """Whether If-None-Match names the tag (weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


def answer(request: Request[Any, Any, Any], file: Download) -> Response[Any]:
    """200 with all, 206 with a part, 304 or 416."""
    size = file.stat.size
    etag = f'"{file.stat.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{file.filename}"',
        "X-Synthetic-Audio": "true" if file.synthetic else "false",
    }
    if (known := request.headers.get("if-none-match")) is not None and _listed(known, etag):
        return Response(None, status_code=304, headers=headers)
    # If-Range needs a strong match; a date never matches, since none is sent.
    range_counts = request.headers.get("if-range") in (None, etag) and request.method == "GET"
    part = wanted_range(request.headers.get("range"), size) if range_counts else None
    window = range(size) if part is None else part
    headers["Content-Length"] = str(len(window))
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return Stream(
        _pieces(file, window),
        status_code=200 if part is None else 206,
        media_type=file.media_type,
        headers=headers,
    )


async def _pieces(file: Download, window: range) -> AsyncIterator[bytes]:
    whole = len(window) == file.stat.size
    reader: BinaryIO = await blocking(
        file.blobs.open, file.stat.key, start=window.start, end=None if whole else window.stop
    )
    try:
        while piece := await blocking(reader.read, _PIECE_BYTES):
            yield piece
    except VoiceCoreError as error:
        # The status is out already: the connection is cut, so that nobody takes a part for the whole.
        _log.error("a download was cut before its end: %s: %s", error.code, error.message)
        raise
    finally:
        reader.close()
