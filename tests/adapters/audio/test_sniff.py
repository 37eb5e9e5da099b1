"""The format of a file is found by its content."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from adapters.audio.sniff import sniff
from tests.adapters.audio import forge
from tests.adapters.audio.files import by_av
from voicecore.errors import UnsupportedAudioFormat

FORMATS = ["wav", "flac", "ogg", "mp3", "opus", "webm", "m4a"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_accepted_format_is_known_by_its_content(good_files: dict[str, bytes], name: str) -> None:
    source = io.BytesIO(good_files[name])
    source.seek(100)
    assert sniff(source).value == name
    assert source.tell() == 0


@pytest.mark.parametrize("picture_bytes", [0, 300_000])
def test_an_mp3_is_known_behind_its_tag_with_a_cover(good_files: dict[str, bytes], picture_bytes: int) -> None:
    size = bytes(picture_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    tagged = b"ID3\x04\0\0" + size + b"\xff" * picture_bytes + b"\0" * 100 + good_files["mp3"]
    assert sniff(io.BytesIO(tagged)).value == "mp3"


def test_a_film_is_taken_for_its_sound() -> None:
    assert sniff(io.BytesIO(by_av("mp4", "aac", picture=True))).value == "m4a"


@pytest.mark.parametrize(
    "container", ["AIFF", "W64", "AU", "CAF", "RF64", "VOC", "PAF", "SVX", "NIST", "IRCAM", "MAT5", "AVR"]
)
def test_other_containers_are_refused_though_libsndfile_reads_them(container: str) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(1000, np.float32), 16_000, format=container, subtype="PCM_16")
    with pytest.raises(UnsupportedAudioFormat, match=r"send one of|one of the accepted"):
        sniff(buffer)


@pytest.mark.parametrize(
    ("container", "codec"), [("adts", "aac"), ("matroska", "libopus"), ("mp2", "mp2"), ("ogg", "flac"), ("ac3", "ac3")]
)
def test_other_streams_are_refused_though_ffmpeg_reads_them(container: str, codec: str) -> None:
    with pytest.raises(UnsupportedAudioFormat):
        sniff(io.BytesIO(by_av(container, codec)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"R",
        b"A text that somebody called voice.wav\n" * 20,
        "Olá! Isto é um texto.".encode("utf-16"),
        b"RIFF\x24\0\0\0AVI LIST",
        b"RIFF\x24\0\0\0WEBP",
        b"OggS",
        b"OggS" + b"\0" * 22 + b"\x01\x1e\x80theora" + b"\0" * 50,
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
        b"\x1a\x45\xdf\xa3\x9f\x42\x82",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"ID3\x04\0\0\xff\xff\xff\xff",
        b"ID3\x04\0\0\0\0\0\x10" + b"\xff" * 5000,
        b"\xff\xfb",
        b"\xff\xfb\x90\x64" + b"\0" * 2000,
        b"#EXTM3U\nhttp://127.0.0.1/secret\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        forge.box(b"ftyp", b"heic\0\0\0\0mif1heic"),
        forge.box(b"ftyp", b"avif\0\0\0\0"),
    ],
)
def test_what_only_begins_like_audio_is_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedAudioFormat):
        sniff(io.BytesIO(content))


def test_the_message_names_what_a_file_is_instead() -> None:
    with pytest.raises(UnsupportedAudioFormat, match="The file is AIFF, which is not accepted; send one of: wav, mp3"):
        sniff(io.BytesIO(b"FORM\0\0\0\x10AIFF"))
