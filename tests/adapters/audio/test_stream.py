"""Sound that is written while it is made: read back by FFmpeg, which is what most players are made of."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.audio import SandboxedCodec
from voicecore.audio import Audio, pcm16_bytes
from voicecore.errors import InvalidInput
from voicecore.stream_format import StreamFormat, StreamKind
from voicecore.testing.contracts.audio_codec import likeness, speech_like

RATE = 24_000
LOSSLESS = (StreamKind.PCM, StreamKind.WAV, StreamKind.FLAC)
BARE = {StreamKind.ULAW: "mulaw", StreamKind.ALAW: "alaw", StreamKind.PCM: "s16le"}


def streamed(sound, wanted, portion=1_000, rate=RATE):
    stream = SandboxedCodec().stream(rate, wanted)
    pieces = [stream.encode(sound[at : at + portion]) for at in range(0, len(sound), portion)]
    return [*pieces, stream.finish()], stream.sample_rate_hz


def played(data, kind, rate):
    options = {"sample_rate": str(rate)} if kind in BARE else {}
    with av.open(io.BytesIO(data), format=BARE.get(kind), options=options) as container:
        frames = list(container.decode(audio=0))
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        found = [out.to_ndarray().ravel() for frame in frames for out in resampler.resample(frame)]
    return np.concatenate(found)


@pytest.mark.parametrize("kind", list(StreamKind))
@pytest.mark.parametrize("rate_hz", [None, 16_000])
def test_every_format_plays_as_long_as_the_sound_and_sounds_like_it(kind, rate_hz):
    sound = speech_like(2.0, RATE)
    pieces, rate = streamed(sound, StreamFormat(kind, rate_hz))
    heard = played(b"".join(pieces), kind, rate)
    assert len(heard) / rate == pytest.approx(2.0, abs=0.13)
    assert likeness(Audio((heard / 32_768).astype(np.float32), rate), 2.0) > 0.9


@pytest.mark.parametrize("kind", LOSSLESS)
@settings(max_examples=15, deadline=None)
@given(portion=st.integers(1, 9_000), samples=st.integers(1, 12_000))
def test_lossless_formats_are_the_same_bit_for_bit_whatever_the_portions(kind, portion, samples):
    sound = speech_like(0.6, RATE)[:samples]
    pieces, rate = streamed(sound, StreamFormat(kind), portion)
    assert played(b"".join(pieces), kind, rate).astype("<i2").tobytes() == pcm16_bytes(sound)


@pytest.mark.parametrize("kind", [each for each in StreamKind if each is not StreamKind.OGG])
def test_sound_leaves_soon_after_it_came(kind):
    pieces, _ = streamed(speech_like(1.0, RATE), StreamFormat(kind), portion=RATE // 20)
    begun = next(number for number in range(len(pieces)) if sum(map(len, pieces[: number + 1])) > 200)
    assert begun <= 6  # twentieths of a second
    assert sum(map(bool, pieces)) > 5


def test_memory_does_not_grow_with_the_length():
    stream = SandboxedCodec().stream(RATE, StreamFormat(StreamKind.MP3))
    second = speech_like(1.0, RATE)
    sizes = [len(stream.encode(second)) for _ in range(30)]
    assert max(sizes) < 3 * min(sizes[1:])  # all of it leaves


@pytest.mark.parametrize("kind", list(StreamKind))
def test_a_stream_of_nothing_is_no_error(kind):
    stream = SandboxedCodec().stream(RATE, StreamFormat(kind))
    stream.encode(np.zeros(0, np.float32))
    assert isinstance(stream.finish(), bytes)


def test_the_header_of_a_wav_says_that_its_length_is_not_known():
    pieces, _ = streamed(np.zeros(10, np.float32), StreamFormat(StreamKind.WAV))
    head = b"".join(pieces)[:44]
    assert struct.unpack("<4sI4s4sIHHIIHH4sI", head) == (
        b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", 0xFFFFFFFF,
    )  # fmt: skip


@pytest.mark.parametrize("kbps", [32, 192])
def test_the_bit_rate_can_be_chosen(kbps):
    pieces, _ = streamed(speech_like(4.0, 44_100), StreamFormat(StreamKind.MP3, 44_100, kbps), rate=44_100)
    assert sum(map(len, pieces)) * 8 / 4.1 == pytest.approx(1_000 * kbps, rel=0.1)


@pytest.mark.parametrize("wrong", [{"sample_rate_hz": 100}, {"kbps": 1_000}, {"kbps": 0}])
def test_what_no_stream_can_be_is_refused(wrong):
    with pytest.raises(InvalidInput):
        StreamFormat(StreamKind.MP3, **wrong)


def test_a_name_is_read_or_refused_with_those_there_are():
    assert StreamFormat.parse("opus").kind is StreamKind.OPUS
    with pytest.raises(InvalidInput, match="written last"):
        StreamFormat.parse("m4a")
    with pytest.raises(InvalidInput, match="wav, pcm, mp3"):
        StreamFormat.parse("wma")
