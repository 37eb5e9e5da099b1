"""A converter of models that lives in the model process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.hosts import conversion_messages as messages
from adapters.hosts.frames import Frame
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings
from voicecore.errors import EngineFailed
from voicecore.ports import ConversionReport, ModelParts


class RemoteConverter:
    """A `ModelConverter` in the host's process. After that process ended every call raises `EngineCrashed`.

    Args:
        call: makes one call to that process.
    """

    def __init__(self, name: str, call: Callable[[Frame], Frame]) -> None:
        self._name, self._call = name, call
        self._closed = False
        self._conversions, self._models, self._seconds = 0, 0, 0.0

    @property
    def name(self) -> str:
        return self._name

    @property
    def closed(self) -> bool:
        """Whether whoever had it is done with it; the host then makes another."""
        return self._closed

    def holds(self, model_id: str) -> bool:
        return bool(self._ask("holds_model", Frame({"model": model_id})).head["holds"])

    def load(self, model_id: str, parts: ModelParts) -> None:
        self._ask("load_model", messages.pack_model(model_id, parts))
        self._models += 1

    def convert(self, audio: Audio, settings: ConversionSettings) -> tuple[Audio, ConversionReport]:
        """As the port says; `InvalidAudio` too for more than an hour, which no call carries."""
        answer = self._ask("convert", messages.pack_conversion(audio, settings))
        self._conversions += 1
        self._seconds += audio.duration_s
        return messages.unpack_converted(answer)

    def gauges(self) -> Mapping[str, float]:
        """What it did since its process began."""
        return {
            "conversions_total": float(self._conversions),
            "converted_seconds_total": self._seconds,
            "models_loaded_total": float(self._models),
        }

    def close(self) -> None:
        """Nothing is converted afterwards. What is loaded stays the host's, which closes it with the process."""
        self._closed = True

    def _ask(self, name: str, frame: Frame) -> Frame:
        if self._closed:
            raise EngineFailed("The converter was closed; ask the host for it again.")
        return self._call(Frame({**frame.head, "call": name, "converter": self._name}, frame.arrays))
