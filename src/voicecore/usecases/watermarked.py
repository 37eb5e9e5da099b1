"""A host whose engines and converters hand out nothing without a watermark.

So that whatever is made of their sound, cached segments, live streams, samples of voices and files, has it, and nothing can
forget it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from voicecore.audio import Audio, AudioChunk, Samples
from voicecore.conversion import ConversionSettings
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import EngineFailed, UtteranceFailed
from voicecore.language import Language
from voicecore.ports import ConversionReport, EngineHost, ModelConverter, ModelParts, SpeechEngine, Watermarker
from voicecore.voice import VoicePrint


@dataclass(frozen=True, slots=True)
class WatermarkedHost:
    """Another host, and a watermarker at its door."""

    host: EngineHost
    watermarker: Watermarker

    def engine(self, name: str) -> SpeechEngine:
        return WatermarkedEngine(self.host.engine(name), self.watermarker)

    def converter(self, name: str) -> ModelConverter:
        return WatermarkedConverter(self.host.converter(name), self.watermarker)

    def interrupt(self) -> None:
        self.host.interrupt()

    def rest(self) -> None:
        self.host.rest()

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        return self.host.gauges()

    def alive(self) -> bool:
        return self.host.alive()

    def close(self) -> None:
        self.host.close()


@dataclass(slots=True)
class WatermarkedEngine:
    """An engine whose utterances come whole, since a mark needs some length: an utterance is one chunk."""

    engine: SpeechEngine
    watermarker: Watermarker
    card: EngineCard = field(init=False)
    _held: dict[str, list[Samples]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        card = self.engine.card
        # The version is part of what names a cached segment: one without the mark is another sound.
        self.card = replace(card, version=f"{card.version}+{self.watermarker.name}", streams_within_segment=False)

    def measure(self, text: str, language: Language) -> int:
        return self.engine.measure(text, language)

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        return self.engine.enroll(clips, language)

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        return self.engine.mix(parts)

    def admit(self, utterance: Utterance) -> None:
        self.engine.admit(utterance)
        self._held[utterance.id] = []

    def step(self) -> Sequence[AudioChunk]:
        try:
            chunks = self.engine.step()
        except UtteranceFailed as error:
            self._held.pop(error.utterance_id, None)
            raise
        except EngineFailed:
            self._held.clear()
            raise
        whole = []
        for chunk in chunks:
            self._held.setdefault(chunk.utterance_id, []).append(chunk.samples)
            if chunk.last:
                samples = np.concatenate(self._held.pop(chunk.utterance_id))
                whole.append(replace(chunk, samples=_marked(self.watermarker, samples, chunk.sample_rate_hz)))
        return whole

    def drop(self, utterance_id: str) -> None:
        self.engine.drop(utterance_id)
        self._held.pop(utterance_id, None)

    def gauges(self) -> Mapping[str, float]:
        return self.engine.gauges()

    def close(self) -> None:
        self.engine.close()


@dataclass(frozen=True, slots=True)
class WatermarkedConverter:
    """A converter whose sound is marked: what speech had of a mark is lost when its voice is changed."""

    converter: ModelConverter
    watermarker: Watermarker

    @property
    def name(self) -> str:
        return self.converter.name

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        converted, report = self.converter.convert(audio, settings)
        rate = converted.sample_rate_hz
        return Audio(_marked(self.watermarker, converted.samples, rate), rate), report

    def holds(self, model_id: str) -> bool:
        return self.converter.holds(model_id)

    def load(self, model_id: str, parts: ModelParts) -> None:
        self.converter.load(model_id, parts)

    def close(self) -> None:
        self.converter.close()


def _marked(watermarker: Watermarker, samples: Samples, rate_hz: int) -> Samples:
    return watermarker.mark(Audio(samples, rate_hz)).samples if samples.size else samples
