"""What engines tell of themselves: what is kept of it, and how it adds up."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from voicecore.gauges import ENGINES_LIMIT, NAMES_LIMIT, bounded, summed

ANY = st.dictionaries(
    st.text(max_size=70), st.dictionaries(st.text(max_size=70), st.floats(), max_size=80), max_size=40
)


def test_what_an_engine_tells_is_kept_as_it_is():
    told = {"xtts": {"steps_total": 7.0, "gpu_memory_bytes": 4e9}}
    assert bounded(told) == told


def test_a_loaded_engine_that_tells_nothing_is_still_there():
    assert bounded({"kokoro": {}}) == {"kokoro": {}}
    assert summed([{"kokoro": {}}]) == {"kokoro": {}}


def test_odd_names_and_numbers_that_are_none_are_left_out():
    odd = {"ok": 1.0, "Not": 1.0, "a-b": 1.0, "": 1.0, "x" * 65: 1.0, "nan": math.nan, "endless": math.inf}
    assert bounded({"tone": odd}) == {"tone": {"ok": 1.0}}


def test_more_than_64_gauges_of_an_engine_are_cut():
    many = {f"g{number}": 1.0 for number in range(100)}
    assert list(bounded({"tone": many})["tone"]) == list(many)[:NAMES_LIMIT]


@given(ANY)
def test_whatever_is_told_fits_on_a_card(gauges):
    kept = bounded(gauges)
    assert len(kept) <= ENGINES_LIMIT
    assert all(len(told) <= NAMES_LIMIT for told in kept.values())
    assert all(math.isfinite(value) for told in kept.values() for value in told.values())
    assert bounded(kept) == kept


def test_counts_of_several_workers_add_up_engine_by_engine():
    one = {"xtts": {"steps_total": 2.0, "rows": 1.0}, "kokoro": {}}
    two = {"xtts": {"steps_total": 3.0, "cache_bytes": 10.0}}
    assert summed([one, two]) == {"xtts": {"steps_total": 5.0, "rows": 1.0, "cache_bytes": 10.0}, "kokoro": {}}


def test_of_shares_and_peaks_the_largest_is_told():
    one = {"e": {"batch_fill_ratio": 0.5, "memory_bytes_peak": 3.0, "max_rows": 4.0}}
    two = {"e": {"batch_fill_ratio": 0.25, "memory_bytes_peak": 5.0, "max_rows": 2.0}}
    assert summed([one, two]) == {"e": {"batch_fill_ratio": 0.5, "memory_bytes_peak": 5.0, "max_rows": 4.0}}


@given(st.lists(ANY.map(bounded), max_size=4))
def test_the_sum_of_one_is_itself_and_nobodys_numbers_are_changed(many):
    before = [{engine: dict(told) for engine, told in gauges.items()} for gauges in many]
    summed(many)
    assert many == before
    for gauges in many:
        assert summed([gauges]) == gauges
