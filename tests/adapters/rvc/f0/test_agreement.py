"""Trackers that know nothing of each other, on speech: they hear the same voice, or one of them is broken.

The table (`pytest -rP`) is what docs/conversion.md quotes. A tracker that is an octave off, late by 50 ms, or made of chance
misses the bounds by far; `test_the_bounds_would_tell_a_broken_tracker` says so.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from adapters.converters.rvc.f0 import F0Tracker
from tests.adapters.rvc.f0.sounds import cents
from voicecore.conversion import F0Method

Trackers = dict[F0Method, F0Tracker]
KNOWING = [method for method in F0Method if method != F0Method.RMVPE]
#: Least share of the frames voiced in both that must lie within 50 cents, and least share of equal decisions on voicing.
#: Harvest marks nearly everything as voiced, and what nobody else takes for a voice has no pitch to agree on.
WITH_HARVEST, OTHERS = (0.70, 0.55), (0.75, 0.70)


@pytest.fixture(scope="module")
def tracks(trackers: Trackers, speech: dict[str, np.ndarray]) -> dict[str, dict[F0Method, np.ndarray]]:
    return {
        voice: {method: trackers[method].track(sound, len(sound) // 160) for method in KNOWING}
        for voice, sound in speech.items()
    }


@pytest.mark.parametrize("voice", ["female_generic", "male_generic"])
def test_all_trackers_hear_the_same_voice(tracks: dict[str, dict[F0Method, np.ndarray]], voice: str) -> None:
    found = tracks[voice]
    print(f"\n{voice}: within 50 cents / same decision on voicing, in percent")
    print(" " * 11 + "".join(f"{method:>12}" for method in KNOWING))
    for one in KNOWING:
        shares = [agreement(found[one], found[other]) for other in KNOWING]
        print(f"{one:11}" + "".join(f"{100 * near:8.0f}/{100 * same:3.0f}" for near, same in shares))
    for one, other in combinations(KNOWING, 2):
        near, same = agreement(found[one], found[other])
        assert near > bounds(one, other)[0], (one, other)
        assert same > bounds(one, other)[1], (one, other)


@pytest.mark.parametrize(("voice", "low", "high"), [("female_generic", 155, 200), ("male_generic", 115, 150)])
def test_each_hears_how_high_a_voice_is(
    tracks: dict[str, dict[F0Method, np.ndarray]], voice: str, low: float, high: float
) -> None:
    for method, track in tracks[voice].items():
        assert low < np.median(track[track > 0]) < high, method
        assert 0.4 < (track > 0).mean() < 0.95, method


@pytest.mark.parametrize("voice", ["female_generic", "male_generic"])
@pytest.mark.parametrize("method", KNOWING)
def test_the_bounds_would_tell_a_broken_tracker(
    tracks: dict[str, dict[F0Method, np.ndarray]], voice: str, method: F0Method
) -> None:
    """Each way of being broken is seen against most of the others."""
    track = tracks[voice][method]
    dice = np.random.default_rng(1)
    broken = {
        "an octave up": track * 2,
        "a semitone up": track * 2 ** (1 / 12),
        "reversed": track[::-1],
        "by chance": np.where(dice.random(len(track)) < 0.6, dice.uniform(80, 400, len(track)), 0),
        "all at its median": np.where(track > 0, np.median(track[track > 0]), 0),
    }
    for way, wrong in broken.items():
        others = [each for each in KNOWING if each != method]
        shares = [(agreement(wrong, tracks[voice][each]), bounds(method, each)) for each in others]
        missed = [near <= least or same <= least_same for (near, same), (least, least_same) in shares]
        assert np.mean(missed) > 0.5, way


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    both = (one > 0) & (other > 0)
    near = float((cents(one[both], other[both]) < 50).mean()) if both.any() else 0.0
    return near, float(((one > 0) == (other > 0)).mean())


def bounds(one: F0Method, other: F0Method) -> tuple[float, float]:
    return WITH_HARVEST if F0Method.HARVEST in (one, other) else OTHERS
