"""What every `AudioCodec` does."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pytest

from voicecore.audio import Audio, Samples, pcm16_bytes
from voicecore.errors import InvalidAudio, UnsupportedAudioFormat, VoiceCoreError
from voicecore.marks import Marker, Origin, found_marks
from voicecore.ports import AudioCodec, AudioLimits
from voicecore.request import OutputFormat
from voicecore.sound_sketch import SoundMeter
from voicecore.testing.fakes import START

LIMITS = AudioLimits()
LOSSLESS = [OutputFormat.WAV, OutputFormat.FLAC]
#: Longest frame of a lossy codec: 1 152 samples of MP3 at 8 kHz, that is 144 ms; but all others are below 128 ms.
ONE_FRAME_S = 0.144


def speech_like(duration_s: float, sample_rate_hz: int) -> Samples:
    """A gliding voice of harmonics below 3 kHz in syllables with pauses, float32, shape (n,), peak 0.7.

    A function of time alone, so that its form at any rate is known without resampling.
    """
    t = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    pitch_hz = 140 + 30 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * (140 * t - 30 / (2 * np.pi * 0.7) * np.cos(2 * np.pi * 0.7 * t))
    voice = np.zeros_like(t)
    for harmonic in range(1, 17):
        tilt = 1 / harmonic * (1 + 0.5 * np.sin(2 * np.pi * (0.9 + 0.1 * harmonic) * t))
        voice += np.where(harmonic * pitch_hz < 3000, tilt, 0) * np.sin(harmonic * phase)
    syllables = np.clip(1.6 * np.sin(2 * np.pi * 2.1 * t + 0.3) + 0.4, 0, 1)
    sound = voice * syllables
    return (0.7 * sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)


def likeness(heard: Audio, duration_s: float) -> float:
    """Correlation coefficient of a codec's output with `speech_like`, at the best shift of up to 100 ms."""
    source = speech_like(duration_s, heard.sample_rate_hz)
    size = min(len(source), len(heard.samples))
    a, b = source[:size].astype(np.float64), heard.samples[:size].astype(np.float64)
    spectrum = np.fft.rfft(b, 2 * size) * np.conj(np.fft.rfft(a, 2 * size))
    sums = np.fft.irfft(spectrum)
    reach = heard.sample_rate_hz // 10
    best = max(np.concatenate([sums[:reach], sums[-reach:]]))
    return float(best / np.sqrt((a @ a) * (b @ b)))


