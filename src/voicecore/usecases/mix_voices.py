"""The print of a voice that lies between others."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.mixing import shares
from voicecore.ports import BlobStore, Catalog, SpeechEngine
from voicecore.request import MixRequest, VoicePart
from voicecore.usecases.load_voice_print import LoadVoicePrint
from voicecore.voice import VoicePrint

METHOD = "mixing"


@dataclass(frozen=True, slots=True)
class MixVoices:
    """Loads the prints of the parts and lets the engine mix them."""

    blobs: BlobStore
    catalog: Catalog

    def __call__(self, request: MixRequest, engine: SpeechEngine) -> tuple[VoicePrint, str]:
        """The print, and the sentence that says of what it was mixed.

        Raises:
            NotFound: if a voice was deleted since the mix was asked for.
            Conflict: if a part is itself a mix that an older model made.
            InvalidInput: if the engine does not mix these voices.
        """
        load = LoadVoicePrint(self.blobs, self.catalog)
        # Before the prints: then a voice that is deleted in between is told by the loading.
        sentence = self._sentence(request)
        parts: list[tuple[str | VoicePrint, float]] = [
            (part.voice if part.voice_id is None else load(part.voice_id, engine)[0], part.weight)
            for part in request.parts
        ]
        return engine.mix(parts), sentence

    def _sentence(self, request: MixRequest) -> str:
        portions = shares([part.weight for part in request.parts])
        listed = ", ".join(
            f"{self._name(part)} {100 * portion:.3g} %" for part, portion in zip(request.parts, portions, strict=True)
        )
        return f"A mix of: {listed}."

    def _name(self, part: VoicePart) -> str:
        """What people call the voice now; it may be renamed or deleted later."""
        voice = None if part.voice_id is None else self.catalog.voices.get(part.voice_id)
        return part.voice if voice is None else f"{voice.name} ({voice.id})"
