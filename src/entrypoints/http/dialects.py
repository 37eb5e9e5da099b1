"""In which shape an error is told: by the part of the service that was asked.

Every refusal passes here, also those of the framework (404 of no route, 405, 413) and of the door (401, 403, 429). A
dialect of another service registers itself by the beginning of its paths, in `DIALECTS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What there is to tell of an error.

    Attributes:
        path: that was asked for.
        status: of HTTP.
        code: stable, for programs.
        detail: one sentence, for people.
        request_id: names the request in the log.
        field: of the request that is wrong, where it is one.
        headers: that the answer carries, such as `Retry-After`.
    """

    path: str
    status: int
    code: str
    detail: str
    request_id: str
    field: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


#: Makes the answer, with its own body and media type; status and headers are those of the refusal.
Renderer = Callable[[Refusal], Response[Any]]

#: The beginning of the paths → the renderer. The longest that fits decides; nothing fits: problem details (RFC 9457).
DIALECTS: dict[str, Renderer] = {}

#: Addresses that two services have: address → the header by which the other one's clients are known, and their renderer.
SHARED: dict[str, tuple[str, Renderer]] = {}


def renderer_of(path: str, default: Renderer, headers: Container[str] = ()) -> Renderer:
    """Who tells errors under this path. A prefix fits whole parts of a path: `/v1/audio` is not for `/v1/audiobooks`.

    Args:
        headers: names of those that came with the request.
    """
    if path in SHARED and SHARED[path][0] in headers:
        return SHARED[path][1]
    fitting = [prefix for prefix in DIALECTS if path == prefix or path.startswith(f"{prefix.rstrip('/')}/")]
    return DIALECTS[max(fitting, key=len)] if fitting else default
