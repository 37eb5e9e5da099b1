"""Real clocks and the real source of names. Standard library only, so they live in the core."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class SystemClock:
    """UTC wall-clock time."""

    def now(self) -> datetime:
        """The time now, with its zone."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that no setting of the time of day moves."""
        return time.monotonic()


class SteadyClock:
    """The time of day as it was when this was made, gone on evenly since: setting the machine's clock does not move it.

    For leases within one process, which a jump of an hour must not end or prolong.
    """

    def __init__(self) -> None:
        self._start, self._began = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """The time now, with its zone."""
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        """Seconds that no setting of the time of day moves."""
        return time.monotonic()


class RandomIds:
    """Names from the operating system's generator: 20 characters of 36 are 103 bits."""

    def new(self, prefix: str) -> str:
        """`prefix_` and 20 random characters."""
        return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(20))
