"""The engines a service offers, by their cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicecore.engine import EngineCard
from voicecore.errors import NotFound
from voicecore.ports import EngineProvider


@dataclass(frozen=True, slots=True)
class Engines:
    """Providers by name, and which of them speaks where a request names none.

    Raises:
        NotFound: if the default is not among them.
    """

    providers: Mapping[str, EngineProvider]
    default: str

    def __post_init__(self) -> None:
        self.provider(self.default)

    def provider(self, name: str) -> EngineProvider:
        """The engine's provider. Raises `NotFound` with the names there are."""
        found = self.providers.get(name)
        if found is None:
            known = ", ".join(sorted(self.providers)) or "none"
            raise NotFound(f"There is no engine {name[:60]!r}; installed are: {known}.", field="engine")
        return found

    def card(self, name: str) -> EngineCard:
        """The engine's card. Raises `NotFound`, or `NotInstalled` if packages or weights are missing."""
        return self.provider(name).card()

    def problems(self) -> Mapping[str, Sequence[str]]:
        """For every engine, what keeps it from opening."""
        return {name: self.providers[name].problems() for name in sorted(self.providers)}
