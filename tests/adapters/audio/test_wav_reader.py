"""WAV headers that lie, and those that do not."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from adapters.audio.opened import admitted
from adapters.audio.wav_reader import open_wav
from adapters.audio.wire import BLOCK_FRAMES, Order
from tests.adapters.audio import forge
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio

ORDER = Order(
    audio_format="wav",
    max_duration_s=600,
    min_sample_rate_hz=8_000,
    max_sample_rate_hz=192_000,
    max_channels=2,
    max_cpu_s=10,
    max_memory_bytes=2**29,
)


def read(data: bytes) -> Samples:
    return np.concatenate(list(admitted(open_wav(io.BytesIO(data)), ORDER)))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_encoding_is_read_as_libsndfile_reads_it(container: str, subtype: str, channels: int) -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, (BLOCK_FRAMES + 99, channels))
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, 44_100, format=container, subtype=subtype)
    buffer.seek(0)
    theirs, _ = soundfile.read(buffer, dtype="float32", always_2d=True)
    np.testing.assert_allclose(read(buffer.getvalue()), theirs.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize(
    ("lie", "message"),
    [
        ({"channels": 1024}, "1024 channels; the limit is 2"),
        ({"channels": 3}, "3 channels"),
        ({"channels": 0}, "contradicts itself"),
        ({"rate": 1}, "1 Hz"),
        ({"rate": 7_999}, "7999 Hz"),
        ({"rate": 0}, "0 Hz"),
        ({"rate": 2_147_483_647}, "2147483647 Hz"),
        ({"rate": 0xFFFF_FFFF}, "4294967295 Hz"),
        ({"block": 0}, "contradicts itself"),
        ({"block": 3}, "contradicts itself"),
        ({"bits": 0}, "0 bits"),
        ({"bits": 12}, "12 bits"),
        ({"bits": 0xFFFF}, "65535 bits"),
        ({"tag": 2}, "format tag 2"),  # Microsoft ADPCM, where libsndfile 1.2.2 overflows
        ({"tag": 0x11, "bits": 4}, "format tag 17"),  # IMA ADPCM
        ({"tag": 7, "bits": 8}, "format tag 7"),  # µ-law
        ({"tag": 0x55}, "format tag 85"),  # MP3 in WAV
        ({"tag": 3}, "format tag 3, 16 bits"),
        ({"tag": 0xFFFE}, "format tag 65534"),
        ({"data_size": 2**31, "sound": b"\0" * 100}, "promises 2147483648 bytes of sound and 100 are there"),
        ({"data_size": 3_201}, "promises 3201 bytes of sound and 3200 are there"),
        ({"sound": b""}, "no sound"),
        ({"data_size": 0}, "no sound"),
        ({"data_size": 1}, "no sound"),
        ({"before_data": b"LIST\xff\xff\xff\x7f"}, "ends before its sound"),
        ({"before_data": forge.chunk(b"junk", b"") * 2_000}, "ends before its sound"),
    ],
)
def test_a_header_that_lies_is_refused_in_words(lie: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidAudio, match=message):
        read(forge.wav(**lie))  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [12, 13, 19, 20, 30, 36, 40, 43])
def test_a_header_that_ends_early_is_refused(cut: int) -> None:
    with pytest.raises(InvalidAudio):
        read(forge.wav()[:cut])


def test_sound_before_its_format_is_refused() -> None:
    with pytest.raises(InvalidAudio, match="no fmt chunk before it"):
        read(b"RIFF\0\0\0\0WAVE" + forge.chunk(b"data", b"\0" * 100) + forge.chunk(b"fmt ", b"\0" * 16))


def test_other_chunks_and_a_wrong_riff_size_do_not_matter() -> None:
    sound = struct.pack("<4h", 16_384, -16_384, 0, 8_192)
    data = forge.wav(sound, before_data=forge.chunk(b"LIST", b"odd"), riff_size=7) + forge.chunk(b"id3 ", b"trailing")
    assert read(data).tolist() == [0.5, -0.5, 0.0, 0.25]


def test_the_length_that_streaming_writers_leave_behind_means_to_the_end() -> None:
    assert len(read(forge.wav(b"\1\0" * 500, data_size=0xFFFF_FFFF))) == 500


@pytest.mark.parametrize("tag", [1, 3])
def test_the_extensible_form_is_read(tag: int) -> None:
    sound = struct.pack("<2i", 2**30, -(2**30)) if tag == 1 else struct.pack("<2f", 0.5, -0.5)
    assert read(forge.extensible(sound, tag=tag, bits=32)).tolist() == [0.5, -0.5]


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("position", [0, 70_000])
def test_values_that_are_not_finite_are_refused(poison: float, bits: int, position: int) -> None:
    sound = np.zeros(70_001, f"<f{bits // 8}")
    sound[position] = poison
    with pytest.raises(InvalidAudio, match="not finite"):
        read(forge.wav(sound.tobytes(), tag=3, bits=bits))


@pytest.mark.parametrize(("value", "message"), [(1e30, "peaks at 1e\\+30"), (-32768.0, "3.28e\\+04"), (4.01, "4.01")])
def test_numbers_of_another_scale_are_refused(value: float, message: str) -> None:
    with pytest.raises(InvalidAudio, match=message):
        read(forge.wav(struct.pack("<3f", 0, value, 0), tag=3, bits=32))


def test_a_double_that_no_float_can_hold_is_refused() -> None:
    with pytest.raises(InvalidAudio, match="not finite"):
        read(forge.wav(struct.pack("<2d", 0, 1e300), tag=3, bits=64))


def test_sound_that_is_too_loud_is_turned_down_as_a_whole(decode: Callable[[bytes], Audio]) -> None:
    heard = decode(forge.wav(struct.pack("<4f", 2.0, -1.0, 0.5, 0.0), tag=3, bits=32))
    assert heard.samples.tolist() == [1.0, -0.5, 0.25, 0.0]


@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=8))
def test_no_bytes_make_the_reader_fail_in_another_way(tail: bytes, at: int, patch: bytes) -> None:
    data = bytearray(forge.wav(tail))
    data[at : at + len(patch)] = patch
    try:
        samples = read(bytes(data))
    except InvalidAudio:
        return
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 4.0
