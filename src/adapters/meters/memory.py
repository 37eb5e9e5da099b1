"""A meter that keeps everything, for tests to look at."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from voicecore.measures import Counter, Gauge, Histogram, LabelValues, Measure
from voicecore.ports.watching import Reading

Series = tuple[str, tuple[str, ...]]


class MemoryMeter:
    """Numbers by the measure's name and the values of its labels, in their order."""

    def __init__(self) -> None:
        self.values: dict[Series, float] = {}
        #: Every value that was observed, in order.
        self.observed: dict[Series, list[float]] = {}
        self._labels = LabelValues()
        self._lock = Lock()

    def count(self, counter: Counter, amount: float = 1.0, /, **labels: str) -> None:
        if amount < 0:
            raise ValueError(f"{counter.name} only grows, not by {amount}")
        series = counter.name, self._labels.of(counter, labels)
        with self._lock:
            self.values[series] = self.values.get(series, 0.0) + amount

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        series = histogram.name, self._labels.of(histogram, labels)
        with self._lock:
            self.observed.setdefault(series, []).append(value)

    def show(self, measure: Gauge | Counter, readings: Iterable[Reading]) -> None:
        shown: dict[Series, float] = {}
        for labels, value in readings:
            series = measure.name, self._labels.of(measure, labels)
            shown[series] = shown.get(series, 0.0) + value
        with self._lock:
            for series in [each for each in self.values if each[0] == measure.name]:
                del self.values[series]
            self.values |= shown

    def read(self, measure: Measure, *values: str) -> float:
        """The number; 0 if nobody told it."""
        return self.values.get((measure.name, values), 0.0)

    def seen(self, measure: Measure, *values: str) -> list[float]:
        """What was observed."""
        return self.observed.get((measure.name, values), [])
