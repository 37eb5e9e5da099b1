"""The real clock and the real source of names. Standard library only, so they live in the core."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class SystemClock:
    """UTC wall-clock time."""

    def now(self) -> datetime:
        """The time now, with its zone."""
        return datetime.now(UTC)


class RandomIds:
    """Names from the operating system's generator: 20 characters of 36 are 103 bits."""

    def new(self, prefix: str) -> str:
        """`prefix_` and 20 random characters."""
        return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(20))
