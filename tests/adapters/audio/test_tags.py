"""Marks as others read them: FFmpeg, libsndfile and the standard library, none of which knows of marks."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime

import av
import numpy as np
import pytest
import soundfile

from adapters.audio import SandboxedCodec
from voicecore.audio import pcm16_bytes
from voicecore.marks import Marker, Origin, found_marks
from voicecore.request import OutputFormat
from voicecore.stream_format import StreamFormat, StreamKind
from voicecore.testing.contracts.audio_codec import speech_like

RATE = 24_000
SOUND = speech_like(1.3, RATE)
MARKER = Marker("voicecore/1.2.3", b"k" * 32)
ORIGIN = Origin(
    job_id="job_1", engine="kokoro+rvc", model_digest="ab" * 32, created_at=datetime(2026, 1, 2, tzinfo=UTC)
)
MARKING = MARKER.marking(ORIGIN)
#: Their headers have no place for it.
BARE = (StreamKind.PCM, StreamKind.ULAW, StreamKind.ALAW, StreamKind.AAC)


def made(output_format: OutputFormat) -> bytes:
    return b"".join(SandboxedCodec().encode([SOUND[:20_000], SOUND[20_000:]], RATE, output_format, MARKING))


def streamed(kind: StreamKind, marking=MARKING) -> bytes:
    stream = SandboxedCodec().stream(RATE, StreamFormat(kind), marking)
    return stream.encode(SOUND[:9_000]) + stream.encode(SOUND[9_000:]) + stream.finish()


def tags_by_ffmpeg(data: bytes) -> dict[str, str]:
    with av.open(io.BytesIO(data)) as container:
        tags = dict(container.metadata) | dict(container.streams.audio[0].metadata)
    return {name.lower(): text for name, text in tags.items()}


def samples_by_ffmpeg(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])


@pytest.mark.parametrize("output_format", OutputFormat)
def test_ffmpeg_reads_the_line_of_every_format_and_all_of_it(output_format: OutputFormat) -> None:
    tags = tags_by_ffmpeg(made(output_format))
    (mark,) = found_marks(tags["comment"].encode())
    assert MARKER.made(mark)
    assert (mark.job_id, mark.engine, mark.line) == ("job_1", "kokoro+rvc", tags["comment"])


@pytest.mark.parametrize("output_format", [OutputFormat.FLAC, OutputFormat.OGG, OutputFormat.OPUS, OutputFormat.MP3])
def test_formats_with_names_of_ones_own_say_synthetic_by_its_name(output_format: OutputFormat) -> None:
    tags = tags_by_ffmpeg(made(output_format))
    assert (tags["synthetic"], tags["generator"]) == ("true", "voicecore/1.2.3")


@pytest.mark.parametrize("output_format", [OutputFormat.WAV, OutputFormat.FLAC, OutputFormat.OGG])
def test_libsndfile_reads_it_too_and_the_samples_behind_it(output_format: OutputFormat) -> None:
    data = made(output_format)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        (mark,) = found_marks(file.comment.encode())
        assert MARKER.made(mark)
        assert file.frames == len(SOUND)
        heard = file.read(dtype="int16")
    if output_format is not OutputFormat.OGG:
        assert heard.tobytes() == pcm16_bytes(SOUND)


def test_the_standard_library_reads_a_marked_wav_to_its_end_and_not_beyond() -> None:
    with wave.open(io.BytesIO(made(OutputFormat.WAV))) as file:
        assert file.readframes(10**6) == pcm16_bytes(SOUND)


@pytest.mark.parametrize("output_format", [each for each in OutputFormat if each is not OutputFormat.OGG])
def test_the_same_sound_makes_the_same_bytes(output_format: OutputFormat) -> None:
    # A stream of Ogg has a number that libsndfile draws.
    assert made(output_format) == made(output_format)


@pytest.mark.parametrize("kind", [each for each in StreamKind if each not in BARE])
def test_a_stream_says_in_its_header_that_it_is_synthetic_and_of_which_job(kind: StreamKind) -> None:
    data = streamed(kind)
    tags = tags_by_ffmpeg(data)
    (mark,) = found_marks(tags["comment"].encode())
    assert MARKER.made(mark)
    assert (mark.job_id, mark.tied) == ("job_1", False)
    assert data.index(b"SYNTHETIC") < 1_000
    assert np.array_equal(samples_by_ffmpeg(data), samples_by_ffmpeg(streamed(kind, None)))


@pytest.mark.parametrize("kind", BARE)
def test_what_has_no_header_is_the_same_as_ever(kind: StreamKind) -> None:
    assert streamed(kind) == streamed(kind, None)
