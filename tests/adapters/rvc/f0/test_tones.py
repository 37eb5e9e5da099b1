"""What each tracker makes of sounds whose pitch is known, and of those that have none."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.converters.rvc.f0 import F0_MAX_HZ, F0_MIN_HZ, F0Tracker
from tests.adapters.rvc.f0.sounds import cents, glide, noise, steady, vibrato, voice_like
from voicecore.conversion import F0Method

#: RMVPE has random weights here, so it knows no pitch.
KNOWING = [method for method in F0Method if method != F0Method.RMVPE]
Trackers = dict[F0Method, F0Tracker]

PITCHES = {
    "a rising voice": glide(100, 400, 1),
    "a falling voice": glide(330, 82, 1),
    "a singer's vibrato": vibrato(220, 1),
    "a child": steady(415, 0.6),
    "a bass": steady(70, 0.6),
}


@pytest.mark.parametrize("name", PITCHES)
@pytest.mark.parametrize("method", KNOWING)
def test_a_pitch_that_is_known_is_found(trackers: Trackers, method: F0Method, name: str) -> None:
    pitch = PITCHES[name]
    found = trackers[method].track(voice_like(pitch), len(pitch) // 160)
    true = pitch[::160][: len(found)]
    voiced = found > 0
    # At the ends, half a window of each tracker hears silence.
    assert voiced[5:-5].mean() > 0.97
    assert np.median(cents(found[voiced], true[voiced])) < 15
    assert (cents(found[voiced], true[voiced]) < 50).mean() > 0.97


@pytest.mark.parametrize("method", KNOWING)
def test_a_pitch_begins_and_ends_where_the_voice_does(trackers: Trackers, method: F0Method) -> None:
    quiet = np.zeros(16_000, np.float32)
    found = trackers[method].track(np.concatenate((quiet, voice_like(steady(220, 1)), quiet)), 300)
    voiced = np.flatnonzero(found)
    assert abs(voiced[0] - 100) <= 3
    assert abs(voiced[-1] - 200) <= 3
    assert np.diff(voiced).max() == 1


@pytest.mark.parametrize("method", KNOWING)
@pytest.mark.parametrize("level", [0.0, 0.5, -1.0])
def test_silence_has_no_pitch_even_where_it_is_not_at_zero(trackers: Trackers, method: F0Method, level: float) -> None:
    found = trackers[method].track(np.full(16_000, level, np.float32), 100)
    assert not found.any()


@pytest.mark.parametrize("method", [each for each in KNOWING if each != F0Method.FCPE])
def test_noise_has_hardly_any_pitch(trackers: Trackers, method: F0Method) -> None:
    found = trackers[method].track(noise(2, 0.1), 200)
    assert (found > 0).mean() < 0.3


def test_fcpe_hears_a_pitch_in_noise_as_its_makers_left_it(trackers: Trackers) -> None:
    """Their line between voiced and unvoiced is low. Whoever converts much breath chooses another method."""
    found = trackers[F0Method.FCPE].track(noise(2, 0.1), 200)
    assert (found > 0).mean() > 0.5


@pytest.mark.parametrize("method", KNOWING)
def test_what_is_found_lies_between_the_bounds(trackers: Trackers, method: F0Method) -> None:
    for sound in (
        noise(1, 0.3),
        voice_like(steady(1_500, 1)),
        voice_like(steady(35, 1)),
        voice_like(glide(30, 2_000, 2)),
    ):
        found = trackers[method].track(sound, len(sound) // 160)
        voiced = found[found > 0]
        # Half a Hz: StoneMask refines beyond the bounds that it was given.
        assert ((voiced >= F0_MIN_HZ - 0.5) & (voiced <= F0_MAX_HZ + 0.5)).all()


def test_loudness_does_not_move_the_pitch(trackers: Trackers) -> None:
    pitch = vibrato(180, 0.5)
    for method in KNOWING:
        loud = trackers[method].track(voice_like(pitch, 0.3), 50)[5:-5]
        soft = trackers[method].track(voice_like(pitch, 0.01), 50)[5:-5]
        both = (loud > 0) & (soft > 0)
        assert both.mean() > 0.9
        assert np.median(cents(loud[both], soft[both])) < 5
