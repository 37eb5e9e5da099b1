"""Tracers by their contract."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.tracers.memory import MemoryTracer
from adapters.tracers.otel import OtelTracer
from voicecore.testing.contracts.tracer import Seen, TracerContract


class TestMemoryTracer(TracerContract):
    @pytest.fixture
    def tracer(self):
        return MemoryTracer()

    @pytest.fixture
    def seen(self, tracer):
        return lambda: {
            span.name: Seen(span.name, span.trace_id, span.span_id, span.parent_id, span.facts, span.error)
            for span in tracer.spans
            if span.ended
        }


class TestOtelTracer(TracerContract):
    @pytest.fixture
    def exporter(self):
        return InMemorySpanExporter()

    @pytest.fixture
    def tracer(self, exporter):
        tracer = OtelTracer(processor=SimpleSpanProcessor(exporter))
        yield tracer
        tracer.close()

    @pytest.fixture
    def seen(self, exporter):
        return lambda: {span.name: _seen(span) for span in exporter.get_finished_spans()}

    def test_the_receiver_learns_who_sent_it(self, tracer, exporter):
        tracer.start("work").end()
        (span,) = exporter.get_finished_spans()
        assert span.resource.attributes["service.name"] == "voicecore"
        assert span.resource.attributes["service.version"]


def _seen(span):
    facts = dict(span.attributes)
    error = facts.pop("error.type", None)
    return Seen(
        span.name, f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}",
        None if span.parent is None else f"{span.parent.span_id:016x}",
        {name.removeprefix("voicecore."): value for name, value in facts.items()}, error,
    )  # fmt: skip
