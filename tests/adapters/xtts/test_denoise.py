"""Steady noise in a spoken result."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.engines.xtts.denoise import denoised

_RATE = 24_000


def _speech(duration_s: float = 4.0) -> np.ndarray:
    """A voice of harmonics under formants, in syllables with pauses between, at about -20 dBFS."""
    time_s = np.arange(round(duration_s * _RATE)) / _RATE
    phase = 2 * np.pi * np.cumsum(130 + 20 * np.sin(2 * np.pi * 0.7 * time_s)) / _RATE
    voice = np.zeros_like(time_s)
    for number in range(1, 40):
        pitch = 130 * number
        level = sum(
            np.exp(-(((pitch - centre) / width) ** 2)) for centre, width in ((500, 200), (1500, 300), (2500, 400))
        )
        voice += (level + 0.01) * np.sin(number * phase)
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time_s) + 0.2, 0, 1) * (np.sin(2 * np.pi * 0.5 * time_s) > -0.7)
    return (0.1 * voice * syllables / np.std(voice * syllables)).astype(np.float32)


def _snr_db(signal: np.ndarray, clean: np.ndarray) -> float:
    return float(10 * np.log10((clean**2).sum() / ((signal - clean) ** 2).sum()))


@pytest.mark.parametrize("snr_db", [5, 10, 15])
def test_steady_noise_falls_by_six_decibels_and_more(snr_db):
    clean = _speech()
    noise = np.random.default_rng(1).standard_normal(len(clean)) * clean.std() * 10 ** (-snr_db / 20)
    noisy = (clean + noise).astype(np.float32)
    cleaned = denoised(noisy, _RATE)
    assert cleaned.shape == noisy.shape
    assert cleaned.dtype == np.float32
    assert _snr_db(cleaned, clean) - _snr_db(noisy, clean) >= 6


def test_clean_speech_keeps_its_energy_and_its_shape():
    clean = _speech()
    cleaned = denoised(clean, _RATE)
    assert abs(10 * np.log10((cleaned**2).sum() / (clean**2).sum())) < 0.5
    assert _snr_db(cleaned, clean) > 15


def test_speech_in_noise_keeps_the_energy_of_its_band():
    clean = _speech()
    noisy = (clean + np.random.default_rng(1).standard_normal(len(clean)) * 0.02).astype(np.float32)
    band = np.fft.rfftfreq(len(clean), 1 / _RATE)
    inside = (band > 100) & (band < 3000)
    before, after = (float((np.abs(np.fft.rfft(each))[inside] ** 2).sum()) for each in (clean, denoised(noisy, _RATE)))
    assert abs(10 * np.log10(after / before)) < 1


def test_silence_stays_silent_and_the_shortest_sounds_are_left_alone():
    np.testing.assert_array_equal(denoised(np.zeros(_RATE, np.float32), _RATE), 0)
    assert denoised(np.zeros(0, np.float32), _RATE).shape == (0,)
    short = np.ones(100, np.float32)
    np.testing.assert_array_equal(denoised(short, _RATE), short)


def test_a_sound_too_soft_to_have_noise_stays_as_it_is():
    soft = np.full(_RATE, 1e-9, np.float32)
    np.testing.assert_array_equal(denoised(soft, _RATE), soft)


def test_digital_silence_within_an_utterance_stays_silent():
    utterance = np.concatenate([_speech(2.0), np.zeros(_RATE, np.float32), _speech(2.0)])
    cleaned = denoised(utterance, _RATE)
    assert np.abs(cleaned[round(2.1 * _RATE) : round(2.9 * _RATE)]).max() < 1e-7
