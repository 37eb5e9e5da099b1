"""A tracer that sends its spans by OpenTelemetry's protocol (extra `otel`).

Where to, how often and what of it, the standard variables say: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER` and the
like. The provider is our own, not the process' global one, so no library adds spans that would hold what is not ours to tell.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from voicecore import __version__
from voicecore.errors import VoiceCoreError
from voicecore.ports.watching import Fact
from voicecore.traceparent import traceparent_of

_PROPAGATOR: Final = TraceContextTextMapPropagator()
#: A collector that does not answer shall not keep a service from ending.
_LAST_CALL_MS: Final = 3_000
_EXPORT_S: Final = 3.0


class _Span:
    """An OpenTelemetry span as the port's."""

    __slots__ = ("_span",)

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        context = self._span.get_span_context()
        if not context.is_valid:
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def note(self, **facts: Fact) -> None:
        self._span.set_attributes({_name(fact): value for fact, value in facts.items()})

    def fail(self, code: str) -> None:
        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        if self._span.is_recording():
            self._span.end()


class OtelTracer:
    """Sends spans in the background; what cannot be sent is dropped."""

    def __init__(self, exporter: SpanExporter | None = None, processor: SpanProcessor | None = None) -> None:
        """`exporter` is OTLP over HTTP unless another is given; `processor` what hands spans to it, in batches if not given."""
        self._processor = processor or BatchSpanProcessor(exporter or _otlp(), export_timeout_millis=_LAST_CALL_MS)
        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "voicecore"), "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("voicecore", __version__)
        self._closed = False

    def start(self, name: str, *, parent: str | None = None, **facts: Fact) -> _Span:
        return _Span(self._started(name, parent, facts))

    @contextmanager
    def span(self, name: str, *, parent: str | None = None, **facts: Fact) -> Iterator[_Span]:
        begun = self._started(name, parent, facts)
        span = _Span(begun)
        # Its own record of an exception would hold the message.
        with use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except BaseException as error:
                span.fail(error.code if isinstance(error, VoiceCoreError) else type(error).__name__)
                raise

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._provider.force_flush(_LAST_CALL_MS)
            self._provider.shutdown()

    def _started(self, name: str, parent: str | None, facts: dict[str, Fact]) -> OtelSpan:
        above = traceparent_of(parent)
        # Without one, None: the span that is open in this context.
        context = None if above is None else _PROPAGATOR.extract({"traceparent": above}, Context())
        attributes = {_name(fact): value for fact, value in facts.items()}
        return self._tracer.start_span(name, context, attributes=attributes)


def _otlp() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - takes 0.2 s

    return OTLPSpanExporter(timeout=_EXPORT_S)


def _name(fact: str) -> str:
    return f"voicecore.{fact}"
