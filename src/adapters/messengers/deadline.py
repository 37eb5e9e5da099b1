"""One moment by which everything must be over."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock, in seconds."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left_s(self) -> float:
        """Seconds until then. Raises `TimeoutError` if there are none."""
        left = self.at_s - time.monotonic()
        if left <= 0:
            raise TimeoutError("time is over")
        return left
