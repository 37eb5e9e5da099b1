"""What keeps callers within their limits, and remembers what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from voicecore.errors import require


@dataclass(frozen=True, slots=True)
class Window:
    """So much may be taken in each stretch of time. Stretches begin at whole multiples of their length since 1970, UTC."""

    limit: int
    length_s: int

    def __post_init__(self) -> None:
        require(self.limit >= 1 and self.length_s >= 1, f"{self} holds nothing.")


@dataclass(frozen=True, slots=True)
class Count:
    """How a counter stands in the present window.

    Attributes:
        taken: whether what was asked for was there, and is taken now.
        used: of the window, with what was taken.
        resets_in_s: whole seconds until the window ends, at least 1.
    """

    taken: bool
    used: int
    resets_in_s: int


class Quota(Protocol):
    """Counts what callers take. Every method is atomic; all processes that share the store share the counts.

    A counter is any text. Counts of windows of an hour and more survive the end of the process.
    """

    def take(self, counter: str, amount: int, window: Window) -> Count:
        """Take `amount` (≥ 0) of the present window, or nothing where it is not there."""

    def give_back(self, counter: str, amount: int, window: Window) -> None:
        """Undo a `take`, as far as its window still lasts; no count falls below 0."""

    def hold(self, counter: str, holder: str, limit: int, lasts: timedelta) -> bool:
        """Take one of `limit` places for so long; a holder that has one keeps it for so long from now. False if none is free."""

    def let_go(self, counter: str, holder: str) -> None:
        """Give the place back. Unknown holders are ignored."""

    def close(self) -> None:
        """Give back files and connections. Idempotent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that was done and must be known later.

    Attributes:
        what: a stable word such as `voice.delete`.
        who: id of the key; empty for one who needed none.
        objects: ids by kind: `voice_id`, `job_id`, …
        details: never a text or a name: digests of them, numbers, words of ours.
    """

    what: str
    who: str
    objects: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str | int | bool] = field(default_factory=dict)


class AuditLog(Protocol):
    """Remembers acts, in their order, so that nobody can change what was written without being found out."""

    def record(self, act: Act) -> None:
        """Write the act; it is on the disk when this returns. Raises `StorageUnavailable`, `DiskFull`: then nothing may be done."""


class _NoAudit:
    def record(self, act: Act) -> None:
        """Nothing."""


#: Remembers nothing: for library use, where there is nobody to answer to.
NO_AUDIT: AuditLog = _NoAudit()
