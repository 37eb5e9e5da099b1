"""What leaves the engine has short silent ends, keeps its middle, and never clips."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.engines.kokoro.finish import LEAD_S, TAIL_S, levelled, speech_level_db, trimmed

RATE_HZ = 24_000


def _tone(seconds: float, size: float = 0.3) -> np.ndarray:
    return (size * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def _quiet(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


@given(before=st.floats(0, 2), after=st.floats(0, 2), pause=st.floats(0, 1))
def test_silence_is_cut_at_the_ends_and_nowhere_else(before: float, after: float, pause: float) -> None:
    speech = np.concatenate([_tone(0.5), _quiet(pause), _tone(0.5)])
    left = trimmed(np.concatenate([_quiet(before), speech, _quiet(after)]), RATE_HZ)
    assert len(speech) - RATE_HZ * 0.02 <= len(left) <= len(speech) + (LEAD_S + TAIL_S + 0.04) * RATE_HZ


def test_a_weak_ending_thirty_decibels_down_is_kept() -> None:
    left = trimmed(np.concatenate([_tone(0.5), _tone(0.3, 0.3 / 32), _quiet(1.0)]), RATE_HZ)
    assert len(left) >= 0.8 * RATE_HZ


def test_a_long_breath_forty_five_decibels_down_is_shortened() -> None:
    breath = _tone(1.0, 0.3 / 180)
    left = trimmed(np.concatenate([breath, _tone(0.5), breath]), RATE_HZ)
    assert len(left) <= (0.5 + 2 * 0.2 + 0.04) * RATE_HZ


def test_silence_becomes_nothing() -> None:
    assert trimmed(_quiet(1.0), RATE_HZ).shape == (0,)
    assert trimmed(_quiet(0.0), RATE_HZ).shape == (0,)


@given(gain_db=st.floats(-18, 18), size=st.floats(0.001, 2.0))
def test_no_gain_makes_it_clip_or_turns_it_around(gain_db: float, size: float) -> None:
    tone = _tone(0.05, size)
    louder = levelled(tone, gain_db)
    assert np.abs(louder).max() < 1.0
    assert (np.sign(louder) == np.sign(tone)).all()


def test_below_the_knee_a_gain_is_exact() -> None:
    tone = _tone(0.1, 0.2)
    assert np.allclose(levelled(tone, 6.0), tone * 10 ** (6 / 20), rtol=1e-6)


def test_the_level_of_speech_does_not_count_its_pauses() -> None:
    speech = np.concatenate([_tone(1.0), _quiet(3.0)])
    assert abs(speech_level_db(speech, RATE_HZ) - 20 * np.log10(0.3 / np.sqrt(2))) < 0.2
    assert speech_level_db(_quiet(0.0), RATE_HZ) == -120.0
