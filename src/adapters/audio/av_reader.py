"""MP3, MP4 audio (AAC, ALAC) and WebM by FFmpeg's libraries, through PyAV; no ffmpeg program is run.

The container is the one that `sniff` found, never FFmpeg's guess; one audio stream is decoded, by a decoder on the list; and
a file that names other files or addresses cannot have them opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from adapters.audio.libraries import load
from adapters.audio.mp4_boxes import check_whole
from adapters.audio.opened import Opened
from adapters.audio.sniff import AudioFormat
from adapters.audio.wire import BLOCK_FRAMES
from voicecore.errors import InvalidAudio

_DEMUXER = {AudioFormat.MP3: "mp3", AudioFormat.M4A: "mp4", AudioFormat.WEBM: "matroska"}
_CODECS = {
    AudioFormat.MP3: ("mp3", "mp3float"),
    AudioFormat.M4A: ("aac", "alac", "mp3", "mp3float", "opus", "libopus", "flac"),
    AudioFormat.WEBM: ("opus", "libopus", "vorbis"),
}


def open_with_av(source: BinaryIO, audio_format: AudioFormat) -> Opened:
    """Open the first audio stream.

    MP4 is refused if its boxes say more than is there. MP3 and WebM are streams: a file that was cut off is as long as
    what is left of it.

    Raises:
        InvalidAudio: if there is no audio stream, its codec is not accepted, or it cannot be decoded.
    """
    if audio_format is AudioFormat.M4A:
        check_whole(source)
    source.seek(0)
    av = load("av")
    codecs = _CODECS[audio_format]
    options = {"protocol_whitelist": "pipe", "codec_whitelist": ",".join(codecs)}
    try:
        container = av.open(source, "r", format=_DEMUXER[audio_format], options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise _damaged(audio_format) from error
    if not container.streams.audio:
        raise InvalidAudio(f"The {audio_format.value} file has no audio track; send a file with sound.")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or context.name not in codecs:
        name = context.name if context is not None else "unknown"
        raise InvalidAudio(
            f"The codec {name!r} inside the {audio_format.value} file is not accepted; send AAC or Opus."
        )
    context.thread_count = 1
    frames = _frames(av, container, stream, audio_format)
    # Only a decoded frame tells the true rate and channels: HE-AAC doubles them after the header.
    first = next(frames, None)
    if first is None:
        raise InvalidAudio("The file holds no sound: it has no samples at all.")
    rate, channels = int(first.sample_rate), int(first.layout.nb_channels)
    return Opened(
        sample_rate_hz=rate,
        channels=channels,
        claimed_frames=None,
        blocks=_blocks(first, frames, rate, channels),
    )


def _frames(av: Any, container: Any, stream: Any, audio_format: AudioFormat) -> Iterator[Any]:
    try:
        for packet in container.demux(stream):
            yield from packet.decode()
    except (av.FFmpegError, ValueError) as error:
        raise _damaged(audio_format) from error


def _blocks(first: Any, rest: Iterator[Any], rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """Frames, which have about 1 000 samples, gathered into larger blocks."""
    held: list[NDArray[np.float32]] = []
    size = 0
    frame: Any | None = first
    while frame is not None:
        if frame.sample_rate != rate or frame.layout.nb_channels != channels:
            raise InvalidAudio("The audio changes its sample rate or channels midway; export it again as one piece.")
        part = _floats(frame, channels)
        if held and size + len(part) > BLOCK_FRAMES:
            yield np.concatenate(held)
            held, size = [], 0
        # An ALAC frame may be as long as it likes.
        while len(part) > BLOCK_FRAMES:
            yield part[:BLOCK_FRAMES]
            part = part[BLOCK_FRAMES:]
        held.append(part)
        size += len(part)
        frame = next(rest, None)
    if size:
        yield np.concatenate(held)


def _floats(frame: Any, channels: int) -> NDArray[np.float32]:
    """float32, shape (samples, channels); integers are divided by their full scale."""
    array: NDArray[Any] = frame.to_ndarray()
    shaped = array.T if frame.format.is_planar else array.reshape(-1, channels)
    floats: NDArray[np.float32] = np.ascontiguousarray(shaped, np.float32)
    if array.dtype.kind == "f":
        return floats
    if array.dtype == np.uint8:
        return (floats - np.float32(128.0)) / np.float32(128.0)
    return floats / np.float32(2.0 ** (8 * array.dtype.itemsize - 1))


def _damaged(audio_format: AudioFormat) -> InvalidAudio:
    return InvalidAudio(
        f"The {audio_format.value} file is damaged or truncated and cannot be decoded; export it again."
    )
