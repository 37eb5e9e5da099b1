"""Nobody watches: the default of everything that could be watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from voicecore.measures import Counter, Gauge, Histogram
from voicecore.ports.watching import Fact, Meter, Reading, Span, Tracer


class _NoMeter:
    __slots__ = ()

    def count(self, counter: Counter, amount: float = 1.0, /, **labels: str) -> None:
        pass

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        pass

    def show(self, measure: Gauge | Counter, readings: Iterable[Reading]) -> None:
        pass


class _NoSpan:
    __slots__ = ()

    @property
    def traceparent(self) -> str | None:
        return None

    def note(self, **facts: Fact) -> None:
        pass

    def fail(self, code: str) -> None:
        pass

    def end(self) -> None:
        pass


class _NoTracer:
    __slots__ = ()

    def start(self, name: str, *, parent: str | None = None, **facts: Fact) -> Span:  # noqa: ARG002 - the port's
        return NO_SPAN

    @contextmanager
    def span(self, name: str, *, parent: str | None = None, **facts: Fact) -> Iterator[Span]:  # noqa: ARG002 - the port's
        yield NO_SPAN

    def close(self) -> None:
        pass


NO_METER: Final[Meter] = _NoMeter()
NO_SPAN: Final[Span] = _NoSpan()
NO_TRACER: Final[Tracer] = _NoTracer()
