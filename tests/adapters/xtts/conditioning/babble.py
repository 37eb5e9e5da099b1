"""A person who babbles: syllables of changing vowels over a swinging F0, alike enough to speech for a voice activity detector.

Source and filter as in Klatt, "Software for a cascade/parallel formant synthesizer" (1980), much simplified: harmonics of a
glottal source, weighed by the resonances of a vowel, with consonants of noise between the syllables.
"""

from __future__ import annotations

import functools

import numpy as np
import soxr

from voicecore.audio import Audio

#: First four formants in Hz of [a e i o u], an adult's.
_VOWELS = (
    (730, 1090, 2440, 3400),
    (530, 1840, 2480, 3500),
    (300, 2290, 3010, 3700),
    (570, 840, 2410, 3400),
    (350, 870, 2240, 3300),
)
_RATE_HZ = 24_000
_SYLLABLE_S = 0.2


@functools.cache
def babble(
    seconds: float,
    f0_hz: float = 140.0,
    *,
    rate_hz: int = 24_000,
    level: float = 0.3,
    seed: int = 0,
    tract: float = 1.0,
) -> Audio:
    """Somebody babbling for so long, with a pause of one syllable after every seven.

    Args:
        seconds: length.
        f0_hz: median pitch.
        rate_hz: sample rate.
        level: peak, 0..1.
        seed: which syllables.
        tract: factor on all formants: above 1 a shorter vocal tract.
    """
    random = np.random.default_rng(seed)
    count = round(seconds * _RATE_HZ)
    time_s = np.arange(count) / _RATE_HZ
    syllables = int(np.ceil(seconds / _SYLLABLE_S)) + 1
    index = np.minimum((time_s / _SYLLABLE_S).astype(int), syllables - 1)
    targets = np.array(_VOWELS, float)[random.integers(0, len(_VOWELS), syllables)] * tract
    at_s = (np.arange(syllables) + 0.5) * _SYLLABLE_S
    formants = [np.interp(time_s, at_s, targets[:, number]) for number in range(4)]
    pitch_hz = f0_hz * np.exp(np.interp(time_s, at_s, random.normal(0, 0.12, syllables)))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / _RATE_HZ
    sound = np.zeros(count)
    for harmonic in range(1, int(3300.0 / f0_hz)):
        hz = harmonic * pitch_hz
        gain = sum(1.0 / (1.0 + ((hz - formant) / (60 + 30 * number)) ** 2) for number, formant in enumerate(formants))
        sound += np.sin(harmonic * phase) * gain / harmonic**1.2
    within = time_s % _SYLLABLE_S / _SYLLABLE_S
    opening = np.clip(np.minimum(within, 1 - within) * 6, 0, 1) ** 0.5
    speaking = np.convolve(index % 8 != 7, np.full(_RATE_HZ // 50, 50 / _RATE_HZ), mode="same")
    noise = np.diff(random.standard_normal(count + 1)) * random.uniform(0.0, 0.3, syllables)[index]
    sound = (sound * opening + noise * (1 - opening)) * speaking + 0.002 * random.standard_normal(count)
    told = soxr.resample(sound, _RATE_HZ, rate_hz)
    return Audio((level * told / np.abs(told).max()).astype(np.float32), rate_hz)
