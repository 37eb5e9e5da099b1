"""The opaque cursor of a page of jobs: the place, in (created_at, id), of the last job shown."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from voicecore.errors import InvalidInput, require
from voicecore.ports import JobQuery

#: Most jobs on one page; the service's own limit is lower.
PAGE_LIMIT = 1_000
_LONGEST = 512
_INT64 = 2**63


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A job's place in time: microseconds since 1970 of `created_at`, then the id. Pages run downwards in it."""

    created_us: int
    job_id: str

    def cursor(self) -> str:
        """The place as text that is safe in a URL."""
        text = json.dumps([1, self.created_us, self.job_id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_after(query: JobQuery) -> Place | None:
    """Where the page begins (that place not included), None for the newest job.

    Raises:
        InvalidInput: for a cursor that `Place.cursor` did not make, or a limit outside 1..1000.
    """
    require(1 <= query.limit <= PAGE_LIMIT, f"limit is {query.limit}; give 1 to {PAGE_LIMIT}.", field="limit")
    return None if query.cursor is None else _parse(query.cursor)


def _parse(cursor: str) -> Place:
    refusal = InvalidInput("The cursor is not one that this service gave out; start again without one.", field="cursor")
    if not 1 <= len(cursor) <= _LONGEST or not cursor.isascii():
        raise refusal
    try:
        version, created_us, job_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise refusal from None
    # `True == 1` in Python, so the types are compared, too.
    if (type(version), type(created_us), type(job_id)) != (int, int, str) or version != 1:
        raise refusal
    place = Place(created_us, job_id)
    # The decoder forgives strange letters; only the very text that we would write is ours.
    if not -_INT64 <= created_us < _INT64 or place.cursor() != cursor:
        raise refusal
    return place
