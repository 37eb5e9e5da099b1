"""Web pages of other origins: they may call only if they are listed."""

from __future__ import annotations

from litestar.config.cors import CORSConfig

_HEADERS = ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "range", "x-api-key",
            "x-request-id", "xi-api-key"]  # fmt: skip
_EXPOSED = ["content-disposition", "content-range", "etag", "location", "ratelimit", "ratelimit-policy", "retry-after",
            "x-job-id", "x-request-id", "x-sample-rate"]  # fmt: skip


def cors_of(origins: tuple[str, ...]) -> CORSConfig | None:
    """Lets pages of these origins call, with a key of their own and no cookies; None where there are none."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins), allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"], allow_headers=_HEADERS,
        expose_headers=_EXPOSED, allow_credentials=False, max_age=600,
    )  # fmt: skip
