"""How the RVC converter is found, described and opened. Nothing here loads torch but `open`."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from adapters import torch_device
from voicecore.conversion import CONVERTER, F0Method
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import MissingDependency, ModelCorrupt, NotInstalled, VoiceCoreError
from voicecore.ports import ConverterCard

from . import f0
from .content import stored

if TYPE_CHECKING:
    from voicecore.ports import ModelConverter

#: Raise it when the same model, settings and weights begin to sound otherwise: what was kept of before is then made anew.
SOUND_VERSION: Final = 1
#: Module → package of what every conversion needs, whatever tracks its pitch.
_PACKAGES: Mapping[str, str] = MappingProxyType(
    {"torch": "torch", "safetensors": "safetensors", "scipy": "scipy", "soxr": "soxr"}
)


class RvcProvider:
    """Finds the RVC converter under the name `rvc`."""

    name = CONVERTER

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """`settings`: of them, `models_dir`, `device`, `precision` and `rvc_cache_mb` matter here."""
        self._settings = settings or EngineSettings()

    def card(self) -> ConverterCard:
        """As the port says. Weights may come and go while a service runs, so they are looked at each time."""
        try:
            weights = self._weights()
        except ModelCorrupt as error:
            # Who asks for a card wants to know whether the converter is there; damaged weights are as good as none.
            raise NotInstalled(error.message) from error
        off = {method: why for method in F0Method if (why := f0.unavailable(method, self._settings.models_dir))}
        return ConverterCard(name=self.name, methods_off=MappingProxyType(off), digest=self._digest(weights, off))

    def problems(self) -> Sequence[str]:
        found: list[str] = []
        try:
            self._weights()
        except VoiceCoreError as error:
            found.append(error.message)
        if wrong := torch_device.visible_problem(self._settings.device):
            found.append(wrong)
        return tuple(found)

    def open(self, *, threads: int | None = None) -> ModelConverter:
        """Reads the content encoder once to compare its digest; pitch trackers are loaded when they are first asked for."""
        self._weights()
        from .converter import RvcConverter  # noqa: PLC0415 - loads torch

        return RvcConverter.open(self._settings, threads=threads)

    def _weights(self) -> str:
        """Digest of the content encoder. Raises `MissingDependency`, `MissingModel` or `ModelCorrupt`."""
        if missing := [package for module, package in _PACKAGES.items() if importlib.util.find_spec(module) is None]:
            raise MissingDependency(f"Voice conversion (RVC) needs {', '.join(missing)}: pip install 'voicecore[rvc]'.")
        return stored.locked_digest(stored.find(self._settings.models_dir))

    def _digest(self, weights: str, off: Mapping[F0Method, str]) -> str:
        """Of the code's version, the encoder's weights, the trackers that are here, and what is traded for speed."""
        precision = Precision.BF16 if self._settings.precision is Precision.BF16 else Precision.EXACT
        trackers = [f0.identity(method, self._settings.models_dir) for method in F0Method if method not in off]
        lines = [f"{self.name} {SOUND_VERSION}", f"contentvec {weights}", f"precision {precision}", *trackers]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
