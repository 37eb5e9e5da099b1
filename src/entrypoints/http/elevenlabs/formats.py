"""`output_format`: codec, sample rate and bit rate in one word, such as `mp3_44100_128`."""

from __future__ import annotations

from litestar.params import QueryParameter

from voicecore.errors import InvalidInput
from voicecore.request import OutputFormat
from voicecore.stream_format import StreamFormat, StreamKind

_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_KBPS = (32, 64, 96, 128, 192)
FORMATS: dict[str, StreamFormat] = {
    "mp3_22050_32": StreamFormat(StreamKind.MP3, 22_050, 32),
    "mp3_24000_48": StreamFormat(StreamKind.MP3, 24_000, 48),
    **{f"mp3_44100_{each}": StreamFormat(StreamKind.MP3, 44_100, each) for each in _KBPS},
    **{f"opus_48000_{each}": StreamFormat(StreamKind.OPUS, 48_000, each) for each in _KBPS},
    **{f"pcm_{each}": StreamFormat(StreamKind.PCM, each) for each in _RATES_HZ},
    **{f"wav_{each}": StreamFormat(StreamKind.WAV, each) for each in _RATES_HZ},
    "ulaw_8000": StreamFormat(StreamKind.ULAW, 8_000),
    "alaw_8000": StreamFormat(StreamKind.ALAW, 8_000),
}
DEFAULT_FORMAT = "mp3_44100_128"
#: What the job is kept as, for a later download.
_KEPT_AS = {StreamKind.MP3: OutputFormat.MP3, StreamKind.OPUS: OutputFormat.OPUS}

#: The queries of everything that speaks.
OUTPUT = QueryParameter(description=f"Codec, rate and bit rate: {' '.join(FORMATS)}. Default {DEFAULT_FORMAT}.")
LOGGING = QueryParameter(description="Read and without effect: texts are never logged.")
LATENCY = QueryParameter(ge=0, le=4, description="Read and without effect: sound leaves as soon as there is some.")


def output_of(name: str | None) -> tuple[StreamFormat, OutputFormat]:
    """What is sent, and what the job is kept as. Raises `InvalidInput` with the formats there are."""
    found = FORMATS.get(DEFAULT_FORMAT if name is None else name)
    if found is None:
        raise InvalidInput(
            f"{str(name)[:60]!r} is not an output_format; choose one of: {', '.join(FORMATS)}.", field="output_format"
        )
    return found, _KEPT_AS.get(found.kind, OutputFormat.WAV)