def pcm_wav(samples: Samples, sample_rate_hz: int, *, channels: int = 1) -> bytes:
    """A 16-bit WAV by the standard library; `samples` of several channels are interleaved."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(sample_rate_hz)
        out.writeframes(pcm16_bytes(samples))
    return buffer.getvalue()


class OneWay(io.RawIOBase):
    """A stream that only reads forward, a little at a time, as an upload does."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._rest = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = min(len(buffer), 1_000, len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class AudioCodecContract:
    """Subclass it and return a new codec from `make_codec`."""

    def make_codec(self) -> AudioCodec:
        raise NotImplementedError

    @pytest.fixture
    def codec(self) -> AudioCodec:
        return self.make_codec()

    # --- there and back -------------------------------------------------------------------------------
    @pytest.mark.parametrize("sample_rate_hz", [16_000, 40_000])
    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_what_is_encoded_is_heard_again_at_its_length(
        self, codec: AudioCodec, output_format: OutputFormat, sample_rate_hz: int
    ) -> None:
        data = b"".join(codec.encode([speech_like(2.5, sample_rate_hz)], sample_rate_hz, output_format))
        heard = codec.decode(io.BytesIO(data), LIMITS)
        assert heard.sample_rate_hz >= sample_rate_hz
        assert heard.duration_s == pytest.approx(2.5, abs=ONE_FRAME_S)
        assert likeness(heard, 2.5) > 0.95

    @pytest.mark.parametrize("output_format", LOSSLESS)
    def test_lossless_formats_change_no_sample_by_more_than_a_step(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        source = speech_like(0.5, 22_050)
        heard = codec.decode(io.BytesIO(b"".join(codec.encode([source], 22_050, output_format))), LIMITS)
        assert heard.sample_rate_hz == 22_050
        assert heard.samples.dtype == np.float32
        assert len(heard.samples) == len(source)
        # Full scale is written as 32 767 and read as 32 768, which adds up to one step at the loudest.
        assert np.abs(heard.samples - source).max() <= 1.5 / 32768

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_how_the_sound_is_cut_into_blocks_does_not_matter(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        sound = speech_like(1.0, 24_000)
        ragged = [sound[:1], sound[1:1], sound[1:7_000], sound[7_000:]]
        heard = [
            codec.decode(io.BytesIO(b"".join(codec.encode(blocks, 24_000, output_format))), LIMITS)
            for blocks in ([sound], ragged)
        ]
        assert np.abs(heard[0].samples - heard[1].samples).max() < 1e-3

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_the_shortest_sound_makes_a_file_that_can_be_read(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        data = b"".join(codec.encode([np.full(1, 0.5, np.float32)], 24_000, output_format))
        assert codec.decode(io.BytesIO(data), LIMITS).duration_s < 2 * ONE_FRAME_S

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_no_sound_cannot_be_encoded(self, codec: AudioCodec, output_format: OutputFormat) -> None:
        with pytest.raises(InvalidAudio):
            list(codec.encode([], 24_000, output_format))
        with pytest.raises(InvalidAudio):
            list(codec.encode([np.zeros(0, np.float32)], 24_000, output_format))

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_an_error_of_whoever_gives_the_sound_comes_out_as_it_is(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        def failing() -> Iterator[Samples]:
            yield speech_like(0.2, 24_000)
            raise VoiceCoreError("the engine stopped")

        with pytest.raises(VoiceCoreError, match="the engine stopped"):
            list(codec.encode(failing(), 24_000, output_format))

    # --- marks ------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_a_marked_file_says_so_in_one_piece_and_sounds_as_without(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        sound = speech_like(1.3, 24_000)
        marker = Marker("voicecore/1.2.3", b"k" * 32)
        origin = Origin(job_id="job_1", engine="tone", model_digest="ab" * 32, created_at=START)
        marked = b"".join(codec.encode([sound], 24_000, output_format, marker.marking(origin)))
        plain = b"".join(codec.encode([sound], 24_000, output_format))
        marks = list(found_marks(marked))
        assert marks
        assert all(marker.made(mark) and mark.job_id == "job_1" for mark in marks)
        assert not list(found_marks(plain))
        heard, without = (codec.decode(io.BytesIO(data), LIMITS) for data in (marked, plain))
        assert np.array_equal(heard.samples, without.samples)

    def test_a_marked_wav_knows_its_sound(self, codec: AudioCodec) -> None:
        sound = speech_like(1.3, 24_000)
        meter = SoundMeter(24_000)
        meter.add(pcm16_bytes(sound))
        marker = Marker("voicecore/1.2.3", b"k" * 32)
        origin = Origin(job_id="job_1", engine="tone", model_digest="ab" * 32, created_at=START)
        (mark,) = found_marks(b"".join(codec.encode([sound], 24_000, OutputFormat.WAV, marker.marking(origin))))
        assert mark.sound == meter.sound()

    @pytest.mark.parametrize("output_format", LOSSLESS)
    def test_lossless_formats_have_the_very_same_samples(self, codec: AudioCodec, output_format: OutputFormat) -> None:
        source = np.linspace(-1, 1, 70_000, dtype=np.float32)
        heard = codec.decode(io.BytesIO(b"".join(codec.encode([source], 22_050, output_format))), LIMITS)
        assert np.array_equal(np.round(heard.samples * 32768), np.frombuffer(pcm16_bytes(source), "<i2"))

    # --- the door -------------------------------------------------------------------------------------
    def test_two_channels_become_their_mean(self, codec: AudioCodec) -> None:
        left, right = speech_like(0.3, 16_000), np.full(4_800, 0.25, np.float32)
        stereo = np.stack([left, right], axis=1).reshape(-1)
        heard = codec.decode(io.BytesIO(pcm_wav(stereo, 16_000, channels=2)), LIMITS)
        assert np.abs(heard.samples - (left + right) / 2).max() < 1e-3

    def test_more_channels_than_allowed_are_refused(self, codec: AudioCodec) -> None:
        with pytest.raises(InvalidAudio, match="6 channels"):
            codec.decode(io.BytesIO(pcm_wav(np.zeros(600, np.float32), 16_000, channels=6)), LIMITS)

    @pytest.mark.parametrize("sample_rate_hz", [1, 7_999, 192_001])
    def test_rates_beyond_the_limits_are_refused(self, codec: AudioCodec, sample_rate_hz: int) -> None:
        with pytest.raises(InvalidAudio, match=f"{sample_rate_hz} Hz"):
            codec.decode(io.BytesIO(pcm_wav(np.zeros(600, np.float32), sample_rate_hz)), LIMITS)

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_sound_longer_than_allowed_is_refused(self, codec: AudioCodec, output_format: OutputFormat) -> None:
        data = b"".join(codec.encode([speech_like(2.0, 24_000)], 24_000, output_format))
        with pytest.raises(InvalidAudio, match=r"longer than 1\.5 s"):
            codec.decode(io.BytesIO(data), AudioLimits(max_duration_s=1.5))

    def test_sound_exactly_as_long_as_allowed_is_taken(self, codec: AudioCodec) -> None:
        data = pcm_wav(speech_like(1.5, 16_000), 16_000)
        assert codec.decode(io.BytesIO(data), AudioLimits(max_duration_s=1.5)).duration_s == 1.5

    @pytest.mark.parametrize(
        "content", [b"Ol\xc3\xa1, isto \xc3\xa9 um texto.\n" * 50, b"RIFF", b"\0" * 1000, b"\xff" * 1000]
    )
    def test_what_is_not_audio_is_refused_with_the_list_of_formats(self, codec: AudioCodec, content: bytes) -> None:
        with pytest.raises(UnsupportedAudioFormat, match="wav, mp3, m4a, ogg, flac, opus, webm"):
            codec.decode(io.BytesIO(content), LIMITS)

    def test_an_empty_file_is_refused(self, codec: AudioCodec) -> None:
        with pytest.raises(InvalidAudio, match="empty"):
            codec.decode(io.BytesIO(b""), LIMITS)

    def test_a_file_without_samples_is_refused(self, codec: AudioCodec) -> None:
        with pytest.raises(InvalidAudio, match="no sound"):
            codec.decode(io.BytesIO(pcm_wav(np.zeros(0, np.float32), 16_000)), LIMITS)

    def test_a_truncated_file_is_refused(self, codec: AudioCodec) -> None:
        data = pcm_wav(speech_like(1.0, 16_000), 16_000)
        with pytest.raises(InvalidAudio, match="truncated"):
            codec.decode(io.BytesIO(data[: len(data) // 2]), LIMITS)

    @pytest.mark.parametrize("output_format", OutputFormat)
    def test_an_upload_that_can_only_be_read_once_is_enough(
        self, codec: AudioCodec, output_format: OutputFormat
    ) -> None:
        data = b"".join(codec.encode([speech_like(1.0, 24_000)], 24_000, output_format))
        stream: BinaryIO = io.BufferedReader(OneWay(data))
        assert codec.decode(stream, LIMITS).duration_s == pytest.approx(1.0, abs=ONE_FRAME_S)

    def test_many_threads_may_decode_at_once(self, codec: AudioCodec) -> None:
        lengths = [0.5 + 0.1 * number for number in range(5)]
        heard: dict[float, Audio] = {}

        def work(length: float) -> None:
            heard[length] = codec.decode(io.BytesIO(pcm_wav(speech_like(length, 16_000), 16_000)), LIMITS)

        threads = [threading.Thread(target=work, args=(length,)) for length in lengths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {length: round(audio.duration_s, 6) for length, audio in heard.items()} == {
            length: round(length, 6) for length in lengths
        }
