"""Files that we write can be read by others, say how long they are, and cost no memory."""

from __future__ import annotations

import errno
import io
import struct
import tracemalloc
from collections.abc import Iterator

import av
import numpy as np
import pytest
import soundfile

from adapters.audio import SandboxedCodec, encode_soundfile
from adapters.audio.outbox import CarefulFile
from voicecore.audio import Audio, Samples
from voicecore.errors import DiskFull, InvalidAudio, StorageUnavailable
from voicecore.request import OutputFormat
from voicecore.testing.contracts.audio_codec import ONE_FRAME_S, likeness, speech_like

RATES_HZ = [8_000, 16_000, 24_000, 32_000, 40_000, 44_100, 48_000, 96_000, 192_000]


def encoded(sound: Samples, rate_hz: int, output_format: OutputFormat) -> bytes:
    return b"".join(SandboxedCodec().encode([sound], rate_hz, output_format))


def by_ffmpeg(data: bytes) -> Audio:
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([np.atleast_2d(frame.to_ndarray()).reshape(1, -1)[0] for frame in frames])
    if sound.dtype.kind == "i":
        sound = sound / 2.0 ** (8 * sound.dtype.itemsize - 1)
    return Audio(np.clip(sound, -1, 1).astype(np.float32), frames[0].sample_rate)


def by_libsndfile(data: bytes) -> Audio:
    sound, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32")
    return Audio(np.clip(sound, -1, 1), rate_hz)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("output_format", OutputFormat)
def test_ffmpeg_hears_what_was_spoken_at_its_length(output_format: OutputFormat, rate_hz: int) -> None:
    heard = by_ffmpeg(encoded(speech_like(2.0, rate_hz), rate_hz, output_format))
    assert heard.duration_s == pytest.approx(2.0, abs=ONE_FRAME_S)
    assert likeness(heard, 2.0) > 0.95


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("output_format", [each for each in OutputFormat if each is not OutputFormat.M4A])
def test_libsndfile_hears_what_was_spoken_at_its_length(output_format: OutputFormat, rate_hz: int) -> None:
    heard = by_libsndfile(encoded(speech_like(2.0, rate_hz), rate_hz, output_format))
    assert heard.duration_s == pytest.approx(2.0, abs=0.001)
    assert likeness(heard, 2.0) > 0.95


def test_a_wav_has_the_sizes_that_it_says() -> None:
    data = encoded(speech_like(1.0, 24_000), 24_000, OutputFormat.WAV)
    assert data == Audio(speech_like(1.0, 24_000), 24_000).wav_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert struct.unpack("<I", data[40:44])[0] == len(data) - 44


def test_a_flac_header_has_the_number_of_samples() -> None:
    with soundfile.SoundFile(io.BytesIO(encoded(speech_like(1.0, 24_000), 24_000, OutputFormat.FLAC))) as sound:
        assert (sound.frames, sound.subtype) == (24_000, "PCM_16")


def test_an_mp3_says_its_length_in_its_first_frame() -> None:
    data = encoded(speech_like(1.0, 24_000), 24_000, OutputFormat.MP3)
    assert b"Info" in data[:100]
    assert b"LAME" in data[:200]


def test_an_m4a_has_its_index_in_front_of_its_sound() -> None:
    data = encoded(speech_like(1.0, 24_000), 24_000, OutputFormat.M4A)
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("output_format", [OutputFormat.OGG, OutputFormat.OPUS])
def test_streams_leave_while_they_are_made(output_format: OutputFormat) -> None:
    given = 0

    def endless() -> Iterator[Samples]:
        nonlocal given
        while True:
            given += 1
            yield speech_like(1.0, 24_000)

    pieces = SandboxedCodec().encode(endless(), 24_000, output_format)
    assert sum(len(next(pieces)) for _ in range(5)) > 5_000
    assert given < 12
    pieces.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("output_format", OutputFormat)
def test_memory_does_not_grow_with_the_length(output_format: OutputFormat) -> None:
    second = speech_like(1.0, 16_000)

    def peak_bytes(seconds: int) -> int:
        tracemalloc.start()
        for _ in SandboxedCodec().encode((second for _ in range(seconds)), 16_000, output_format):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(1)
    # The spool keeps up to 4 MiB in memory, and takes some more while it moves to the disk; 200 s are 12.8 MB of float32.
    assert peak_bytes(200) < 10 * 2**20


@pytest.mark.parametrize("output_format", OutputFormat)
def test_one_very_long_block_does_not_crash_the_process(output_format: OutputFormat) -> None:
    if output_format in (OutputFormat.OGG, OutputFormat.FLAC, OutputFormat.WAV):
        sound = np.tile(speech_like(10.0, 48_000), 18)  # 8.6 million samples; libsndfile's Vorbis dies of 2.9 million
        heard = by_libsndfile(encoded(sound, 48_000, output_format))
        assert heard.duration_s == pytest.approx(180, abs=ONE_FRAME_S)
    else:
        sound = np.tile(speech_like(10.0, 16_000), 6)
        assert by_ffmpeg(encoded(sound, 16_000, output_format)).duration_s == pytest.approx(60, abs=ONE_FRAME_S)


@pytest.mark.parametrize("output_format", OutputFormat)
@pytest.mark.parametrize(
    "block", [np.array([0.0, np.nan], np.float32), np.array([2.0], np.float32), np.zeros((2, 2), np.float32)]
)
def test_blocks_that_are_not_sound_are_refused(output_format: OutputFormat, block: Samples) -> None:
    with pytest.raises(InvalidAudio):
        list(SandboxedCodec().encode([block], 24_000, output_format))


class FullDisk(io.BytesIO):
    """Takes 1 000 bytes."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self._code = code

    def write(self, data: object) -> int:
        if self.tell() > 1_000:
            raise OSError(self._code, "no more")
        return super().write(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [encode_soundfile.write_flac, encode_soundfile.write_mp3])
@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EIO, StorageUnavailable)])
def test_a_full_disk_is_noticed_though_libsndfile_does_not_say_so(write, code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        write(FullDisk(code), [speech_like(0.3, 24_000)] * 20, 24_000)


def test_the_first_error_of_a_file_is_kept() -> None:
    careful = CarefulFile(FullDisk(errno.ENOSPC))
    careful.write(b"x" * 1_001)
    careful.check()
    assert careful.write(b"more") == 0
    with pytest.raises(OSError, match="no more"):
        careful.check()
