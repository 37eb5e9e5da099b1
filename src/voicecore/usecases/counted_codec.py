"""Counts what uploads are refused for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from voicecore.audio import Audio, Samples
from voicecore.errors import VoiceCoreError
from voicecore.marks import Marking
from voicecore.measures import DECODE_REFUSALS
from voicecore.ports import AudioCodec, AudioLimits, Meter, SoundStream
from voicecore.request import OutputFormat
from voicecore.stream_format import StreamFormat


@dataclass(frozen=True, slots=True)
class CountedCodec:
    """An `AudioCodec` that is another one, and tells a meter."""

    codec: AudioCodec
    meter: Meter

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        try:
            return self.codec.decode(data, limits)
        except VoiceCoreError as error:
            self.meter.count(DECODE_REFUSALS, reason=error.code)
            raise

    def encode(
        self,
        blocks: Iterable[Samples],
        sample_rate_hz: int,
        output_format: OutputFormat,
        marking: Marking | None = None,
    ) -> Iterator[bytes]:
        return self.codec.encode(blocks, sample_rate_hz, output_format, marking)

    def stream(self, sample_rate_hz: int, wanted: StreamFormat, marking: Marking | None = None) -> SoundStream:
        return self.codec.stream(sample_rate_hz, wanted, marking)
