"""Writes the six output formats, mono, piece by piece; memory does not grow with the length.

| format | made by | quality (mono) | rates |
|---|---|---|---|
| wav | ours | 16-bit PCM | any |
| flac | libsndfile | 16 bit | any |
| mp3 | libsndfile (LAME) | CBR 128 kbit/s from 32 kHz up, 64 kbit/s below | the nine of MPEG 1, 2 and 2.5 |
| ogg | libsndfile (Vorbis) | VBR quality 0.5 | any |
| m4a | FFmpeg (AAC-LC) | 4 bit a sample, at most 96 kbit/s | the thirteen of AAC |
| opus | FFmpeg (libopus in Ogg) | VBR about 64 kbit/s | 48 kHz |

Another rate is resampled up to the next that the format takes. ogg and opus leave as they are made. The others have a
header that tells the length (mp3: the LAME tag, by which players cut off the encoder's padding), so they are written into a
temporary file and leave when it is finished.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO

from adapters.audio.blocks import at_rate, checked, nearest_rate
from adapters.audio.encode_av import m4a, opus
from adapters.audio.encode_soundfile import write_flac, write_mp3, write_vorbis
from adapters.audio.outbox import Outbox, pieces
from adapters.audio.storage_errors import temporary_space
from adapters.audio.tags import Tags, flac_with_tags, id3, place_for, tags_of, vorbis_with_tags
from voicecore.audio import Samples, pcm16_bytes
from voicecore.errors import InvalidAudio
from voicecore.marks import Marking, info_texts
from voicecore.request import OutputFormat
from voicecore.sound_sketch import Sound, SoundMeter
from voicecore.wavfile import wav_header

#: Up to here a finished file is in memory, beyond it on the disk.
_SPOOL_BYTES = 4 * 2**20
#: The sizes of a RIFF file have 32 bits, and the head needs some of it.
_MAX_WAV_DATA_BYTES = 2**32 - 1 - 4_096

MP3_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
AAC_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)
OPUS_RATE_HZ = 48_000


def encoded(
    blocks: Iterable[Samples], sample_rate_hz: int, output_format: OutputFormat, marking: Marking | None = None
) -> Iterator[bytes]:
    """A file of the blocks, in pieces; see `adapters.audio.tags` for where the mark stands.

    Raises:
        InvalidAudio: if there is no sound in the blocks, a block is not finite mono, or it is too long for WAV (4 GiB).
        MissingDependency: if the format needs a package that is not installed.
        DiskFull: if there is no space for a temporary file.
    """
    sound = checked(blocks, sample_rate_hz)
    tags = () if marking is None else tags_of(marking(None))
    match output_format:
        case OutputFormat.OGG:
            return _streamed_vorbis(sound, sample_rate_hz, tags)
        case OutputFormat.OPUS:
            return opus(at_rate(sound, sample_rate_hz, OPUS_RATE_HZ), tags)
        case OutputFormat.M4A:
            rate = nearest_rate(sample_rate_hz, AAC_RATES_HZ)
            return m4a(at_rate(sound, sample_rate_hz, rate), rate, tags)
        case OutputFormat.WAV:
            return _spooled(lambda space: _write_wav(space, sound, sample_rate_hz, marking))
        case OutputFormat.FLAC:
            return flac_with_tags(_spooled(lambda space: write_flac(space, sound, sample_rate_hz)), tags)
        case OutputFormat.MP3:
            rate = nearest_rate(sample_rate_hz, MP3_RATES_HZ)
            resampled = at_rate(sound, sample_rate_hz, rate)
            return chain(id3(tags), _spooled(lambda space: write_mp3(space, resampled, rate)))


def _streamed_vorbis(sound: Iterable[Samples], rate_hz: int, tags: Tags) -> Iterator[bytes]:
    outbox = Outbox()
    for _ in write_vorbis(outbox, sound, rate_hz, place_for(tags)):
        yield from vorbis_with_tags(outbox.take(), tags)
    yield from outbox.take()


def _spooled(write: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES, prefix="voicecore-encode-") as space:
        write(space)
        space.seek(0)
        yield from pieces(space)


def _write_wav(space: IO[bytes], sound: Iterable[Samples], rate_hz: int, marking: Marking | None) -> None:
    def info(known: Sound | None) -> dict[str, str] | None:
        return None if marking is None else info_texts(marking(known))

    meter, size = SoundMeter(rate_hz), 0
    with temporary_space():
        space.write(wav_header(rate_hz, 0, info(None)))
    for block in sound:
        data = pcm16_bytes(block)
        size += len(data)
        if size > _MAX_WAV_DATA_BYTES:
            raise InvalidAudio("The sound is longer than a WAV file can say (4 GiB); choose another format.")
        if marking is not None:
            meter.add(data)
        with temporary_space():
            space.write(data)
    with temporary_space():
        space.seek(0)
        space.write(wav_header(rate_hz, size, info(meter.sound() if marking is not None else None)))
