"""Meters by their contract."""

from __future__ import annotations

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from adapters.meters.memory import MemoryMeter
from adapters.meters.prometheus import PrometheusMeter
from voicecore.measures import Histogram
from voicecore.testing.contracts.meter import MeterContract


class TestMemoryMeter(MeterContract):
    @pytest.fixture
    def meter(self):
        return MemoryMeter()

    @pytest.fixture
    def read(self, meter):
        def read(measure, *values):
            return len(meter.seen(measure, *values)) or meter.values.get((measure.name, values))

        return read


class TestPrometheusMeter(MeterContract):
    @pytest.fixture
    def meter(self):
        return PrometheusMeter()

    @pytest.fixture(params=["", "application/openmetrics-text; version=1.0.0"], ids=["text", "openmetrics"])
    def read(self, meter, request):
        parse = read_openmetrics if request.param else read_text

        def read(measure, *values):
            text = meter.exposition(request.param)[0].decode()
            name = measure.name + "_count" * isinstance(measure, Histogram)
            labels = dict(zip([label.name for label in measure.labels], values, strict=True))
            for family in parse(text):
                for sample in family.samples:
                    if sample.name == name and sample.labels == labels:
                        return sample.value
            return None

        return read
