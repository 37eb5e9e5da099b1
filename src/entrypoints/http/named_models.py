"""What other services' names for models mean here: an engine, a quality profile, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entrypoints.service import Service
from voicecore.errors import NotFound, NotInstalled


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model's name means.

    Attributes:
        engine: or None for the service's default, or an enrolled voice's own.
        profile_id: or None for the engine's default.
    """

    name: str
    engine: str | None = None
    profile_id: str | None = None


@dataclass(frozen=True, slots=True)
class NamedModels:
    """A dialect's models. Every engine's own name is one, too.

    Attributes:
        table: name → `engine:profile`; either may be left out for the default.
        field: under which a request names its model.
    """

    service: Service
    table: Mapping[str, str]
    field: str = "model"

    def all(self) -> list[Model]:
        """Those that can speak here: the table's first, then the engines'."""
        named = [_model(name, meaning) for name, meaning in self.table.items()]
        engines = [
            Model(name=name, engine=name) for name in sorted(self.service.engines.providers) if name not in self.table
        ]
        return [model for model in (*named, *engines) if self._speaks(model.engine)]

    def __call__(self, name: str) -> Model:
        """The model of this name. Raises `NotFound`, or `NotInstalled` if its engine cannot speak here."""
        if name in self.table:
            return _model(name, self.table[name])
        if name in self.service.engines.providers:
            self.service.engines.card(name)
            return Model(name=name, engine=name)
        known = ", ".join(each.name for each in self.all())
        raise NotFound(f"There is no model {name[:80]!r}; choose one of: {known}.", field=self.field)

    def _speaks(self, engine: str | None) -> bool:
        try:
            self.service.engines.card(engine or self.service.engines.default)
        except (NotInstalled, NotFound):
            return False
        return True


def _model(name: str, meaning: str) -> Model:
    engine, _, profile = meaning.partition(":")
    return Model(name=name, engine=engine.strip() or None, profile_id=profile.strip() or None)
