"""How the Kokoro engine is found, described and opened."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from voicecore.engine import EngineCard
from voicecore.engine_settings import EngineSettings
from voicecore.errors import MissingDependency, VoiceCoreError

from . import weights
from .card import NAME, make_card
from .engine import KokoroEngine
from .model import KokoroModel

#: Module → package of everything in the extra that the engine imports sooner or later.
_PACKAGES = {
    "onnxruntime": "onnxruntime",
    "espeakng_loader": "espeakng-loader",
    "num2words": "num2words",
    "pyworld": "pyworld-prebuilt",
    "soxr": "soxr",
}


class KokoroProvider:
    """Finds the Kokoro engine under the name `kokoro`."""

    name = NAME

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Only `models_dir` matters: a folder whose `kokoro/model.onnx`, where there is one, is used instead of the packages."""
        self._models_dir = None if settings is None else settings.models_dir
        self._card: EngineCard | None = None

    def card(self) -> EngineCard:
        missing = self._missing_packages()
        if missing:
            raise MissingDependency(f"The Kokoro engine needs {', '.join(missing)}: pip install 'voicecore[kokoro]'.")
        weights.locate(self._models_dir)
        if self._card is None:
            self._card = make_card()
        return self._card

    def problems(self) -> Sequence[str]:
        try:
            self.card()
            weights.check_size(self._models_dir)
        except VoiceCoreError as error:
            return (error.message,)
        return ()

    def open(self, *, threads: int | None = None) -> KokoroEngine:
        card = self.card()
        return KokoroEngine(KokoroModel.load(self._models_dir, threads=threads or 0), card)

    @staticmethod
    def _missing_packages() -> list[str]:
        return [name for module, name in _PACKAGES.items() if importlib.util.find_spec(module) is None]
