"""What every voice converter must do, whatever its method. Subclass, override the fixtures, and set the attributes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import pytest

from voicecore.audio import Audio, Samples
from voicecore.errors import EngineFailed, InvalidAudio, InvalidInput
from voicecore.ports import ConversionReport, ToneConverter, VoiceConverter
from voicecore.tone_colour import MAX_REFERENCE_S, MIN_REFERENCE_S, ToneSettings
from voicecore.voice import VoicePrint

Settings = TypeVar("Settings")


def buzz(seconds: float, *, hz: float = 130.0, rate_hz: int = 22_050, seed: int = 0) -> Audio:
    """Sound with the make of speech: a gliding buzz of harmonics, syllables, and a little breath."""
    numbers = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * time))) / rate_hz
    centre = 900 + 500 * np.sin(2 * np.pi * 0.9 * time + seed)
    sound = np.zeros(len(time))
    for harmonic in range(1, min(25, int(rate_hz / 2.4 / hz))):
        sound += np.exp(-(((harmonic * hz - centre) / 600) ** 2)) * np.sin(harmonic * phase)
    sound = sound * np.clip(np.sin(2 * np.pi * 3.3 * time), 0, None) + 0.01 * numbers.standard_normal(len(time))
    return Audio((0.5 * sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32), rate_hz)


class VoiceConverterContract(Generic[Settings]):
    """Contract of `voicecore.ports.VoiceConverter`.

    Attributes:
        speech_s: length of the speech that most tests convert.
    """

    speech_s: ClassVar[float] = 1.5

    @pytest.fixture
    def converter(self) -> Iterator[VoiceConverter[Any]]:
        """Override: an open converter, closed afterwards."""
        raise NotImplementedError
        yield

    @pytest.fixture
    def settings(self) -> Settings:
        """Override: settings that it accepts, for one target voice."""
        raise NotImplementedError

    @pytest.fixture
    def other_settings(self) -> Settings:
        """Override: settings that must sound different, for another target voice."""
        raise NotImplementedError

    def speech(self, **changes: Any) -> Audio:
        return buzz(**{"seconds": self.speech_s, **changes})

    def converted(self, converter: VoiceConverter[Settings], audio: Audio, settings: Settings) -> Samples:
        return converter.convert(audio, settings)[0].samples

    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 48_000])
    def test_speech_at_any_rate_becomes_finite_sound_of_the_same_length(
        self, converter: VoiceConverter[Settings], settings: Settings, rate_hz: int
    ) -> None:
        audio = self.speech(rate_hz=rate_hz, seconds=1.2345)
        made, report = converter.convert(audio, settings)
        assert isinstance(report, ConversionReport)
        assert len(made.samples) == round(len(audio.samples) * made.sample_rate_hz / rate_hz)
        assert np.isfinite(made.samples).all()
        assert 0.01 < made.peak <= 1.0

    def test_the_same_speech_and_settings_sound_the_same_bit_for_bit(
        self, converter: VoiceConverter[Settings], settings: Settings, other_settings: Settings
    ) -> None:
        audio = self.speech()
        once = self.converted(converter, audio, settings)
        self.converted(converter, audio, other_settings)
        assert np.array_equal(once, self.converted(converter, audio, settings))

    def test_another_target_and_other_speech_sound_different(
        self, converter: VoiceConverter[Settings], settings: Settings, other_settings: Settings
    ) -> None:
        audio = self.speech()
        once = self.converted(converter, audio, settings)
        assert np.abs(once - self.converted(converter, audio, other_settings)).max() > 1e-3
        assert np.abs(once - self.converted(converter, self.speech(seed=7, hz=180.0), settings)).max() > 1e-3

    def test_the_speech_that_is_given_stays_as_it_is(
        self, converter: VoiceConverter[Settings], settings: Settings
    ) -> None:
        audio = self.speech()
        before = audio.samples.copy()
        self.converted(converter, audio, settings)
        assert np.array_equal(audio.samples, before)

    def test_silence_stays_silent_and_the_report_says_so(
        self, converter: VoiceConverter[Settings], settings: Settings
    ) -> None:
        made, report = converter.convert(Audio(np.zeros(16_000, np.float32), 16_000), settings)
        assert made.duration_s == pytest.approx(1.0, abs=1e-3)
        assert made.peak < 0.01
        assert report.notes

    def test_less_than_half_a_second_is_refused(self, converter: VoiceConverter[Settings], settings: Settings) -> None:
        with pytest.raises(InvalidAudio, match=r"0\.5 s"):
            converter.convert(self.speech(seconds=0.49), settings)
        with pytest.raises(InvalidAudio, match=r"0\.5 s"):
            converter.convert(Audio(np.zeros(0, np.float32), 16_000), settings)

    def test_closing_twice_is_as_good_as_once_and_nothing_is_converted_afterwards(
        self, converter: VoiceConverter[Settings], settings: Settings
    ) -> None:
        converter.close()
        converter.close()
        with pytest.raises(EngineFailed):
            converter.convert(self.speech(), settings)


class ToneConverterContract(VoiceConverterContract[ToneSettings]):
    """Contract of `voicecore.ports.ToneConverter`. Only the fixture `converter` is to be overridden."""

    @pytest.fixture
    def settings(self, converter: ToneConverter) -> ToneSettings:
        return ToneSettings(target=converter.learn([buzz(6.0, hz=220.0, seed=3)]))

    @pytest.fixture
    def other_settings(self, converter: ToneConverter) -> ToneSettings:
        return ToneSettings(target=converter.learn([buzz(6.0, hz=90.0, seed=5)]))

    def test_a_print_tells_whose_it_is_and_survives_being_stored(
        self, converter: ToneConverter, settings: ToneSettings
    ) -> None:
        learned = settings.target
        assert (learned.engine, learned.model_digest) == (converter.name, converter.model_digest)
        stored = dataclasses.replace(settings, target=VoicePrint.from_bytes(learned.to_bytes()))
        audio = self.speech()
        assert np.array_equal(self.converted(converter, audio, settings), self.converted(converter, audio, stored))

    def test_the_voice_that_is_taken_off_can_be_told_or_learned_from_the_speech(
        self, converter: ToneConverter, settings: ToneSettings, other_settings: ToneSettings
    ) -> None:
        audio = self.speech(seconds=6.0)
        itself = self.converted(converter, audio, settings)
        told = dataclasses.replace(settings, source=converter.learn([audio]))
        other = dataclasses.replace(settings, source=other_settings.target)
        assert np.allclose(itself, self.converted(converter, audio, told), atol=1e-5)
        assert np.abs(itself - self.converted(converter, audio, other)).max() > 1e-3

    def test_the_seed_matters_where_noise_is_drawn_and_nowhere_else(
        self, converter: ToneConverter, settings: ToneSettings
    ) -> None:
        audio = self.speech()

        def sound(tau: float, seed: int) -> Samples:
            return self.converted(converter, audio, dataclasses.replace(settings, tau=tau, seed=seed))

        assert np.array_equal(sound(0.0, 1), sound(0.0, 2))
        assert not np.array_equal(sound(0.5, 1), sound(0.5, 2))

    @pytest.mark.parametrize("seconds", [MIN_REFERENCE_S - 0.1, MAX_REFERENCE_S + 1])
    def test_a_reference_that_is_too_short_or_too_long_is_refused(
        self, converter: ToneConverter, seconds: float
    ) -> None:
        with pytest.raises(InvalidAudio):
            converter.learn([Audio(np.full(round(seconds * 8_000), 0.1, np.float32), 8_000)])

    def test_a_silent_reference_is_refused(self, converter: ToneConverter) -> None:
        with pytest.raises(InvalidAudio, match="silent"):
            converter.learn([Audio(np.zeros(6 * 16_000, np.float32), 16_000)])

    def test_a_print_of_another_converter_or_of_other_weights_is_refused(
        self, converter: ToneConverter, settings: ToneSettings
    ) -> None:
        ours = settings.target
        for strange in (
            VoicePrint("another", ours.model_digest, ours.arrays),
            VoicePrint(ours.engine, "0" * 64, ours.arrays),
        ):
            with pytest.raises(InvalidInput):
                converter.convert(self.speech(), ToneSettings(target=strange))
            with pytest.raises(InvalidInput):
                converter.convert(self.speech(), ToneSettings(target=ours, source=strange))
