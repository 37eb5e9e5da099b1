"""A conversion model in a converter, whatever else the converter holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicecore import blobkeys
from voicecore.audio import Audio, Samples
from voicecore.conversion import ConversionSettings
from voicecore.conversion_model import ConversionModel
from voicecore.errors import EngineFailed, NotFound
from voicecore.ports import BlobStore, Catalog, ConversionReport, ModelConverter, ModelParts
from voicecore.tone_colour import MIN_SPEECH_S


@dataclass(frozen=True, slots=True)
class ModelVoice:
    """Gives sound this voice. The model is loaded when it is first needed, and again if others' drove it out."""

    converter: ModelConverter
    blobs: BlobStore
    model: ConversionModel
    settings: ConversionSettings

    @classmethod
    def ready(
        cls, converter: ModelConverter, blobs: BlobStore, catalog: Catalog, settings: ConversionSettings
    ) -> ModelVoice:
        """The voice with its model loaded. Raises `NotFound` for a model that was deleted, and as `ModelConverter.load`."""
        model = catalog.models.get(settings.model_id)
        if model is None:
            raise _deleted(settings.model_id)
        voice = cls(converter, blobs, model, settings)
        if not converter.holds(model.id):
            voice._load()
        return voice

    @property
    def sample_rate_hz(self) -> int:
        """Of what is made."""
        return self.model.sample_rate_hz

    def __call__(self, audio: Audio) -> tuple[Samples, ConversionReport]:
        """The sound in this voice, `round(n · sample_rate_hz / audio.sample_rate_hz)` samples for n.

        What is shorter than converters accept is converted with silence after it, which is cut off again.
        """
        wanted = round(len(audio.samples) * self.sample_rate_hz / audio.sample_rate_hz)
        made, report = self._convert(_long_enough(audio))
        if made.sample_rate_hz != self.sample_rate_hz or len(made.samples) < wanted:
            raise EngineFailed(
                f"The converter made {len(made.samples)} samples at {made.sample_rate_hz} Hz of what should be {wanted} at "
                f"{self.sample_rate_hz} Hz."
            )
        return made.samples[:wanted], report

    def _convert(self, audio: Audio) -> tuple[Audio, ConversionReport]:
        if not self.converter.holds(self.model.id):
            self._load()
        try:
            return self.converter.convert(audio, self.settings)
        except NotFound:
            # Another slot's model drove it out since. Right after loading it is found, whatever others do.
            self._load()
            return self.converter.convert(audio, self.settings)

    def _load(self) -> None:
        try:
            voice = self._read(blobkeys.model_voice(self.model.id))
            index = self._read(blobkeys.model_index(self.model.id)) if self.model.has_index else None
        except NotFound as error:
            raise _deleted(self.model.id) from error
        self.converter.load(self.model.id, ModelParts(voice, index))

    def _read(self, key: str) -> bytes:
        with self.blobs.open(key) as reader:
            return reader.read()


def _deleted(model_id: str) -> NotFound:
    return NotFound(f"The conversion model {model_id!r} was deleted.", field="rvc_model_id")


def _long_enough(audio: Audio) -> Audio:
    missing = int(np.ceil(MIN_SPEECH_S * audio.sample_rate_hz)) - len(audio.samples)
    if missing <= 0:
        return audio
    return Audio(np.concatenate([audio.samples, np.zeros(missing, np.float32)]), audio.sample_rate_hz)
