"""Traces: one from a client's request to the sound of its job, and nothing without the extra or the setting."""

from __future__ import annotations

import sys
import time

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.http.room import HELLO, eventually, furnished

from adapters.tracers.otel import OtelTracer
from entrypoints.observing import tracer
from entrypoints.settings import Settings, load
from voicecore.errors import MissingDependency
from voicecore.unwatched import NO_TRACER

STRANGERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def exporter():
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def room(tmp_path_factory, exporter):
    def traced(container):
        container.tracer.override(OtelTracer(processor=SimpleSpanProcessor(exporter)))

    with furnished(tmp_path_factory.mktemp("data"), override=traced) as made:
        yield made


@pytest.fixture
def spans(exporter):
    exporter.clear()
    began = time.time_ns()

    def ended(*names):
        # A request of the test before may end only now.
        found = [span for span in exporter.get_finished_spans() if span.start_time >= began]
        return set(names) <= {span.name for span in found} and found

    return lambda *names: eventually(lambda: ended(*names), f"the end of {names}")


def asked(room, **headers):
    job = room.client.post("/jobs", json={**HELLO, "text": "Bom dia. Até logo."}, headers=headers).json()
    assert room.finished(job["id"])["status"] == "completed"
    return job["id"]


def test_a_job_is_one_trace_from_the_clients_span_to_its_segments_and_their_encoding(room, spans):
    job_id = asked(room, traceparent=STRANGERS)
    found = spans("request", "submit", "job", "segment", "encode")
    ours = [span for span in found if f"{span.context.trace_id:032x}" == STRANGERS.split("-")[1]]
    by_name = {span.name: span for span in ours}
    parents = {name: span.parent.span_id for name, span in by_name.items()}
    assert f"{parents['request']:016x}" == STRANGERS.split("-")[2]
    assert parents["submit"] == by_name["request"].context.span_id
    assert parents["job"] == by_name["submit"].context.span_id
    assert parents["segment"] == parents["encode"] == by_name["job"].context.span_id
    assert by_name["job"].attributes["voicecore.job_id"] == job_id
    assert by_name["request"].attributes["voicecore.route"] == "/jobs"
    assert by_name["request"].attributes["voicecore.status"] == 202


@pytest.mark.parametrize("header", ["", "canary", STRANGERS.upper(), STRANGERS + "-canary", "ff" + STRANGERS[2:]])
def test_a_header_that_is_no_traceparent_begins_a_trace_of_ours(room, spans, header):
    asked(room, traceparent=header)
    requests = [span for span in spans("request", "job") if span.attributes.get("voicecore.route") == "/jobs"]
    assert requests[0].parent is None
    assert "canary" not in repr([(span.name, dict(span.attributes)) for span in requests])


def test_probes_are_not_traced(room, spans):
    for path in ("/live", "/ready", "/health", "/metrics"):
        room.client.get(path)
    room.client.get("/presets")
    assert {span.attributes["voicecore.route"] for span in spans("request")} == {"/presets"}


def test_spans_hold_no_text_no_name_and_no_query(room, spans):
    asked(room)
    room.client.get("/jobs?cursor=canary")
    told = repr([(span.name, dict(span.attributes)) for span in spans("request", "job")])
    assert not any(word in told for word in ("Bom dia", "canary", "cursor"))


def test_a_refusal_by_the_service_is_a_failed_span_and_one_by_the_client_is_not(room, spans):
    room.client.get("/nowhere")
    (span,) = [each for each in spans("request") if each.attributes["voicecore.route"] == "unmatched"]
    assert span.attributes["voicecore.status"] == 404
    assert span.status.is_ok


def test_nothing_is_traced_unless_a_setting_asks_for_it():
    assert load({}).otel is False
    assert tracer(Settings()) is NO_TRACER


def test_a_setting_that_asks_for_traces_is_refused_without_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("opentelemetry", "adapters.tracers.otel"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingDependency, match=r"VOICECORE_OTEL .* pip install 'voicecore\[otel\]'"):
        tracer(Settings(otel=True))
