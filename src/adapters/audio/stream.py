"""Writes sound while it is made, mono: what was put in leaves as soon as the format lets it.

| kind | made by | quality (mono), unless the caller says another | leaves after about |
|---|---|---|---|
| pcm, wav | numpy | 16-bit PCM | at once |
| ulaw, alaw | FFmpeg (G.711) | 64 kbit/s at 8 kHz | at once |
| mp3 | FFmpeg (LAME) | CBR 128 kbit/s from 32 kHz up, 64 kbit/s below; no tag of its length | 2 frames, 0.05 to 0.1 s |
| aac | FFmpeg (AAC-LC in ADTS) | 4 bits a sample, at most 96 kbit/s | 2 frames, 0.05 to 0.1 s |
| opus | FFmpeg (libopus in Ogg) | VBR about 64 kbit/s | a page, 0.1 s |
| flac | FFmpeg | 16 bits | a frame, 0.1 to 0.2 s |
| ogg | libsndfile (Vorbis) | VBR quality 0.5 | a page of 4 kB, about 0.5 s |

A rate that the format does not have is resampled up to the next that it has. Memory does not grow with the length.

A mark stands where `adapters.audio.tags` says, in the headers of wav, mp3, ogg, opus and flac. Pcm, ulaw and alaw are nothing but
samples, and ADTS has no header before its frames, so they have none.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from adapters.audio.blocks import nearest_rate
from adapters.audio.encode import AAC_RATES_HZ, MP3_RATES_HZ, OPUS_RATE_HZ
from adapters.audio.encode_soundfile import VorbisWriter
from adapters.audio.libraries import load
from adapters.audio.outbox import Drain, Outbox
from adapters.audio.tags import Tags, id3, place_for, tags_of, vorbis_with_tags
from voicecore.audio import Samples, pcm16_bytes
from voicecore.marks import Marking, info_texts
from voicecore.ports import SoundStream
from voicecore.stream_format import StreamFormat, StreamKind
from voicecore.wavfile import wav_header

_MPEG1_LOWEST_RATE_HZ = 32_000
_AAC_MAX_BIT_RATE, _AAC_BITS_A_SAMPLE = 96_000, 4
_G711_RATE_HZ = 8_000
#: FFmpeg's names: muxer, encoder, sample format, options. The lengths of pages are microseconds.
_BY_FFMPEG: dict[StreamKind, tuple[str, str, str, dict[str, str]]] = {
    StreamKind.MP3: ("mp3", "libmp3lame", "fltp", {"write_xing": "0", "id3v2_version": "0"}),
    StreamKind.AAC: ("adts", "aac", "fltp", {}),
    StreamKind.OPUS: ("ogg", "libopus", "flt", {"page_duration": "100000"}),
    StreamKind.FLAC: ("flac", "flac", "s16", {}),
    StreamKind.ULAW: ("mulaw", "pcm_mulaw", "s16", {}),
    StreamKind.ALAW: ("alaw", "pcm_alaw", "s16", {}),
}
#: Those whose header is Vorbis comments.
_TAGGED_BY_FFMPEG = (StreamKind.OPUS, StreamKind.FLAC)


def streamed(sample_rate_hz: int, wanted: StreamFormat, marking: Marking | None = None) -> SoundStream:
    """A stream of this format for sound of this rate. Raises `MissingDependency`."""
    rate_hz = _rate(wanted, sample_rate_hz)
    line = None if marking is None else marking(None)
    tags = () if line is None else tags_of(line)
    inner: SoundStream
    match wanted.kind:
        case StreamKind.PCM:
            inner = _Pcm(rate_hz)
        case StreamKind.WAV:
            inner = _Pcm(rate_hz, wav_header(rate_hz, None, None if line is None else info_texts(line)))
        case StreamKind.OGG:
            inner = _Vorbis(rate_hz, tags)
        case _:
            inner = _Muxed(rate_hz, wanted, tags)
    return inner if rate_hz == sample_rate_hz else _Resampled(sample_rate_hz, inner)


def _rate(wanted: StreamFormat, own_hz: int) -> int:
    """The rate of what leaves."""
    match wanted.kind:
        case StreamKind.OPUS:
            return OPUS_RATE_HZ
        case StreamKind.MP3:
            return nearest_rate(wanted.sample_rate_hz or own_hz, MP3_RATES_HZ)
        case StreamKind.AAC:
            return nearest_rate(wanted.sample_rate_hz or own_hz, AAC_RATES_HZ)
        case StreamKind.ULAW | StreamKind.ALAW:
            return wanted.sample_rate_hz or _G711_RATE_HZ
        case _:
            return wanted.sample_rate_hz or own_hz


class _Pcm:
    def __init__(self, sample_rate_hz: int, header: bytes = b"") -> None:
        self.sample_rate_hz = sample_rate_hz
        self._ahead = header

    def encode(self, samples: Samples) -> bytes:
        ahead, self._ahead = self._ahead, b""
        return ahead + pcm16_bytes(samples)

    def finish(self) -> bytes:
        return self.encode(np.zeros(0, np.float32))


class _Resampled:
    """At another rate, by soxr's streaming resampler, which takes its delay off itself."""

    def __init__(self, from_hz: int, inner: SoundStream) -> None:
        self.sample_rate_hz = inner.sample_rate_hz
        self._inner = inner
        self._soxr = load("soxr").ResampleStream(from_hz, inner.sample_rate_hz, 1, dtype="float32")

    def encode(self, samples: Samples) -> bytes:
        return self._inner.encode(np.clip(self._soxr.resample_chunk(samples), -1.0, 1.0))

    def finish(self) -> bytes:
        rest = self._soxr.resample_chunk(np.zeros(0, np.float32), last=True)
        return self._inner.encode(np.clip(rest, -1.0, 1.0)) + self._inner.finish()


