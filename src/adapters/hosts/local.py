"""A host without a process: engines in this one. For tests and one-shot programs; it cannot stop a call by force."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voicecore.ports import EngineProvider, SpeechEngine
from voicecore.registry import engine_provider


class LocalHost:
    """Opens engines by name, or from the providers it is given.

    `interrupt` does nothing, so a job is cancelled between two steps, not within one.
    """

    def __init__(
        self, providers: Mapping[str, EngineProvider] | None = None, *, models_dir: Path | None = None
    ) -> None:
        self._providers, self._models_dir = dict(providers or {}), models_dir
        self._engines: dict[str, SpeechEngine] = {}

    def engine(self, name: str) -> SpeechEngine:
        if name not in self._engines:
            provider = self._providers.get(name) or engine_provider(name, self._models_dir)
            self._engines[name] = provider.open()
        return self._engines[name]

    def interrupt(self) -> None:
        """Nothing can be forced inside this process."""

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
