"""A host without a process: engines and converters in this one. For tests and one-shot programs; it cannot stop a call by force."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.hosts.known_converter import known_converter
from voicecore.engine_settings import EngineSettings
from voicecore.ports import ConverterProvider, EngineProvider, ModelConverter, SpeechEngine
from voicecore.registry import engine_provider


class LocalHost:
    """Opens engines and converters by name, or from the providers it is given.

    `interrupt` does nothing, so a job is cancelled between two steps, not within one.
    """

    def __init__(
        self,
        providers: Mapping[str, EngineProvider] | None = None,
        *,
        converters: Mapping[str, ConverterProvider] | None = None,
        settings: EngineSettings | None = None,
    ) -> None:
        self._providers, self._converter_providers = dict(providers or {}), dict(converters or {})
        self._settings = settings
        self._engines: dict[str, SpeechEngine] = {}
        self._converters: dict[str, ModelConverter] = {}

    def engine(self, name: str) -> SpeechEngine:
        if name not in self._engines:
            provider = self._providers.get(name) or engine_provider(name, self._settings)
            self._engines[name] = provider.open()
        return self._engines[name]

    def converter(self, name: str) -> ModelConverter:
        if name not in self._converters:
            provider = self._converter_providers.get(name) or known_converter(name, self._settings)
            self._converters[name] = provider.open()
        return self._converters[name]

    def interrupt(self) -> None:
        """Nothing can be forced inside this process."""

    def rest(self) -> None:
        """Nothing is unloaded."""

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        return {name: engine.gauges() for name, engine in self._engines.items()}

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()
        for converter in self._converters.values():
            converter.close()
        self._engines.clear()
        self._converters.clear()