class _Vorbis:
    def __init__(self, sample_rate_hz: int, tags: Tags) -> None:
        self.sample_rate_hz = sample_rate_hz
        self._tags = tags
        self._outbox = Outbox()
        self._writer = VorbisWriter(self._outbox, sample_rate_hz, place_for(tags))

    def encode(self, samples: Samples) -> bytes:
        self._writer.write(samples)
        return self._taken()

    def finish(self) -> bytes:
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        return b"".join(vorbis_with_tags(self._outbox.take(), self._tags))


class _Muxed:
    """By FFmpeg's libraries through PyAV, which cuts the sound into the frames that the codec wants."""

    def __init__(self, sample_rate_hz: int, wanted: StreamFormat, tags: Tags) -> None:
        self.sample_rate_hz = sample_rate_hz
        # FFmpeg's own tag of an MP3 would wait for what it says of the whole.
        self._ahead = b"".join(id3(tags)) if wanted.kind is StreamKind.MP3 else b""
        muxer, encoder, self._sample_format, options = _BY_FFMPEG[wanted.kind]
        self._av = load("av")
        # Nobody can seek in a stream, and FFmpeg asks before it tries.
        self._drain = Drain()
        self._container = self._av.open(self._drain, "w", format=muxer, options=options)
        if wanted.kind in _TAGGED_BY_FFMPEG:
            self._container.metadata.update(tags)
        self._stream = self._container.add_stream(encoder, rate=sample_rate_hz, layout="mono")
        if (bit_rate := _bit_rate(wanted, sample_rate_hz)) is not None:
            self._stream.bit_rate = bit_rate
        self._position = 0

    def encode(self, samples: Samples) -> bytes:
        if len(samples):
            self._container.mux(self._stream.encode(self._frame(samples)))
        return self._taken()

    def finish(self) -> bytes:
        if self._position:  # else there is nothing that a file could be made of
            self._container.mux(self._stream.encode(None))
            self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        data = self._drain.take()
        if data:
            data, self._ahead = self._ahead + data, b""
        return data

    def _frame(self, samples: Samples) -> Any:
        shaped = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        if self._sample_format == "s16":
            shaped = np.frombuffer(pcm16_bytes(shaped), "<i2").reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(shaped, format=self._sample_format, layout="mono")
        frame.sample_rate = self.sample_rate_hz
        frame.time_base = Fraction(1, self.sample_rate_hz)
        frame.pts = self._position
        self._position += len(samples)
        return frame


def _bit_rate(wanted: StreamFormat, rate_hz: int) -> int | None:
    match wanted.kind:
        case StreamKind.MP3:
            return 1_000 * (wanted.kbps or (128 if rate_hz >= _MPEG1_LOWEST_RATE_HZ else 64))
        case StreamKind.AAC:
            ceiling = 6 * rate_hz  # ISO/IEC 14496-3 §4.5.3.3
            return min(
                ceiling, 1_000 * wanted.kbps if wanted.kbps else min(_AAC_MAX_BIT_RATE, _AAC_BITS_A_SAMPLE * rate_hz)
            )
        case StreamKind.OPUS:
            return 1_000 * (wanted.kbps or 64)
        case _:
            return None
