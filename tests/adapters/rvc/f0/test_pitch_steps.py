"""From a track to what the synthesiser reads: coarse steps, the median filter, the shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import medfilt

from adapters.converters.rvc.f0 import coarse_pitch, shifted, smoothed

PITCHES = st.lists(st.one_of(st.just(0.0), st.floats(50, 1_100)), min_size=1, max_size=60)


def test_steps_run_from_1_at_50_hz_to_255_at_1100() -> None:
    given_hz = np.array([0, 10, 50, 50.9, 51.5, 440, 1_099, 1_100, 5_000])
    # By hand for 440 Hz: m = 1127 ln(1 + 440/700) = 549.64; (549.64 - 77.75) * 254 / (1064.41 - 77.75) + 1 = 122.48.
    assert coarse_pitch(given_hz).tolist() == [1, 1, 1, 1, 2, 122, 255, 255, 255]


@given(PITCHES)
def test_a_higher_pitch_never_has_a_lower_step(pitches: list[float]) -> None:
    steps = coarse_pitch(np.sort(pitches))
    assert (np.diff(steps) >= 0).all()
    assert steps.min() >= 1
    assert steps.max() <= 255


@given(PITCHES, st.integers(0, 7))
def test_the_median_filter_is_scipys_of_the_next_odd_width_below(pitches: list[float], width: int) -> None:
    track = np.array(pitches, np.float32)
    taps = {0: 1, 1: 1, 2: 1, 3: 3, 4: 3, 5: 5, 6: 5, 7: 7}[width]
    # scipy warns of a window that is wider than the track, which is no concern of ours.
    expected = medfilt(np.pad(track, 8), taps)[8:-8]
    assert np.array_equal(smoothed(track, width), expected)


def test_a_frame_that_jumps_an_octave_is_put_right() -> None:
    track = np.array([200, 201, 402, 203, 204], np.float32)
    assert smoothed(track, 3).tolist() == [200, 201, 203, 204, 203]


@pytest.mark.parametrize("width", [0, 1, 2])
def test_widths_up_to_2_leave_every_frame_as_it_was(width: int) -> None:
    track = np.array([200, 0, 402, 0, 204], np.float32)
    assert np.array_equal(smoothed(track, width), track)


def test_the_widest_filter_drops_what_is_voiced_for_30_ms_only() -> None:
    track = np.zeros(20, np.float32)
    track[5:8] = 150
    assert not smoothed(track, 7).any()
    assert smoothed(track, 5).any()


def test_twelve_semitones_are_an_octave_and_none_change_nothing() -> None:
    track = np.array([0, 110, 220.5], np.float32)
    assert shifted(track, 12).tolist() == [0, 220, 441]
    assert shifted(track, -12).tolist() == [0, 55, 110.25]
    assert np.array_equal(shifted(track, 0), track)


def test_no_frames_stay_no_frames() -> None:
    none = np.zeros(0, np.float32)
    for width in range(8):
        assert smoothed(none, width).shape == (0,)
    assert shifted(none, 3).shape == (0,)
    assert coarse_pitch(none).shape == (0,)


@given(PITCHES, st.integers(0, 7), st.floats(-12, 12))
def test_tracks_keep_their_length_and_their_kind(pitches: list[float], width: int, semitones: float) -> None:
    found = shifted(smoothed(np.array(pitches, np.float32), width), semitones)
    assert found.shape == (len(pitches),)
    assert found.dtype == np.float32
    assert coarse_pitch(found).dtype == np.int64
