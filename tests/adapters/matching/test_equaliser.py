"""The filter that brings a voice's spectrum to that of the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adapters.engines.kokoro.matching.envelope import BANDS, band_centres_hz, mean_envelope
from adapters.engines.kokoro.matching.equaliser import LIMIT, band_gains, equalised
from adapters.engines.kokoro.matching.pitch import contour
from tests.adapters.matching.glottis import voiced

RATE_HZ = 24_000
TILT = np.linspace(1.5, -1.5, BANDS).astype(np.float32)
ALL = np.ones(BANDS, np.bool_)
envelopes = hnp.arrays(np.float32, BANDS, elements=st.floats(-20, 5, width=32))


def test_flat_gains_leave_the_samples_as_they_are() -> None:
    samples = voiced(1, 120).samples
    assert np.allclose(equalised(samples, np.zeros(BANDS, np.float32), RATE_HZ), samples, atol=1e-4)


def test_the_envelope_arrives_at_its_target() -> None:
    samples = voiced(3, 120).samples
    f0, _ = contour(samples, RATE_HZ)
    source = mean_envelope(samples, RATE_HZ, f0)
    assert source is not None
    target = source + TILT
    moved = equalised(samples, band_gains(target, source, ALL), RATE_HZ)
    arrived = mean_envelope(moved, RATE_HZ, f0)
    assert arrived is not None
    # The filter is 513 taps long: below 200 Hz its bands run into each other. Above all is compared without loudness.
    above = band_centres_hz() > 200
    error = (arrived - target)[above]
    assert np.abs(error - error.mean()).mean() < 0.15


@settings(max_examples=60, deadline=None)
@given(target=envelopes, source=envelopes, trusted=st.integers(1, BANDS))
def test_gains_are_finite_and_within_the_limit_for_any_envelopes(
    target: np.ndarray, source: np.ndarray, trusted: int
) -> None:
    gains = band_gains(target, source, np.arange(BANDS) < trusted)
    assert gains.shape == (BANDS,)
    assert gains.dtype == np.float32
    assert np.isfinite(gains).all()
    assert np.abs(gains).max() <= LIMIT + 1e-6


def test_what_lies_above_the_band_of_a_telephone_is_not_taken_away() -> None:
    source = np.zeros(BANDS, np.float32)
    trusted = band_centres_hz() < 3_600
    telephone = np.where(trusted, 0.0, -20.0).astype(np.float32)
    assert np.allclose(band_gains(telephone, source, trusted), 0.0, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2, 100, 512, 513, 514, 24_000])
def test_the_length_stays(count: int) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, count).astype(np.float32)
    moved = equalised(samples, TILT, RATE_HZ)
    assert moved.shape == (count,)
    assert moved.dtype == np.float32
    assert np.isfinite(moved).all()


def test_silence_stays_silence() -> None:
    assert not equalised(np.zeros(9_000, np.float32), TILT, RATE_HZ).any()


def test_a_click_stays_where_it_was() -> None:
    samples = np.zeros(4_000, np.float32)
    samples[1_234] = 0.5
    assert int(np.abs(equalised(samples, TILT, RATE_HZ)).argmax()) == 1_234


def test_full_scale_does_not_clip() -> None:
    loud = np.sign(np.sin(np.arange(24_000) / 20)).astype(np.float32)
    assert np.abs(equalised(loud, np.full(BANDS, LIMIT, np.float32), RATE_HZ)).max() <= 1.0
