"""A host without a process: engines in this one. For tests and one-shot programs; it cannot stop a call by force."""

from __future__ import annotations

from collections.abc import Mapping

from voicecore.engine_settings import EngineSettings
from voicecore.ports import EngineProvider, SpeechEngine
from voicecore.registry import engine_provider


class LocalHost:
    """Opens engines by name, or from the providers it is given.

    `interrupt` does nothing, so a job is cancelled between two steps, not within one.
    """

    def __init__(
        self, providers: Mapping[str, EngineProvider] | None = None, *, settings: EngineSettings | None = None
    ) -> None:
        self._providers, self._settings = dict(providers or {}), settings
        self._engines: dict[str, SpeechEngine] = {}

    def engine(self, name: str) -> SpeechEngine:
        if name not in self._engines:
            provider = self._providers.get(name) or engine_provider(name, self._settings)
            self._engines[name] = provider.open()
        return self._engines[name]

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
        self._engines.clear()
