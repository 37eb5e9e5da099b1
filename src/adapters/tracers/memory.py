"""A tracer that keeps its spans, for tests to look at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from voicecore.errors import VoiceCoreError
from voicecore.ports.watching import Fact
from voicecore.traceparent import traceparent_of

_open: ContextVar[str | None] = ContextVar("voicecore_open_span", default=None)


@dataclass(slots=True, eq=False)
class KeptSpan:
    """A span as it was told."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    facts: dict[str, Fact] = field(default_factory=dict)
    error: str | None = None
    ended: bool = False

    @property
    def traceparent(self) -> str | None:
        return f"00-{self.trace_id}-{self.span_id}-01"

    def note(self, **facts: Fact) -> None:
        self.facts |= facts

    def fail(self, code: str) -> None:
        self.error = code

    def end(self) -> None:
        self.ended = True


class MemoryTracer:
    """All spans, in the order of their beginnings."""

    def __init__(self) -> None:
        self.spans: list[KeptSpan] = []

    def start(self, name: str, *, parent: str | None = None, **facts: Fact) -> KeptSpan:
        above = traceparent_of(parent) or _open.get()
        trace_id, parent_id = secrets.token_hex(16), None
        if above is not None:
            _, trace_id, parent_id, _ = above.split("-")
        span = KeptSpan(name, trace_id, secrets.token_hex(8), parent_id, dict(facts))
        self.spans.append(span)
        return span

    @contextmanager
    def span(self, name: str, *, parent: str | None = None, **facts: Fact) -> Iterator[KeptSpan]:
        span = self.start(name, parent=parent, **facts)
        token = _open.set(span.traceparent)
        try:
            yield span
        except BaseException as error:
            span.fail(error.code if isinstance(error, VoiceCoreError) else type(error).__name__)
            raise
        finally:
            _open.reset(token)
            span.end()

    def close(self) -> None:
        """There is nothing to send."""

    def named(self, name: str) -> list[KeptSpan]:
        """The spans of this name."""
        return [span for span in self.spans if span.name == name]
