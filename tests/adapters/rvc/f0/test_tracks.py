"""What a track is, whoever finds it: as long as was asked, the same every time, made of plain numbers."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.converters.rvc.f0 import F0Tracker
from adapters.converters.rvc.f0.tracker import fitted, read_at
from tests.adapters.rvc.f0.sounds import cents, glide, vibrato, voice_like
from voicecore.conversion import F0Method

Trackers = dict[F0Method, F0Tracker]
#: CREPE and RMVPE of full size cost a second for a second of sound.
LIGHT = [F0Method.PM, F0Method.DIO, F0Method.FCPE, F0Method.CREPE_TINY, F0Method.SWIFT, F0Method.HARVEST]
LENGTHS = [0, 1, 2, 80, 159, 160, 161, 511, 512, 513, 800, 961, 1_024, 1_025, 1_600, 3_001]


@pytest.mark.parametrize("method", F0Method)
@pytest.mark.parametrize("length", LENGTHS)
def test_sounds_of_any_length_give_as_many_frames_as_were_asked_for(
    trackers: Trackers, method: F0Method, length: int
) -> None:
    sound = voice_like(glide(100, 300, 0.2))[:length]
    for frames in (0, length // 160, length // 160 + 7):
        found = trackers[method].track(sound, frames)
        assert found.shape == (frames,)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        # A frame that lies behind the end has nothing to hear.
        assert not found[length // 160 + 1 :].any()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samples=st.integers(0, 9_000), frames=st.integers(0, 80), hop=st.integers(1, 512), seed=st.integers(0, 99),
    method=st.sampled_from(LIGHT),
)  # fmt: skip
def test_no_length_hop_or_noise_gives_anything_but_pitches(
    trackers: Trackers, samples: int, frames: int, hop: int, seed: int, method: F0Method
) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)
    found = trackers[method].track(sound, frames, hop_length=hop)
    assert found.shape == (frames,)
    assert ((found == 0) | ((found > 49) & (found < 1_101))).all()


@pytest.mark.parametrize("method", F0Method)
def test_the_same_sound_has_the_same_pitch_to_the_last_bit(trackers: Trackers, method: F0Method) -> None:
    sound = voice_like(vibrato(200, 0.6))
    first = trackers[method].track(sound, 60)
    # Nothing of other sounds is remembered in between.
    trackers[method].track(voice_like(glide(300, 100, 0.3)), 30)
    assert np.array_equal(trackers[method].track(sound, 60), first)


@pytest.mark.parametrize("method", F0Method)
def test_what_it_hears_is_left_as_it_was(trackers: Trackers, method: F0Method) -> None:
    sound = voice_like(vibrato(200, 0.3))
    sound.flags.writeable = False
    assert trackers[method].track(sound, 30).shape == (30,)
    assert trackers[method].track(voice_like(vibrato(200, 0.6))[::2], 30).shape == (30,)


@pytest.mark.parametrize("method", LIGHT)
def test_another_thread_may_use_it_next(trackers: Trackers, method: F0Method) -> None:
    sound = voice_like(vibrato(200, 0.4))
    here, there = trackers[method].track(sound, 40), []
    thread = threading.Thread(target=lambda: there.append(trackers[method].track(sound, 40)))
    thread.start()
    thread.join()
    assert np.array_equal(there[0], here)


@pytest.mark.parametrize("method", [each for each in LIGHT if each != F0Method.HARVEST])
def test_a_minute_is_tracked_to_its_end(trackers: Trackers, method: F0Method) -> None:
    pitch = np.tile(np.concatenate((vibrato(200, 2), vibrato(120, 1))), 20)
    sound = voice_like(pitch)
    found = trackers[method].track(sound, len(sound) // 160)
    voiced = found > 0
    assert voiced.mean() > 0.95
    assert (cents(found[voiced], pitch[::160][voiced]) < 50).mean() > 0.95


@pytest.mark.parametrize("hop", [32, 64, 100, 128, 160, 256, 320, 512])
def test_crepe_estimates_as_densely_as_is_wanted_and_still_answers_every_10_ms(trackers: Trackers, hop: int) -> None:
    pitch = glide(120, 300, 1.5)
    found = trackers[F0Method.CREPE_TINY].track(voice_like(pitch), 150, hop_length=hop)
    inner = slice(6, -6)
    assert (found[inner] > 0).all()
    assert cents(found[inner], pitch[::160][inner]).max() < 40


def test_crepes_hop_changes_its_track_and_nobody_elses(trackers: Trackers) -> None:
    sound = voice_like(vibrato(200, 0.6, semitones=1))
    for method in F0Method:
        same = np.array_equal(
            trackers[method].track(sound, 60, hop_length=400), trackers[method].track(sound, 60, hop_length=160)
        )
        assert same == (method not in (F0Method.CREPE, F0Method.CREPE_TINY)), method


def test_estimates_closer_than_2_ms_are_not_made(trackers: Trackers) -> None:
    sound = voice_like(vibrato(200, 0.2))
    crepe = trackers[F0Method.CREPE_TINY]
    assert np.array_equal(crepe.track(sound, 20, hop_length=1), crepe.track(sound, 20, hop_length=32))


def test_between_frames_a_pitch_lies_on_a_line_but_never_between_a_voice_and_none() -> None:
    track = np.array([0, 100, 400, 0], np.float64)
    assert read_at(track, np.array([1.5])) == pytest.approx([200])
    assert read_at(track, np.array([-2, 0.4, 0.6, 2.4, 2.6, 9])).tolist() == [0, 0, 100, 400, 0, 0]
    assert read_at(track, np.arange(4.0)).tolist() == [0, 100, 400, 0]


@given(
    track=st.lists(st.sampled_from([0.0, 60.0, 100.0, 250.0, 900.0]), min_size=1, max_size=30),
    places=st.lists(st.floats(-5, 40), max_size=30),
)
def test_what_is_read_between_frames_lies_between_them(track: list[float], places: list[float]) -> None:
    found = read_at(np.array(track), np.array(places))
    for place, value in zip(places, found, strict=True):
        held = min(max(place, 0), len(track) - 1)
        left, right = track[int(held)], track[min(int(held) + 1, len(track) - 1)]
        assert (
            value == pytest.approx(left)
            or value == pytest.approx(right)
            or (min(left, right) > 0 and min(left, right) * 0.999 <= value <= max(left, right) * 1.001)
        )


def test_what_is_no_number_counts_as_unvoiced() -> None:
    assert fitted(np.array([100, np.nan, np.inf, 200]), 6).tolist() == [100, 0, 0, 200, 0, 0]
