"""What sound can be while it is being made: formats whose bytes can leave before the end is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voicecore.audio import MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ
from voicecore.errors import InvalidInput, require


class StreamKind(StrEnum):
    """Container and codec of streamed sound, mono.

    `pcm` is nothing but samples, 16 bits, little-endian; `wav` the same behind a header whose lengths are 0xFFFFFFFF; `opus`
    and `ogg` (Vorbis) are in Ogg; `aac` is AAC-LC in ADTS; `ulaw` and `alaw` are the bare bytes of G.711.
    """

    WAV = "wav"
    PCM = "pcm"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"
    OPUS = "opus"
    AAC = "aac"
    ULAW = "ulaw"
    ALAW = "alaw"


#: RFC 2046, 3003, 5334, 7845, 9639; `audio/L16` would be big-endian (RFC 2586), so bare samples have no registered name.
_MEDIA_TYPES = {
    StreamKind.WAV: "audio/wav",
    StreamKind.PCM: "audio/pcm",
    StreamKind.MP3: "audio/mpeg",
    StreamKind.OGG: "audio/ogg",
    StreamKind.FLAC: "audio/flac",
    StreamKind.OPUS: "audio/ogg; codecs=opus",
    StreamKind.AAC: "audio/aac",
    StreamKind.ULAW: "audio/basic",
    StreamKind.ALAW: "audio/x-alaw-basic",
}


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """A kind of stream, and what else is wanted of it.

    Attributes:
        sample_rate_hz: of what leaves; None for the sound's own (opus always has 48 000, ulaw and alaw 8 000 by default).
        kbps: kilobits a second, 8 to 320, of mp3, opus and aac; None for the codec's default. Others have no choice.
    """

    kind: StreamKind = StreamKind.WAV
    sample_rate_hz: int | None = None
    kbps: int | None = None

    def __post_init__(self) -> None:
        rate_hz = self.sample_rate_hz
        require(
            rate_hz is None or MIN_SAMPLE_RATE_HZ <= rate_hz <= MAX_SAMPLE_RATE_HZ,
            f"The sample rate is {rate_hz} Hz; give {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz.",
        )
        require(self.kbps is None or 8 <= self.kbps <= 320, f"The bit rate is {self.kbps} kbit/s; give 8 to 320.")

    @property
    def media_type(self) -> str:
        """The media type (RFC 6838) of the stream."""
        return _MEDIA_TYPES[self.kind]

    @classmethod
    def parse(cls, name: str, field: str = "format") -> StreamFormat:
        """The format of this name. Raises `InvalidInput` with those there are."""
        known = ", ".join(each.value for each in StreamKind)
        if name == "m4a":
            raise InvalidInput(
                "'m4a' has an index that is written last, so it cannot be streamed; download the finished job as m4a, or "
                f"choose one of: {known}.",
                field=field,
            )
        try:
            return cls(StreamKind(name))
        except ValueError:
            raise InvalidInput(
                f"{name[:60]!r} is not a format that can be streamed; choose one of: {known}.", field=field
            ) from None
