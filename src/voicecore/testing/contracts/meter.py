"""What every `Meter` must do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from voicecore import measures
from voicecore.measures import Label, Measure
from voicecore.ports import Meter


class Read(Protocol):
    """How a test reads a meter: the value of a series by the values of its labels, of a histogram how often it was told; None
    where nothing was.
    """

    def __call__(self, measure: Measure, *values: str) -> float | None: ...


class MeterContract:
    """Subclass it, with fixtures `meter` and `read`."""

    def test_a_counter_adds_what_it_is_told_by_its_labels(self, meter: Meter, read: Read) -> None:
        meter.count(measures.JOBS, kind="clone", status="completed")
        meter.count(measures.JOBS, 2.5, kind="clone", status="completed")
        meter.count(measures.JOBS, kind="mix", status="completed")
        assert read(measures.JOBS, "clone", "completed") == 3.5
        assert read(measures.JOBS, "mix", "completed") == 1

    def test_a_counter_without_labels_adds_too(self, meter: Meter, read: Read) -> None:
        meter.count(measures.ENGINE_RESTARTS)
        meter.count(measures.ENGINE_RESTARTS)
        assert read(measures.ENGINE_RESTARTS) == 2

    def test_nothing_is_lost_between_threads(self, meter: Meter, read: Read) -> None:
        def often(_: int) -> None:
            for _ in range(200):
                meter.count(measures.CACHE_HITS, cache="segment")
                meter.observe(measures.QUEUE_WAIT, 0.1, kind="clone")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(often, range(8)))
        assert read(measures.CACHE_HITS, "segment") == 1600
        assert read(measures.QUEUE_WAIT, "clone") == 1600

    def test_a_counter_never_goes_down(self, meter: Meter) -> None:
        with pytest.raises(ValueError):
            meter.count(measures.ENGINE_RESTARTS, -1)

    def test_a_histogram_is_told_values(self, meter: Meter, read: Read) -> None:
        for value in (0.0, 0.3, 1e9):
            meter.observe(measures.REALTIME_FACTOR, value, engine="tone")
        assert read(measures.REALTIME_FACTOR, "tone") == 3

    def test_what_is_shown_stands_in_place_of_all_that_was_shown_before(self, meter: Meter, read: Read) -> None:
        meter.show(measures.QUEUE_DEPTH, [({"engine": "a"}, 1), ({"engine": "b"}, 2)])
        meter.show(measures.QUEUE_DEPTH, [({"engine": "b"}, 3)])
        assert read(measures.QUEUE_DEPTH, "a") in (None, 0)
        assert read(measures.QUEUE_DEPTH, "b") == 3
        meter.show(measures.QUEUE_DEPTH, [])
        assert read(measures.QUEUE_DEPTH, "b") in (None, 0)

    def test_a_counter_that_others_keep_is_shown(self, meter: Meter, read: Read) -> None:
        meter.show(measures.SEGMENT_RETRIES, [({"engine": "xtts", "reason": "loop"}, 7)])
        assert read(measures.SEGMENT_RETRIES, "xtts", "loop") == 7

    def test_a_value_that_a_label_does_not_have_is_told_as_other(self, meter: Meter, read: Read) -> None:
        meter.count(measures.JOB_FAILURES, reason="' or 1=1")
        meter.count(measures.JOB_FAILURES, reason="not_found\n")
        assert read(measures.JOB_FAILURES, "other") == 2

    def test_only_so_many_of_the_programs_own_words_are_told_apart(self, meter: Meter, read: Read) -> None:
        limit = _label(measures.AUDIO_SECONDS, "engine").limit
        for number in range(limit + 10):
            meter.count(measures.AUDIO_SECONDS, engine=f"engine{number}")
        assert read(measures.AUDIO_SECONDS, f"engine{limit - 1}") == 1
        assert read(measures.AUDIO_SECONDS, "other") == 10

    def test_readings_that_are_told_as_the_same_add_up(self, meter: Meter, read: Read) -> None:
        meter.show(measures.KEPT_JOBS, [({"status": "strange"}, 1), ({"status": "stranger"}, 2)])
        assert read(measures.KEPT_JOBS, "other") == 3

    @pytest.mark.parametrize("labels", [{}, {"kind": "clone"}, {"kind": "clone", "status": "failed", "job": "job_1"}])
    def test_other_labels_than_the_measures_own_are_a_defect(self, meter: Meter, labels: dict[str, str]) -> None:
        with pytest.raises(TypeError):
            meter.count(measures.JOBS, **labels)

    def test_every_measure_can_be_told(self, meter: Meter, read: Read) -> None:
        for measure in measures.MEASURES:
            labels = {label.name: min(label.values or {"word"}) for label in measure.labels}
            if isinstance(measure, measures.Histogram):
                meter.observe(measure, 1.0, **labels)
            elif isinstance(measure, measures.Gauge) or measure in measures.SHOWN_COUNTERS:
                assert isinstance(measure, measures.Gauge | measures.Counter)
                meter.show(measure, [(labels, 1.0)])
            else:
                assert isinstance(measure, measures.Counter)
                meter.count(measure, **labels)
            assert read(measure, *labels.values()) == 1, measure.name


def _label(measure: Measure, name: str) -> Label:
    return next(label for label in measure.labels if label.name == name)
