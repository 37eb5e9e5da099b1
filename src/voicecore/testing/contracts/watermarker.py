"""What every `Watermarker` does. It needs speech, and a codec for the lossy format; tests bring both."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from voicecore.audio import Audio
from voicecore.ports import AudioCodec, AudioLimits, Watermarker
from voicecore.request import OutputFormat


class WatermarkerContract:
    """Subclass it, override the `make_` methods, run pytest.

    Attributes:
        least_snr_db: of the marked sound against the unmarked one.
    """

    least_snr_db = 12.0

    @classmethod
    def make_watermarker(cls) -> Watermarker:
        raise NotImplementedError

    @classmethod
    def make_codec(cls) -> AudioCodec:
        raise NotImplementedError

    @classmethod
    def make_speech(cls) -> Sequence[Audio]:
        """Some sounds of 4 s and more, without any mark."""
        raise NotImplementedError

    # Some take seconds to start, so all tests have one of them.
    @pytest.fixture(scope="class")
    @classmethod
    def watermarker(cls) -> Iterator[Watermarker]:
        made = cls.make_watermarker()
        yield made
        made.close()

    @pytest.fixture(scope="class")
    @classmethod
    def speech(cls) -> Sequence[Audio]:
        return cls.make_speech()

    @pytest.fixture(scope="class")
    @classmethod
    def marked(cls, watermarker: Watermarker, speech: Sequence[Audio]) -> Sequence[Audio]:
        return [watermarker.mark(each) for each in speech]

    def test_it_works_here(self, watermarker: Watermarker) -> None:
        watermarker.check()
        assert watermarker.name

    def test_a_mark_is_found_and_sound_without_one_is_clean(
        self, watermarker: Watermarker, speech: Sequence[Audio], marked: Sequence[Audio]
    ) -> None:
        assert all(watermarker.detect(each) >= 0.5 for each in marked)
        assert not any(watermarker.detect(each) >= 0.5 for each in speech)

    def test_the_sound_keeps_its_length_its_rate_and_its_quality(
        self, speech: Sequence[Audio], marked: Sequence[Audio]
    ) -> None:
        for before, after in zip(speech, marked, strict=True):
            assert (len(after.samples), after.sample_rate_hz) == (len(before.samples), before.sample_rate_hz)
            noise = after.samples.astype(np.float64) - before.samples
            snr_db = 10 * np.log10(np.sum(before.samples.astype(np.float64) ** 2) / np.sum(noise**2))
            assert snr_db >= self.least_snr_db

    def test_a_mark_survives_mp3_of_64_kbit(self, watermarker: Watermarker, marked: Sequence[Audio]) -> None:
        codec = self.make_codec()
        for each in marked:
            # Below 32 kHz our MP3 has 64 kbit/s.
            assert each.sample_rate_hz < 32_000
            data = b"".join(codec.encode([each.samples], each.sample_rate_hz, OutputFormat.MP3))
            assert watermarker.detect(codec.decode(io.BytesIO(data), AudioLimits())) >= 0.5

    def test_a_mark_survives_another_rate(self, watermarker: Watermarker, marked: Sequence[Audio]) -> None:
        for each in marked:
            for rate in (16_000, 44_100):
                assert watermarker.detect(_at_rate(each, rate)) >= 0.5

    @pytest.mark.parametrize("gain", [0.25, 0.9])
    def test_a_mark_survives_another_loudness(
        self, watermarker: Watermarker, marked: Sequence[Audio], gain: float
    ) -> None:
        for each in marked:
            assert watermarker.detect(Audio(each.samples * np.float32(gain), each.sample_rate_hz)) >= 0.5

    def test_a_mark_survives_being_cut(self, watermarker: Watermarker, marked: Sequence[Audio]) -> None:
        for each in marked:
            quarter = len(each.samples) // 4
            assert watermarker.detect(Audio(each.samples[quarter // 3 : -quarter // 2], each.sample_rate_hz)) >= 0.5

    def test_the_shortest_sound_and_silence_make_no_trouble(self, watermarker: Watermarker) -> None:
        for samples in (np.full(1, 0.5, np.float32), np.zeros(24_000, np.float32), np.full(500, 0.1, np.float32)):
            marked = watermarker.mark(Audio(samples, 24_000))
            assert len(marked.samples) == len(samples)
            assert 0.0 <= watermarker.detect(marked) <= 1.0

    def test_the_same_sound_gets_the_same_mark(self, watermarker: Watermarker, speech: Sequence[Audio]) -> None:
        one, other = watermarker.mark(speech[0]), watermarker.mark(speech[0])
        assert np.array_equal(one.samples, other.samples)

    def test_closing_twice_is_harmless(self) -> None:
        watermarker = self.make_watermarker()
        watermarker.close()
        watermarker.close()


def _at_rate(audio: Audio, rate_hz: int) -> Audio:
    """By the spectrum: as good as it gets, and nothing but numpy."""
    size = round(len(audio.samples) * rate_hz / audio.sample_rate_hz)
    spectrum = np.fft.rfft(audio.samples.astype(np.float64))
    samples = np.fft.irfft(spectrum, size) * size / len(audio.samples)
    return Audio(np.clip(samples, -1, 1).astype(np.float32), rate_hz)
