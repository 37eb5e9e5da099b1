"""Good files of every accepted format, made by libraries and not by our encoder."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import soundfile

from voicecore.testing.contracts.audio_codec import speech_like

RATE_HZ = 24_000


def by_soundfile(
    container: str, subtype: str | None = None, *, duration_s: float = 1.0, rate_hz: int = RATE_HZ
) -> bytes:
    """A mono file by libsndfile."""
    buffer = io.BytesIO()
    soundfile.write(buffer, speech_like(duration_s, rate_hz), rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def by_av(
    container: str, codec: str, *, duration_s: float = 1.0, rate_hz: int = 48_000, picture: bool = False
) -> bytes:
    """A mono file by FFmpeg's libraries, with a second of black video before the sound if wanted."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        video = None
        if picture:
            video = out.add_stream("mpeg4" if container == "mp4" else "libvpx", rate=10)
            video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        stream = out.add_stream(codec, rate=rate_hz, layout="mono")
        if video is not None:
            for _ in range(10):
                out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
            out.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(
            speech_like(duration_s, rate_hz).reshape(1, -1), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def all_formats() -> dict[str, bytes]:
    """One second of `speech_like` in every accepted format."""
    return {
        "wav": by_soundfile("WAV", "PCM_16"),
        "flac": by_soundfile("FLAC", "PCM_16"),
        "ogg": by_soundfile("OGG", "VORBIS"),
        "mp3": by_soundfile("MP3"),
        "opus": by_av("ogg", "libopus"),
        "webm": by_av("webm", "libopus"),
        "m4a": by_av("ipod", "aac"),
    }
