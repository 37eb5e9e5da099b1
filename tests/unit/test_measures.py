"""Measures keep to the naming rules, and their labels to closed sets."""

from __future__ import annotations

import re

import pytest

from voicecore import measures
from voicecore.errors import InvalidInput
from voicecore.measures import MEASURES, Counter, Gauge, Histogram, LabelValues

#: Labels whose words the program finds out when it runs: they come from what is installed, or from its own routes.
FOUND_OUT = {"engine", "route", "version", "python"}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_measure_keeps_to_the_naming_rules(measure):
    assert re.fullmatch(r"voicecore(_[a-z0-9]+)+", measure.name)
    assert not re.search(r"_(s|ms|us|mb|gb|kb|percent|minutes|hours|count|sum|bucket|created)(_total)?$", measure.name)
    assert measure.name.endswith("_total") == isinstance(measure, Counter)
    assert measure.meaning.endswith(".")
    if isinstance(measure, Histogram):
        assert measure.name.endswith(("_seconds", "_bytes", "_ratio"))
        assert len(measure.buckets) <= 15


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_a_label_is_of_a_closed_set_and_never_somebodys_id_text_or_key(measure):
    for label in measure.labels:
        assert re.fullmatch(r"[a-z]+", label.name)
        assert label.name not in {
            "job",
            "voice",
            "key",
            "text",
            "id",
            "user",
            "caller",
            "path",
            "url",
            "query",
            "le",
            "name",
        }
        assert label.values or label.name in FOUND_OUT
        assert len(label.values) <= 100
        assert label.limit <= 256


def test_names_are_unique_also_as_prometheus_shortens_them():
    """OpenMetrics calls a counter by its name without `_total`."""
    assert len({measure.name.removesuffix("_total") for measure in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Counter("voicecore_jobs", "No _total."), lambda: Gauge("voicecore_jobs_total", "Not counted."),
        lambda: Gauge("jobs", "No prefix."), lambda: Gauge("voicecore_wait_ms", "Not a base unit."),
        lambda: Counter("voicecore_sent_mb_total", "Not a base unit."), lambda: Gauge("voicecore_Jobs", "Capitals."),
        lambda: Histogram("voicecore_wait", "No unit.", (), (1.0,)),
        lambda: Histogram("voicecore_wait_seconds", "No buckets."),
        lambda: Histogram("voicecore_wait_seconds", "They fall.", (), (2.0, 1.0)),
    ],
)  # fmt: skip
def test_a_measure_against_the_rules_cannot_be_made(make):
    with pytest.raises(InvalidInput):
        make()


def test_every_code_of_an_error_is_a_reason():
    reasons = measures.JOB_FAILURES.labels[0].values
    assert {
        "internal_error",
        "poisoned",
        "disk_full",
        "engine_crashed",
        "deadline_exceeded",
        "utterance_failed",
    } <= reasons


def test_words_are_told_apart_up_to_the_labels_limit():
    values = LabelValues()
    told = {values.of(measures.BUILD, {"version": version, "python": "3"})[0] for version in ("1", "2", "3")}
    assert told == {"1", "other"}
