"""Stretches: nothing of a span is lost, and the best fit into the limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.conditioning.clip import RATE_HZ, HeardClip
from adapters.engines.xtts.conditioning.pitch import f0_contour, spread_semitones
from adapters.engines.xtts.conditioning.stretches import Stretch, best, stretches_of
from adapters.engines.xtts.conditioning.voice_activity import Span
from tests.adapters.xtts.conditioning.babble import babble

_SOUND = babble(40, rate_hz=RATE_HZ).samples


def _clip(spans: tuple[Span, ...]) -> HeardClip:
    return HeardClip(samples=_SOUND, spans=spans, flat=np.zeros(len(_SOUND), np.bool_), source_rate_hz=RATE_HZ)


def _stretch(seconds: float, snr_db: float, clipped: float = 0.0) -> Stretch:
    samples = np.zeros(round(seconds * RATE_HZ), np.float32)
    return Stretch(
        clip=0, span=Span(0.0, seconds), samples=samples, snr_db=snr_db, clipped=clipped, f0=np.zeros(0, np.float32)
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 20.0), st.floats(0.3, 20.0))
def test_the_pieces_of_a_span_are_the_span_and_none_is_long_or_a_splinter(start_s: float, length_s: float) -> None:
    clip = _clip((Span(start_s, start_s + length_s),))
    pieces = stretches_of([clip])
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), clip.cut(clip.spans[0]))
    assert max(piece.duration_s for piece in pieces) <= 6.05
    assert len(pieces) == 1 or min(piece.duration_s for piece in pieces) > 0.4


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    samples = 0.3 * np.sin(np.arange(8 * RATE_HZ) * 0.05).astype(np.float32)
    samples[round(4.3 * RATE_HZ) : round(4.4 * RATE_HZ)] *= 0.01
    clip = HeardClip(samples=samples, spans=(Span(0.0, 8.0),), flat=np.zeros(0, np.bool_), source_rate_hz=RATE_HZ)
    first, second = stretches_of([clip])
    assert 4.3 <= first.span.end_s <= 4.4
    assert second.span.start_s == first.span.end_s


@given(st.lists(st.tuples(st.floats(0.3, 6.0), st.floats(0.0, 60.0)), max_size=30), st.floats(1.0, 40.0))
def test_the_best_fit_the_limit_and_keep_their_order(made: list[tuple[float, float]], limit_s: float) -> None:
    stretches = [_stretch(*each) for each in made]
    chosen = best(stretches, limit_s)
    assert sum(len(each.samples) for each in chosen) <= round(limit_s * RATE_HZ)
    places = [next(index for index, each in enumerate(stretches) if each is one) for one in chosen]
    assert places == sorted(set(places))
    left = round(limit_s * RATE_HZ) - sum(len(each.samples) for each in chosen)
    refused = [each for index, each in enumerate(stretches) if index not in places]
    assert all(len(each.samples) > left for each in refused)


def test_the_cleaner_and_the_unclipped_stretch_comes_first_and_ties_go_to_the_earlier() -> None:
    noisy, clean, clipped, again = _stretch(5, 10), _stretch(5, 30), _stretch(5, 30, 0.05), _stretch(5, 30)
    assert best([noisy, clean, clipped], 5) == [clean]
    assert best([noisy, clipped], 5) == [noisy]
    assert best([clean, again], 5) == [clean]


@pytest.mark.parametrize("snr_db", [15.0, 10.0, 5.0])
def test_the_estimate_of_the_noise_follows_the_noise(snr_db: float) -> None:
    power = float(np.square(_SOUND).mean())
    noise = np.random.default_rng(0).standard_normal(len(_SOUND)) * np.sqrt(power) * 10 ** (-snr_db / 20)
    samples = (_SOUND + noise).astype(np.float32)
    clip = HeardClip(
        samples=samples, spans=(Span(0.0, 40.0),), flat=np.zeros(len(samples), np.bool_), source_rate_hz=RATE_HZ
    )
    assert np.mean([each.snr_db for each in stretches_of([clip])]) == pytest.approx(snr_db, abs=3.5)


@pytest.mark.parametrize("f0_hz", [80.0, 120.0, 210.0, 320.0])
def test_the_pitch_of_a_known_voice_is_found(f0_hz: float) -> None:
    f0 = f0_contour(babble(5, f0_hz, rate_hz=RATE_HZ).samples, RATE_HZ)
    assert np.mean(f0 > 0) > 0.6
    assert np.median(f0[f0 > 0]) == pytest.approx(f0_hz, rel=0.12)
    assert 0.5 < spread_semitones(f0) < 6


def test_noise_and_silence_have_no_pitch() -> None:
    assert np.mean(f0_contour(np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32), RATE_HZ) > 0) < 0.05
    assert not f0_contour(np.zeros(RATE_HZ, np.float32), RATE_HZ).any()
    assert f0_contour(np.zeros(10, np.float32), RATE_HZ).size == 0
    assert spread_semitones(np.zeros(5, np.float32)) == 0.0
