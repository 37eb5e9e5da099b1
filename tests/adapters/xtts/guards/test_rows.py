"""Budget, loops and second tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.engines.xtts.guards import (
    MAX_RETRIES,
    GuardCounters,
    LoopWatch,
    Verdict,
    judge,
    retry_seed,
    token_budget,
)
from voicecore.errors import InvalidInput


def _watched(tokens: list[int]) -> LoopWatch:
    watch = LoopWatch()
    for token in tokens:
        watch.push(token)
    return watch


@given(st.integers(0, 400))
def test_the_budget_has_room_for_slow_speech_and_ends_where_the_network_does(text_tokens):
    assert min(602, 1.5 * 4.5 * text_tokens) <= token_budget(text_tokens) <= 602
    assert token_budget(text_tokens) <= token_budget(text_tokens + 1)


def test_a_single_word_may_not_babble_for_three_seconds():
    assert token_budget(2) < 3 * 21.53
    assert token_budget(1) > 21.53
    with pytest.raises(InvalidInput, match="fewer than 0"):
        token_budget(-1)


@given(st.lists(st.integers(0, 1023), max_size=40), st.lists(st.integers(0, 1023), min_size=1, max_size=16))
def test_a_phrase_that_comes_back_and_back_is_a_loop(before, phrase):
    watch = _watched(before + phrase * (1 + max(5, -(-32 // len(phrase)))))
    assert watch.caught
    assert watch.sane <= len(before) + len(phrase)


@given(st.lists(st.integers(0, 1023), unique=True, max_size=300), st.integers(0, 30), st.integers(0, 300))
def test_speech_with_a_pause_in_it_is_no_loop(tokens, pause, at):
    spoken = tokens[:at] + [1024] * pause + tokens[at:]
    watch = _watched(spoken)
    assert not watch.caught
    assert watch.sane == len(spoken)


def test_a_word_said_three_times_is_no_loop_and_a_token_held_for_two_seconds_is_one():
    assert not _watched(list(range(16)) * 3).caught
    assert not _watched([7] * 28).caught
    assert _watched([7] * 43).caught
    assert _watched([7] * 43).sane == 1


def test_a_loop_stays_caught():
    watch = _watched([7] * 43)
    assert watch.push(1)
    assert watch.caught
    assert watch.sane == 1


def test_a_bad_row_is_tried_twice_more_and_then_kept_as_far_as_it_is_sane():
    counters = GuardCounters()
    verdicts = [
        judge(stopped=False, looped=attempt == 1, attempt=attempt, heard=False, counters=counters)
        for attempt in range(3)
    ]
    assert verdicts == [Verdict.RETRY] * MAX_RETRIES + [Verdict.KEEP_CUT]
    assert (counters.loops, counters.overruns, counters.retries, counters.kept_cut) == (1, 2, 2, 1)


def test_a_row_that_stopped_is_kept_and_one_that_was_heard_is_not_said_again():
    counters = GuardCounters()
    assert judge(stopped=True, looped=False, attempt=0, heard=False, counters=counters) is Verdict.KEEP
    assert not any(counters.gauges().values())
    assert judge(stopped=True, looped=True, attempt=0, heard=True, counters=counters) is Verdict.KEEP_CUT
    assert counters.gauges()["guard_loops_total"] == counters.gauges()["guard_kept_cut_total"] == 1


@given(st.integers(0, 2**63 - 1))
def test_every_attempt_has_its_own_seed_and_always_the_same(seed):
    seeds = [retry_seed(seed, attempt) for attempt in range(MAX_RETRIES + 1)]
    assert seeds[0] == seed
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= each < 2**63 for each in seeds)
    assert seeds == [retry_seed(seed, attempt) for attempt in range(MAX_RETRIES + 1)]


def test_texts_and_tails_are_counted():
    counters = GuardCounters()
    counters.text("Olá.", "Olá")
    counters.text("Olá", "Olá")
    counters.text("...", "")
    counters.tail(0, 24_000)
    counters.tail(12_000, 24_000)
    gauges = counters.gauges()
    assert (gauges["guard_texts_changed_total"], gauges["guard_texts_silent_total"]) == (2, 1)
    assert (gauges["guard_tails_cut_total"], gauges["guard_tail_seconds_total"]) == (1, 0.5)
