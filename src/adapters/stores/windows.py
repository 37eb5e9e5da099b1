"""Which window of a quota it is."""

from __future__ import annotations

from datetime import datetime

from voicecore.errors import require
from voicecore.ports import Window
from voicecore.records import epoch_us

_SECOND_US = 1_000_000


def window_now(now: datetime, window: Window) -> tuple[int, int]:
    """The number of the window that `now` is in, and the whole seconds, at least 1, until the next one."""
    length_us = window.length_s * _SECOND_US
    number, into_us = divmod(epoch_us(now), length_us)
    return number, -(-(length_us - into_us) // _SECOND_US)


def checked(amount: int) -> int:
    """The amount, if it is one that can be taken. Raises `InvalidInput`."""
    require(amount >= 0, f"{amount} cannot be taken; give 0 or more.")
    return amount
