"""A pitch that is there repeats itself; one that a tracker made up does not."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.converters.rvc.f0.repetition import repeats
from tests.adapters.rvc.f0.sounds import RATE_HZ, noise, steady, vibrato, voice_like


def coloured(seconds: float, slope: float, loudness: float = 0.2) -> np.ndarray:
    """Noise whose spectrum falls by so many times 3 dB an octave: 1 is pink, as of rain, and 2 brown, as of wind."""
    spectrum = np.fft.rfft(noise(seconds, 0.3))
    hz = np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ)
    spectrum *= np.where(hz < 50, 0, np.maximum(hz, 50) ** (-slope / 2))
    samples = np.fft.irfft(spectrum)
    return (loudness * samples / samples.std()).clip(-1, 1).astype(np.float32)


@pytest.mark.parametrize("hz", [55.0, 110.0, 220.0, 440.0, 1_000.0])
def test_a_voice_repeats_itself_at_its_pitch_and_an_octave_below(hz):
    samples = voice_like(steady(hz, 1.0))
    for said in (hz, max(hz / 2, 50.0) if hz > 100 else hz):
        found = repeats(samples, np.full(100, said, np.float32))
        assert found[5:-5].all()


def test_a_singers_vibrato_repeats_itself():
    track = vibrato(200, 1.0)
    found = repeats(voice_like(track), track[::160].astype(np.float32))
    assert found[5:-5].mean() > 0.9


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("hz", [100.0, 160.0, 220.0])
def test_noise_hardly_does_of_whatever_colour(slope, hz):
    found = repeats(coloured(4.0, slope), np.full(400, hz, np.float32))
    assert found.mean() < 0.1


def test_only_voiced_frames_are_looked_at_and_no_length_is_too_short():
    assert repeats(np.zeros(0, np.float32), np.zeros(5, np.float32)).shape == (0,)
    assert repeats(np.zeros(100, np.float32), np.array([0, 100, 0, 1100, 50], np.float32)).tolist() == [False] * 3
