"""The end of an utterance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.guards import TailGate, trim_tail
from voicecore.errors import InvalidInput

_RATE = 24_000


def _sound(duration_s: float, level: float = 0.2) -> np.ndarray:
    time_s = np.arange(round(duration_s * _RATE)) / _RATE
    return (level * np.sin(2 * np.pi * 180 * time_s)).astype(np.float32)


def _silence(duration_s: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(round(duration_s * _RATE))
    return (1e-4 * noise).astype(np.float32)


def _utterance(*durations_s: float) -> np.ndarray:
    """Sound and silence in turn."""
    pieces = [(_sound, _silence)[at % 2](each) for at, each in enumerate(durations_s)]
    return np.concatenate([np.zeros(0, np.float32), *pieces])


_PIECES = st.lists(st.sampled_from([0.05, 0.1, 0.13, 0.3, 0.65, 0.75, 1.0]), max_size=7)


@settings(deadline=None, max_examples=60)
@given(_PIECES, st.lists(st.integers(0, 30_000), max_size=12), st.integers(0, 239))
def test_what_a_gate_lets_through_is_the_trimmed_whole_however_it_came_in(durations, cuts, odd):
    whole = np.concatenate([np.zeros(odd, np.float32), _utterance(*durations)])
    trimmed = trim_tail(whole, _RATE)
    gate = TailGate(_RATE)
    parts = [gate.push(part) for part in np.split(whole, sorted(min(cut, len(whole)) for cut in cuts))]
    joined = np.concatenate([*parts, gate.finish()])
    np.testing.assert_array_equal(joined, trimmed.samples)
    assert (gate.cut_samples, gate.cut_sounds) == (trimmed.cut_samples, trimmed.cut_sounds)
    assert len(joined) + trimmed.cut_samples == len(whole)


@settings(deadline=None, max_examples=60)
@given(_PIECES)
def test_only_the_end_is_ever_changed(durations):
    whole = _utterance(*durations)
    kept = trim_tail(whole, _RATE).samples
    untouched = max(0, len(kept) - round(0.008 * _RATE))
    np.testing.assert_array_equal(kept[:untouched], whole[:untouched])


def test_silence_and_a_stray_sound_behind_it_are_cut():
    trimmed = trim_tail(_utterance(1.0, 0.9, 0.1, 0.5), _RATE)
    assert len(trimmed.samples) == pytest.approx(1.12 * _RATE, abs=0.02 * _RATE)
    assert trimmed.cut_sounds == 1
    assert trimmed.samples[-1] == 0


def test_several_stray_sounds_are_cut_together():
    trimmed = trim_tail(_utterance(1.0, 0.9, 0.1, 0.8, 0.1), _RATE)
    assert len(trimmed.samples) == pytest.approx(1.12 * _RATE, abs=0.02 * _RATE)
    assert trimmed.cut_sounds == 2


@pytest.mark.parametrize(
    "durations",
    [(1.0, 0.5, 0.1), (1.0, 0.9, 0.3), (1.0, 0.9, 0.1, 0.3, 0.1), (0.1,), (1.0, 0.9, 0.1, 0.9, 0.4)],
    ids=["short pause", "a word", "two syllables", "one sound", "a word behind a stray sound"],
)
def test_speech_is_not_cut(durations):
    whole = _utterance(*durations)
    trimmed = trim_tail(whole, _RATE)
    np.testing.assert_array_equal(trimmed.samples, whole)
    assert trimmed.cut_samples == trimmed.cut_sounds == 0


def test_a_soft_last_consonant_stays():
    whole = np.concatenate([_sound(1.0), _sound(0.15, level=0.2 * 10 ** (-25 / 20))])
    np.testing.assert_array_equal(trim_tail(whole, _RATE).samples, whole)


def test_a_gate_in_speech_holds_back_no_more_than_a_frame():
    gate = TailGate(_RATE)
    gate.push(_sound(0.5))
    assert len(gate.push(_sound(0.1))) >= 0.09 * _RATE


def test_an_utterance_without_sound_keeps_little_and_an_empty_one_is_empty():
    assert len(trim_tail(_silence(2.0), _RATE).samples) == round(0.12 * _RATE)
    assert trim_tail(np.zeros(0, np.float32), _RATE).samples.shape == (0,)
    with pytest.raises(InvalidInput, match="at least 1000 Hz"):
        TailGate(10)
