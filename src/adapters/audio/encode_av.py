"""AAC in MP4, and Opus in Ogg, by FFmpeg's libraries through PyAV; no ffmpeg program is run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from adapters.audio.libraries import load
from adapters.audio.outbox import Outbox, pieces
from adapters.audio.storage_errors import temporary_space
from adapters.audio.tags import Tags
from voicecore.audio import Samples

_OPUS_RATE_HZ = 48_000
_OPUS_BIT_RATE = 64_000
_AAC_MAX_BIT_RATE = 96_000
#: An AAC frame of 1 024 samples holds at most 6 144 bits a channel (ISO/IEC 14496-3 §4.5.3.3), thus 6 bits a sample.
_AAC_BITS_A_SAMPLE = 4


def opus(sound: Iterable[Samples], tags: Tags = ()) -> Iterator[bytes]:
    """Ogg Opus of 48 kHz sound; every piece leaves as soon as its page is full."""
    outbox = Outbox()
    av = load("av")
    # Else FFmpeg draws the number of the stream, and the same sound would make other bytes each time.
    with av.open(outbox, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        container.metadata.update(tags)
        stream = container.add_stream("libopus", rate=_OPUS_RATE_HZ, layout="mono")
        stream.bit_rate = _OPUS_BIT_RATE
        for _ in _mux(av, container, stream, sound, _OPUS_RATE_HZ):
            yield from outbox.take()
    yield from outbox.take()


def m4a(sound: Iterable[Samples], rate_hz: int, tags: Tags = ()) -> Iterator[bytes]:
    """AAC-LC in MP4 with the index in front (`faststart`), so that players begin before they have all of it."""
    # A directory, since FFmpeg opens the file a second time by its name to move the index.
    with temporary_space():
        space = tempfile.TemporaryDirectory(prefix="voicecore-encode-")
    with space as folder:
        path = Path(folder) / "sound.m4a"
        _write_m4a(path, sound, rate_hz, tags)
        with path.open("rb") as finished:
            yield from pieces(finished)


def _write_m4a(path: Path, sound: Iterable[Samples], rate_hz: int, tags: Tags) -> None:
    av = load("av")
    # Lengths are written in this unit; FFmpeg's own choice, 1 ms, makes nothing of the shortest sounds.
    options = {"movflags": "+faststart", "movie_timescale": str(rate_hz)}
    with av.open(str(path), "w", format="ipod", options=options) as container:
        # iTunes' list has no names but its own; FFmpeg writes those that it knows, the comment (©cmt) among them.
        container.metadata.update((name.lower(), value) for name, value in tags)
        stream = container.add_stream("aac", rate=rate_hz, layout="mono")
        stream.bit_rate = min(_AAC_MAX_BIT_RATE, _AAC_BITS_A_SAMPLE * rate_hz)
        for _ in _mux(av, container, stream, sound, rate_hz):
            pass
        with temporary_space():
            container.close()


def _mux(av: Any, container: Any, stream: Any, sound: Iterable[Samples], rate_hz: int) -> Iterator[None]:
    """Encode block by block; PyAV cuts them into the frames that the codec wants."""
    position = 0
    for block in sound:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        frame.time_base = Fraction(1, rate_hz)
        frame.pts = position
        position += len(block)
        with temporary_space():
            container.mux(stream.encode(frame))
        yield
    with temporary_space():
        container.mux(stream.encode(None))
