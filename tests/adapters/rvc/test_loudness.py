"""The loudness of what is made follows its source, beside RVC's own function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.converters.rvc import loudness
from adapters.converters.rvc.heard import without_rumble
from adapters.converters.rvc.loudness import limit_peak, measured, mix_loudness


def shouted(seconds: float, rate: int, seed: int) -> np.ndarray:
    """Noise that gets louder and quieter."""
    numbers = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    return (0.2 * numbers.standard_normal(len(time)) * (1.1 + np.sin(2 * np.pi * 0.4 * time + seed))).astype(np.float32)


@pytest.mark.parametrize("rate", [32_000, 40_000, 48_000])
@pytest.mark.parametrize("seconds", [0.4, 0.5, 1.0, 3.3, 7.77])
@pytest.mark.parametrize("mix_rate", [0.0, 0.25, 0.9])
def test_it_is_rvcs_change_rms(upstream_pipeline, rate: int, seconds: float, mix_rate: float) -> None:
    source, made = shouted(seconds, 16_000, 1), shouted(seconds - 0.02, rate, 2)
    theirs = upstream_pipeline.change_rms(source.copy(), 16_000, made.copy(), rate, mix_rate)
    mix_loudness(made, source, rate_hz=rate, source_rate_hz=16_000, mix_rate=mix_rate)
    assert np.abs(made - theirs).max() < 1e-5


def test_blocks_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    once, again = shouted(3.0, 40_000, 2), shouted(3.0, 40_000, 2)
    mix_loudness(once, shouted(3.0, 16_000, 1), rate_hz=40_000, source_rate_hz=16_000, mix_rate=0.3)
    monkeypatch.setattr(loudness, "_BLOCK", 777)
    mix_loudness(again, shouted(3.0, 16_000, 1), rate_hz=40_000, source_rate_hz=16_000, mix_rate=0.3)
    assert np.array_equal(once, again)


def test_at_one_the_converted_voice_keeps_its_loudness() -> None:
    made = shouted(2.0, 40_000, 2)
    before = made.copy()
    mix_loudness(made, shouted(2.0, 16_000, 1), rate_hz=40_000, source_rate_hz=16_000, mix_rate=1)
    assert np.array_equal(made, before)


def test_at_zero_it_has_the_loudness_of_its_source() -> None:
    source = shouted(12.0, 16_000, 1)
    source *= np.linspace(0.2, 1, len(source), dtype=np.float32)
    made = (0.02 * np.random.default_rng(0).standard_normal(12 * 40_000)).astype(np.float32)
    before = np.corrcoef(measured(made, 40_000), measured(source, 16_000))[0, 1]
    mix_loudness(made, source, rate_hz=40_000, source_rate_hz=16_000, mix_rate=0)
    now, wanted = measured(made, 40_000), measured(source, 16_000)
    assert abs(before) < 0.5
    assert np.corrcoef(now, wanted)[0, 1] > 0.9
    assert now.mean() == pytest.approx(wanted.mean(), rel=0.1)


def test_where_the_source_is_silent_nothing_sounds() -> None:
    source, made = shouted(6.0, 16_000, 1), shouted(6.0, 40_000, 2)
    source[2 * 16_000 : 5 * 16_000] = 0
    mix_loudness(made, source, rate_hz=40_000, source_rate_hz=16_000, mix_rate=0.5)
    assert np.abs(made[round(3.2 * 40_000) : round(3.8 * 40_000)]).max() == 0
    assert np.abs(made[:40_000]).max() > 0.1


@settings(deadline=None, max_examples=50)
@given(length=st.integers(0, 60_000), source=st.integers(0, 30_000), mix_rate=st.floats(0, 1))
def test_any_lengths_give_finite_sound(length: int, source: int, mix_rate: float) -> None:
    made, heard = np.full(length, 0.5, np.float32), np.full(source, 0.1, np.float32)
    mix_loudness(made, heard, rate_hz=40_000, source_rate_hz=16_000, mix_rate=mix_rate)
    assert np.isfinite(made).all()


@pytest.mark.parametrize(("peak", "limited"), [(0.5, False), (0.98, False), (1.7, True)])
def test_only_what_is_beyond_full_scale_is_made_quieter(peak: float, limited: bool) -> None:
    made = np.linspace(-peak, peak / 2, 1_000, dtype=np.float32)
    assert limit_peak(made) is limited
    assert np.abs(made).max() == pytest.approx(min(peak, 0.99), abs=1e-6)
    assert limit_peak(np.zeros(0, np.float32)) is False


@pytest.mark.parametrize("samples", [19, 8_000, 262_144, 600_001])
def test_rumble_goes_as_in_rvc(upstream_pipeline, samples: int) -> None:
    from scipy import signal

    numbers = np.random.default_rng(0)
    sound = (0.2 * numbers.standard_normal(samples) + 0.5 + 0.2 * np.sin(np.arange(samples) / 300)).astype(np.float32)
    theirs = signal.filtfilt(upstream_pipeline.bh, upstream_pipeline.ah, sound)
    ours = without_rumble(sound)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 2e-6
    assert sound[0] > 0.2  # the sound that came is as it was
