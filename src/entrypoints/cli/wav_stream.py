"""WAV and raw PCM that leave as they are made."""

from __future__ import annotations

from collections.abc import Iterable

from entrypoints.cli.target import Target
from voicecore.audio import Samples, pcm16_bytes
from voicecore.marks import Marking, info_texts
from voicecore.sound_sketch import Sound, SoundMeter
from voicecore.wavfile import wav_header


def write_wav(target: Target, blocks: Iterable[Samples], sample_rate_hz: int, marking: Marking) -> None:
    """Write each block as it comes, behind a header of unknown length and an untied mark, which are put right at the end of a
    file.

    In a pipe the header stays as it is.
    """

    def header(size: int | None, sound: Sound | None) -> bytes:
        return wav_header(sample_rate_hz, size, info_texts(marking(sound)))

    size, meter = 0, SoundMeter(sample_rate_hz)
    for block in blocks:
        if size == 0:
            target.write(header(None, None))
        data = pcm16_bytes(block)
        target.write(data)
        meter.add(data)
        size += len(data)
    target.amend(0, header(size, meter.sound()))


def write_pcm(target: Target, blocks: Iterable[Samples]) -> None:
    """Write 16-bit little-endian samples without any header."""
    for block in blocks:
        target.write(pcm16_bytes(block))
