"""A meter that Prometheus reads (`prometheus-client`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Final

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from voicecore.measures import COUNTERS, GAUGES, HISTOGRAMS, SHOWN_COUNTERS, Counter, Gauge, Histogram, LabelValues
from voicecore.ports.watching import Reading

_OPENMETRICS: Final = "application/openmetrics-text"
Shown = dict[tuple[str, ...], float]

# A second series for each counter, with the time at which it was made, which our `voicecore_start_time_seconds` says for all.
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own


class _Shown(Collector):
    """What was shown last, by measure."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[str, Shown] = {}

    def put(self, name: str, values: Shown) -> None:
        with self._lock:
            self._values[name] = values

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            values = dict(self._values)
        for measure in (*GAUGES, *SHOWN_COUNTERS):
            kind = GaugeMetricFamily if isinstance(measure, Gauge) else CounterMetricFamily
            family = kind(measure.name, measure.meaning, labels=[label.name for label in measure.labels])
            for labels, value in values.get(measure.name, {}).items():
                family.add_metric(labels, value)
            yield family


class PrometheusMeter:
    """Every measure of voicecore in a registry of its own; those without labels begin at 0."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._labels = LabelValues()
        self._shown = _Shown()
        self._registry.register(self._shown)
        self._counters = {
            each.name: prometheus.Counter(each.name, each.meaning, _names(each), registry=self._registry)
            for each in COUNTERS
            if each not in SHOWN_COUNTERS
        }
        self._histograms = {
            each.name: prometheus.Histogram(
                each.name, each.meaning, _names(each), buckets=each.buckets, registry=self._registry
            )
            for each in HISTOGRAMS
        }

    def count(self, counter: Counter, amount: float = 1.0, /, **labels: str) -> None:
        values, family = self._labels.of(counter, labels), self._counters[counter.name]
        (family.labels(*values) if values else family).inc(amount)

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        values, family = self._labels.of(histogram, labels), self._histograms[histogram.name]
        (family.labels(*values) if values else family).observe(value)

    def show(self, measure: Gauge | Counter, readings: Iterable[Reading]) -> None:
        shown: Shown = {}
        for labels, value in readings:
            values = self._labels.of(measure, labels)
            shown[values] = shown.get(values, 0.0) + value
        self._shown.put(measure.name, shown)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All of it as text, and its media type: OpenMetrics if the `Accept` header asks for it, else Prometheus' own."""
        # The library's own reading of the header fails on what strangers write there.
        encode, media_type = choose_encoder(_OPENMETRICS if _OPENMETRICS in accept else "")
        return encode(self._registry), media_type


def _names(measure: Counter | Histogram) -> list[str]:
    return [label.name for label in measure.labels]
