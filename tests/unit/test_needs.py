"""Lines: which jobs wait together, who may take from one, and what nobody takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.errors import InvalidInput
from voicecore.needs import line_of, lines_served, lines_within, needs_of, unserved
from voicecore.testing.samples import queued_job

NAMES = st.text(st.characters(exclude_characters="+", codec="utf-8"), max_size=4)


def test_a_line_is_named_by_the_engine_and_the_converter() -> None:
    assert (line_of("kokoro"), line_of("rvc"), line_of("kokoro", "rvc")) == ("kokoro", "rvc", "kokoro+rvc")
    assert line_of("tone", "tone") == "tone"
    assert queued_job(engine="kokoro", converter="rvc").line == "kokoro+rvc"


@given(NAMES, st.none() | NAMES)
def test_a_line_says_what_its_jobs_need(engine: str, converter: str | None) -> None:
    assert needs_of(line_of(engine, converter)) == {engine, converter} - {None}


@pytest.mark.parametrize("change", [{"engine": "a+b"}, {"converter": "a+b"}])
def test_a_job_of_an_engine_whose_name_would_be_two_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="plus sign"):
        replace(queued_job(), **change)


@given(st.frozensets(NAMES, max_size=4), st.lists(st.tuples(NAMES, st.none() | NAMES), max_size=6))
def test_a_worker_takes_from_a_line_if_it_serves_all_that_its_jobs_need(
    served: frozenset[str], jobs: list[tuple[str, str | None]]
) -> None:
    within = lines_within(served)
    for engine, converter in jobs:
        assert (line_of(engine, converter) in within) == ({engine, converter} - {None} <= served)


def test_an_engine_whose_name_has_a_plus_sign_is_no_way_to_two_lines() -> None:
    assert lines_within({"a+b"}) == frozenset()


def test_bells_ring_for_the_lines_that_there_can_be() -> None:
    assert lines_served(("kokoro", "xtts"), "rvc") == ("kokoro", "xtts")
    assert lines_served(("kokoro", "xtts", "rvc"), "rvc") == ("kokoro", "xtts", "rvc", "kokoro+rvc", "xtts+rvc")
    assert lines_served(("rvc",), "rvc") == ("rvc",)
    assert lines_served(("tone",), "tone") == ("tone",)


def test_jobs_wait_in_vain_unless_one_worker_serves_all_of_what_they_need() -> None:
    waiting = {"kokoro+rvc": 2, "kokoro": 1, "xtts": 3, "rvc": 0}
    assert unserved(waiting, []) == {"kokoro": 1, "kokoro+rvc": 2, "xtts": 3}
    assert unserved(waiting, [("kokoro",), ("rvc",)]) == {"kokoro+rvc": 2, "xtts": 3}
    assert unserved(waiting, [("kokoro",), ("rvc", "kokoro", "xtts")]) == {}
