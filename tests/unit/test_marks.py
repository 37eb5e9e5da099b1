"""Marks: read by everybody, written by one."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecore.audio import Audio, pcm16_bytes
from voicecore.errors import InvalidInput
from voicecore.marks import Marker, Origin, found_marks, info_texts, marked_wav
from voicecore.sound_sketch import Sound, SoundMeter, alike
from voicecore.testing.contracts.audio_codec import speech_like
from voicecore.wavfile import wav_header

MARKER = Marker("voicecore/1.2.3", b"0123456789abcdef" * 2)
ORIGIN = Origin(
    job_id="job_1", engine="kokoro+rvc", model_digest="ab" * 32, created_at=datetime(2026, 1, 2, tzinfo=UTC)
)
SOUND = Sound(48_000, 24_000, "c" * 64, "7f" * 32)


def measured(samples: np.ndarray, rate: int = 24_000) -> SoundMeter:
    meter = SoundMeter(rate)
    meter.add(pcm16_bytes(samples))
    return meter


def test_a_mark_says_what_it_was_made_of() -> None:
    (mark,) = found_marks(b"\0\xff" + MARKER.line(ORIGIN, SOUND).encode() + b"\0rest")
    assert (mark.job_id, mark.engine, mark.model, mark.generator) == (
        "job_1",
        "kokoro+rvc",
        "ab" * 8,
        "voicecore/1.2.3",
    )
    assert (mark.created, mark.sound, mark.key) == ("2026-01-02T00:00:00Z", SOUND, MARKER.key_name)
    assert mark.tied
    assert MARKER.made(mark)


def test_the_line_is_as_long_with_the_sound_as_without() -> None:
    assert len(MARKER.line(ORIGIN, None)) == len(MARKER.line(ORIGIN, SOUND))
    (mark,) = found_marks(MARKER.line(ORIGIN, None).encode())
    assert not mark.tied


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_mark_is_none_of_ours(place: int, change: int) -> None:
    line = bytearray(MARKER.line(ORIGIN, SOUND).encode())
    line[place % len(line)] ^= change
    assert not any(MARKER.made(mark) for mark in found_marks(bytes(line)))


def test_another_key_makes_other_marks_and_no_key_makes_none_that_count() -> None:
    other, unsigned = Marker("voicecore/1.2.3", b"x" * 32), Marker("voicecore/1.2.3", None)
    for marker in (other, unsigned):
        (mark,) = found_marks(marker.line(ORIGIN, SOUND).encode())
        assert not MARKER.made(mark)
        assert mark.key != MARKER.key_name
    assert other.made(*found_marks(other.line(ORIGIN, SOUND).encode()))
    assert not unsigned.made(*found_marks(unsigned.line(ORIGIN, SOUND).encode()))
    assert MARKER.secret is not None
    assert MARKER.secret.hex() not in repr(MARKER)
    with pytest.raises(InvalidInput):
        Marker("voicecore/1.2.3", b"short")


@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=80))
def test_whatever_a_job_and_an_engine_are_called_the_line_is_read_back(job: str, engine: str, digest: str) -> None:
    zone = timezone(timedelta(hours=-3))
    origin = Origin(job_id=job, engine=engine, model_digest=digest, created_at=datetime(2026, 1, 2, tzinfo=zone))
    line = MARKER.line(origin, SOUND)
    assert line.isascii()
    (mark,) = found_marks(line.encode())
    assert MARKER.made(mark)


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=600))
def test_no_bytes_are_too_strange_to_look_through(noise: bytes, cut: int) -> None:
    data = noise + MARKER.line(ORIGIN, SOUND).encode()[cut:] + noise
    assert len(list(found_marks(data))) == (cut == 0)


def test_a_file_full_of_marks_is_not_read_for_ever() -> None:
    assert len(list(found_marks(MARKER.line(ORIGIN, SOUND).encode() * 1_000))) == 16


def test_a_marked_wav_is_a_wav_of_the_same_samples_and_the_same_bytes_each_time() -> None:
    audio = Audio(speech_like(1.0, 24_000), 24_000)
    data = marked_wav(audio, MARKER.marking(ORIGIN))
    assert data == marked_wav(audio, MARKER.marking(ORIGIN))
    with wave.open(io.BytesIO(data)) as read:
        assert read.readframes(10**6) == pcm16_bytes(audio.samples)
    (mark,) = found_marks(data)
    assert mark.sound == measured(audio.samples).sound()
    assert marked_wav(audio, None) == audio.wav_bytes()


def test_a_head_has_an_even_list_and_the_sizes_that_it_says() -> None:
    for text in ("even", "odd"):
        head = wav_header(16_000, 10, {"ICMT": text})
        assert len(head) % 2 == 0
        assert int.from_bytes(head[4:8], "little") == len(head) - 8 + 10
    assert wav_header(16_000, 10) == Audio(np.zeros(5, np.float32), 16_000).wav_bytes()[:44]
    assert info_texts(MARKER.line(ORIGIN, None))["ISFT"] == "voicecore/1.2.3"


# --- the sketch -------------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 3_000), max_size=8))
def test_how_a_sound_is_cut_does_not_change_what_is_measured(cuts: list[int]) -> None:
    sound = speech_like(0.2, 16_000)
    meter, at = SoundMeter(16_000), 0
    for cut in [*cuts, len(sound)]:
        meter.add(pcm16_bytes(sound[at : at + cut]))
        at += cut
    assert meter.sound() == measured(sound, 16_000).sound()


@pytest.mark.parametrize("duration_s", [0.6, 3.3, 40.0])
def test_a_sound_is_like_itself_louder_later_noisy_and_resampled_and_unlike_another_that_lasts_as_long(
    duration_s: float,
) -> None:
    sound = speech_like(duration_s + 1, 24_000)[: round(duration_s * 24_000)]
    sketch = measured(sound).sound().sketch
    noise = np.random.default_rng(0).normal(0, 0.002, len(sound)).astype(np.float32)
    for changed in (sound, 0.3 * sound, sound + noise, np.concatenate([np.zeros(700, np.float32), sound])):
        assert alike(sketch, measured(np.clip(changed, -1, 1)).energies())
    assert alike(sketch, measured(speech_like(duration_s, 16_000), 16_000).energies())
    other = speech_like(duration_s + 7, 24_000)[round(6.3 * 24_000) :][: len(sound)]
    assert not alike(sketch, measured(other).energies())
    assert not alike(sketch, measured(sound[::-1]).energies())


def test_silence_is_like_nothing_in_particular() -> None:
    silent = measured(np.zeros(24_000, np.float32))
    assert alike(silent.sound().sketch, silent.energies()) is None
    assert alike(SOUND.sketch, np.zeros(0)) is False
