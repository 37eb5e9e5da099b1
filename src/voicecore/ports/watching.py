"""Watching: numbers and traces of the work, for the people who run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from voicecore.measures import Counter, Gauge, Histogram

#: A value with its labels.
Reading = tuple[Mapping[str, str], float]
#: What spans are told: words of the program, numbers; never a text, a name, or a key.
Fact = str | int | float | bool


class Meter(Protocol):
    """Takes numbers of the work. Cheap, and any thread may call.

    A label's value that its label does not have is told as `other`. Raises `TypeError` for labels that the measure does not
    have, which is a defect of the caller's.
    """

    def count(self, counter: Counter, amount: float = 1.0, /, **labels: str) -> None:
        """Add `amount`, which is not negative (`ValueError`)."""

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        """One more value."""

    def show(self, measure: Gauge | Counter, readings: Iterable[Reading]) -> None:
        """What is so now, in place of all that was shown of this measure before. A counter that is shown is counted by
        somebody else, and by nobody here.
        """


class Span(Protocol):
    """A piece of work that takes time, as part of a trace."""

    @property
    def traceparent(self) -> str | None:
        """Names this span for other processes (W3C Trace Context); None where nothing is traced."""

    def note(self, **facts: Fact) -> None:
        """Say more of it."""

    def fail(self, code: str) -> None:
        """It ended with this error."""

    def end(self) -> None:
        """It is over. Idempotent."""


class Tracer(Protocol):
    """Makes spans. Any thread may call; nothing here ever raises for want of a connection."""

    def start(self, name: str, *, parent: str | None = None, **facts: Fact) -> Span:
        """A span that the caller ends, below `parent` (a `traceparent`) or, without, below the one that is open in this context."""

    def span(self, name: str, *, parent: str | None = None, **facts: Fact) -> AbstractContextManager[Span]:
        """As `start`, open for a block: what starts within it is below it. An error that leaves the block fails the span by its
        code or its class; its message, which may quote a caller, is not told.
        """

    def close(self) -> None:
        """Send what is left, within seconds, and give back connections. Idempotent."""
