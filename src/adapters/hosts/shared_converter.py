"""One converter for several slots: their calls take turns, between the steps of engines."""

from __future__ import annotations

from typing import Final

from adapters.hosts.lane import Lane
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings
from voicecore.errors import EngineFailed
from voicecore.ports import ConversionReport, ModelConverter, ModelParts

#: A slow processor may take this many seconds for one of speech. A conversion whose job was called off is let go on for so
#: long, since ending it would end the other slots' work, too; but never longer than the second number.
_SECONDS_PER_SECOND: Final = 2.0
_LONGEST_S: Final = 60.0


class SharedConverter:
    """A `ModelConverter` of one slot, on one that others use between its calls.

    What this slot loaded last is there for its next `convert`, even if others' models drove it out meanwhile. An interrupt
    releases the slot at once; the conversion under way ends by itself, or by force if it takes far too long.
    """

    def __init__(self, lane: Lane, slot: int, converter: ModelConverter) -> None:
        self._lane, self._slot, self._converter = lane, slot, converter
        self._loaded: tuple[str, ModelParts] | None = None
        self._closed = False

    @property
    def name(self) -> str:
        return self._converter.name

    def holds(self, model_id: str) -> bool:
        self._check_open()
        return self._lane.call(self._slot, lambda: self._converter.holds(model_id), quick=True)

    def load(self, model_id: str, parts: ModelParts) -> None:
        self._check_open()
        self._lane.call(self._slot, lambda: self._converter.load(model_id, parts), quick=True)
        self._loaded = model_id, parts

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        self._check_open()
        loaded, self._loaded = self._loaded, None

        def work() -> tuple[Audio, ConversionReport]:
            if loaded is not None and loaded[0] == settings.model_id and not self._converter.holds(loaded[0]):
                self._converter.load(*loaded)
            return self._converter.convert(audio, settings)

        patience_s = min(_SECONDS_PER_SECOND * audio.duration_s, _LONGEST_S)
        return self._lane.call(self._slot, work, patience_s=patience_s)

    def close(self) -> None:
        """Nothing is converted by this slot afterwards; the host closes the converter itself."""
        self._closed, self._loaded = True, None

    def _check_open(self) -> None:
        if self._closed:
            raise EngineFailed("The converter was closed; ask the host for it again.")
