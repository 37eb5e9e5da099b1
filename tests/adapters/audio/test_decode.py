"""Uploads as they come: good, cut off, too long, and made to hurt."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from typing import Self

import numpy as np
import psutil
import pytest

from adapters.audio import SandboxedCodec
from tests.adapters.audio import forge
from tests.adapters.audio.files import by_av, by_soundfile
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio, TooLarge
from voicecore.ports import AudioLimits
from voicecore.testing.contracts.audio_codec import likeness

Decode = Callable[..., Audio]
FORMATS = ["wav", "flac", "ogg", "mp3", "opus", "webm", "m4a"]
#: Their container promises a length, or a place for everything; the others are streams.
PROMISING = ["wav", "flac", "m4a"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_good_file_of_every_format_is_heard_as_it_was_spoken(
    decode: Decode, good_files: dict[str, bytes], name: str
) -> None:
    heard = decode(good_files[name])
    assert heard.duration_s == pytest.approx(1.0, abs=0.05)
    assert likeness(heard, 1.0) > 0.95


@pytest.mark.parametrize(
    ("container", "encoder"),
    [("mp4", "alac"), ("mp4", "aac"), ("mp4", "libmp3lame"), ("mp4", "libopus"), ("mp4", "flac")],
)
def test_other_codecs_in_the_accepted_containers_are_heard_too(decode: Decode, container: str, encoder: str) -> None:
    assert likeness(decode(by_av(container, encoder)), 1.0) > 0.95


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_the_sound_of_a_film_is_heard(decode: Decode, container: str) -> None:
    film = by_av(container, "aac" if container == "mp4" else "libopus", picture=True)
    assert likeness(decode(film), 1.0) > 0.95


def test_a_film_without_sound_is_refused(decode: Decode) -> None:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        out.mux(video.encode(None))
    with pytest.raises(InvalidAudio, match="no audio track"):
        decode(buffer.getvalue())


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_the_sound_keeps_its_own_rate(decode: Decode, rate_hz: int) -> None:
    heard = decode(by_soundfile("FLAC", "PCM_24", rate_hz=rate_hz, duration_s=0.2))
    assert (heard.sample_rate_hz, len(heard.samples)) == (rate_hz, rate_hz // 5)


# --- cut off ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", PROMISING)
def test_a_file_that_promises_more_than_is_there_is_refused(
    decode: Decode, good_files: dict[str, bytes], name: str, part: float
) -> None:
    data = good_files[name]
    with pytest.raises(InvalidAudio, match="truncated"):
        decode(data[: int(len(data) * part)])


@pytest.mark.parametrize("name", ["ogg", "mp3", "opus", "webm"])
def test_a_stream_that_was_cut_off_is_as_long_as_what_is_left(decode: Decode, name: str) -> None:
    if name in ("ogg", "mp3"):
        whole = by_soundfile(name.upper(), duration_s=12)
    else:
        whole = by_av("webm" if name == "webm" else "ogg", "libopus", duration_s=12)
    heard = decode(whole[: len(whole) // 2])
    # No silence in place of what is missing.
    assert 4.0 < heard.duration_s < 8.0
    assert np.abs(heard.samples[-heard.sample_rate_hz :]).max() > 0.1


def test_a_flac_that_decodes_to_less_than_it_says_is_refused(decode: Decode) -> None:
    data = b"".join(forge.silent_flac(3, claimed_samples=4 * 65_535))
    with pytest.raises(InvalidAudio, match="truncated"):
        decode(data)


def test_the_forged_flac_is_a_flac(decode: Decode) -> None:
    heard = decode(b"".join(forge.silent_flac(3, claimed_samples=3 * 65_535)))
    assert (len(heard.samples), heard.peak) == (3 * 65_535, 0.0)


# --- made to hurt -------------------------------------------------------------------------------------
class ChildWatch:
    """Follows the largest resident memory of this process's decoders while it is open, by a look every 2 ms."""

    def __enter__(self) -> Self:
        self.peak_bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            for child in psutil.Process().children():
                try:
                    # Between fork and exec a child is a copy of this process, whose size is not the decoder's.
                    if "decode_child" in " ".join(child.cmdline()):
                        self.peak_bytes = max(self.peak_bytes, child.memory_info().rss)
                except psutil.Error:
                    continue
            time.sleep(0.002)


@pytest.mark.parametrize("claimed", [0, 700_000_000, 2**36 - 1])
def test_a_small_flac_that_decodes_to_gigabytes_is_refused_with_little_memory(decode: Decode, claimed: int) -> None:
    bomb = b"".join(forge.silent_flac(10_700, claimed_samples=claimed))  # 701 million stereo samples: 5.6 GB
    assert len(bomb) < 300_000
    with ChildWatch() as watch, pytest.raises(InvalidAudio, match="longer than 600 s"):
        decode(bomb, max_wall_s=120)
    assert 0 < watch.peak_bytes < 160 * 2**20


def test_a_flac_that_says_less_than_it_holds_is_as_long_as_it_says(decode: Decode) -> None:
    assert len(decode(b"".join(forge.silent_flac(100, claimed_samples=1_000))).samples) == 1_000


def test_eight_channels_are_refused_before_they_are_decoded(decode: Decode) -> None:
    with pytest.raises(InvalidAudio, match="8 channels"):
        decode(b"".join(forge.silent_flac(10_700, claimed_samples=0, channels=8)))


@pytest.mark.parametrize("container", ["ogg", "webm", "mp4"])
def test_more_channels_are_refused_in_every_container(decode: Decode, container: str) -> None:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream("aac" if container == "mp4" else "libopus", rate=48_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(np.zeros((6, 48_000), np.float32), format="fltp", layout="5.1")
        frame.sample_rate = 48_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(InvalidAudio, match="6 channels"):
        decode(buffer.getvalue())


def test_a_file_larger_than_allowed_is_not_even_read_to_its_end() -> None:
    upload = io.BytesIO(b"\0" * 1_000_000)
    with pytest.raises(TooLarge, match="larger than 1000 bytes"):
        SandboxedCodec(max_file_bytes=1_000).decode(upload, AudioLimits())
    assert upload.tell() == 1_001


def test_silence_and_quiet_are_taken_as_they_are(decode: Decode) -> None:
    assert decode(forge.wav(b"\0\0" * 100)).peak == 0.0
