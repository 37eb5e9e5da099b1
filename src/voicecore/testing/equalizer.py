"""A converter for tests: it moves the long-term spectrum of the speech to the target's. No model, no packages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Audio, Samples
from voicecore.errors import EngineFailed, InvalidAudio, InvalidInput
from voicecore.ports import ConversionReport
from voicecore.tone_colour import SILENT_BELOW, ToneSettings, check_reference, check_speech
from voicecore.voice import VoicePrint

RATE_HZ = 16_000
_BANDS = 16
_FRAME = 1024
#: Quiet bands differ by what nobody hears; beyond these factors nothing is amplified.
_LARGEST_GAIN = 8.0


class Equalizer:
    """`voicecore.ports.ToneConverter` whose voice prints are 16 loudnesses.

    Args:
        flavour: stands for the weights: equalizers of another flavour refuse each other's prints.
    """

    name = "equalizer"

    def __init__(self, flavour: str = "plain") -> None:
        self.model_digest = hashlib.sha256(flavour.encode()).hexdigest()
        self._closed = False

    def learn(self, clips: Sequence[Audio]) -> VoicePrint:
        self._check_open()
        check_reference(sum(clip.duration_s for clip in clips))
        if all(clip.peak <= SILENT_BELOW for clip in clips):
            raise InvalidAudio("The reference is silent; give recordings of the voice to be put on.")
        whole = np.concatenate([_at_rate(clip) for clip in clips])
        return VoicePrint(self.name, self.model_digest, {"bands": _bands(whole)})

    def convert(self, audio: Audio, settings: ToneSettings) -> tuple[Audio, ConversionReport]:
        self._check_open()
        check_speech(audio.duration_s)
        target = self._loudnesses(settings.target)
        samples = _at_rate(audio)
        if audio.peak <= SILENT_BELOW:
            return Audio(np.zeros_like(samples), RATE_HZ), ConversionReport(notes=("The audio is silent.",))
        source = _bands(samples) if settings.source is None else self._loudnesses(settings.source)
        gains = np.clip(np.exp(target - source), 1 / _LARGEST_GAIN, _LARGEST_GAIN)
        spectrum = np.fft.rfft(samples)
        places = np.linspace(0, _BANDS - 1, len(spectrum))
        made = np.fft.irfft(spectrum * np.interp(places, np.arange(_BANDS), gains), len(samples))
        made += (
            settings.tau * 0.01 * np.abs(samples) * np.random.default_rng(settings.seed).standard_normal(len(samples))
        )
        made /= max(1.0, float(np.abs(made).max()))
        return Audio(made.astype(np.float32), RATE_HZ), ConversionReport()

    def close(self) -> None:
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise EngineFailed("The converter was closed; open another one.")

    def _loudnesses(self, voice: VoicePrint) -> NDArray[np.float64]:
        if (voice.engine, voice.model_digest) != (self.name, self.model_digest):
            raise InvalidInput("The voice was learned by another converter; learn it again with this one.")
        bands: NDArray[np.float64] = voice.arrays["bands"]
        return bands


def _at_rate(audio: Audio) -> Samples:
    """By straight lines between samples: good enough for a fake."""
    length = round(len(audio.samples) * RATE_HZ / audio.sample_rate_hz)
    times = np.arange(length) * audio.sample_rate_hz / RATE_HZ
    return np.interp(times, np.arange(len(audio.samples)), audio.samples).astype(np.float32)


def _bands(samples: Samples) -> NDArray[np.float64]:
    """Logarithm of the mean magnitude in equal bands from 0 Hz to half the rate; shape (16,)."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1))[:, : _FRAME // 2].mean(axis=0)
    loudnesses: NDArray[np.float64] = np.log(magnitudes.reshape(_BANDS, -1).mean(axis=1) + 1e-6)
    return loudnesses
