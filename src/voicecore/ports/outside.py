"""The outside: strangers' audio, receivers of messages, time and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from voicecore.audio import Audio, Samples
from voicecore.marks import Marking
from voicecore.request import OutputFormat
from voicecore.stream_format import StreamFormat


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What a decoded upload may be."""

    max_duration_s: float = 600.0
    min_sample_rate_hz: int = 8_000
    max_sample_rate_hz: int = 192_000
    max_channels: int = 2
    max_wall_s: float = 60.0


class SoundStream(Protocol):
    """Writes sound while it is made; what it gave is never changed later. Used by one thread at a time."""

    @property
    def sample_rate_hz(self) -> int:
        """Of what leaves, where that has samples of its own."""

    def encode(self, samples: Samples) -> bytes:
        """What leaves of these samples and of those before: perhaps nothing yet."""

    def finish(self) -> bytes:
        """The rest. Called once, last."""


class AudioCodec(Protocol):
    """Reads strangers' audio safely and writes ours."""

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        """The audio, mixed to mono, at its own rate. The format is found by content, never by name.

        Raises `UnsupportedAudioFormat`, or `InvalidAudio` (truncated, too long, too many channels, …).
        """

    def encode(
        self,
        blocks: Iterable[Samples],
        sample_rate_hz: int,
        output_format: OutputFormat,
        marking: Marking | None = None,
    ) -> Iterator[bytes]:
        """A file of the blocks, piece by piece; memory does not grow with the length.

        With `marking` its line stands in the file's metadata, in one piece. WAV, whose header can be put right at the end, asks
        with the sound; the others ask with None, before the first block. The sound is the same as without.
        """

    def stream(self, sample_rate_hz: int, wanted: StreamFormat, marking: Marking | None = None) -> SoundStream:
        """What writes sound of this rate, in this format, while it is made.

        With `marking` its line, asked for with None, stands in the header of formats that have one that leaves first: wav, mp3,
        ogg, flac and opus. The others have no place for it.
        """


class Watermarker(Protocol):
    """Puts a mark into sound that nobody hears, and finds it again. Thread-safe; the model behind it runs in no event loop."""

    @property
    def name(self) -> str:
        """As in settings: `perth`."""

    @property
    def keyed(self) -> bool:
        """Whether only this service can make the mark; else it tells that a sound is synthetic, and not whose."""

    def check(self) -> None:
        """Raise `MissingDependency` or `ModelCorrupt` unless it works here; nothing is spoken then."""

    def mark(self, audio: Audio) -> Audio:
        """The same sound with the mark: as long, to a sample, and at the same rate. Silence may stay as it is.

        Raises `EngineFailed` rather than hand out a sound without mark.
        """

    def detect(self, audio: Audio) -> float:
        """How surely the mark is there, 0..1; from 0.5 on it is. It survives lossy formats, resampling, and a cut."""

    def close(self) -> None:
        """Give back memory and processes. Idempotent."""


class Messenger(Protocol):
    """Carries a message to an address that a stranger named."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send the body in one HTTP POST, and return the status of the answer; nothing follows a redirect.

        It ends within 15 s, whatever the other side does. Raises `NotDelivered` if there was no answer, and its kind
        `ForbiddenTarget` for an address that may not be called; neither message holds more of the address than its host.
        """


class Clock(Protocol):
    """Time, so that tests own it."""

    def now(self) -> datetime:
        """The time, in UTC, with its zone."""

    def monotonic(self) -> float:
        """Seconds since some moment, which go on evenly whatever is done to the time of day."""


class Ids(Protocol):
    """New names."""

    def new(self, prefix: str) -> str:
        """`prefix_` and 20 characters `[a-z0-9]` that nobody can guess or has had before."""
