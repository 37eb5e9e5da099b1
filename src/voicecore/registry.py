"""Engines are found by entry point: a package that declares one in `voicecore.engines` is heard of here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from voicecore.engine_settings import EngineSettings
from voicecore.errors import NotFound
from voicecore.ports import ConverterProvider, EngineProvider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "voicecore.engines"
CONVERTERS_GROUP = "voicecore.converters"


def _entry_points(group: str = ENTRY_POINT_GROUP) -> Iterable[EntryPoint]:
    # Imported here: it costs tens of milliseconds, and `import voicecore` does not need it.
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group=group)


def engine_names() -> tuple[str, ...]:
    """Names of all engines that installed packages offer, sorted; whether they would open is `EngineProvider.problems`."""
    return tuple(sorted(point.name for point in _entry_points()))


def engine_provider(name: str, settings: EngineSettings | None = None) -> EngineProvider:
    """The provider of this name; the entry point is called with the settings.

    Raises:
        NotFound: with the names that there are.
    """
    for point in _entry_points():
        if point.name == name:
            provider: EngineProvider = point.load()(settings or EngineSettings())
            return provider
    known = ", ".join(engine_names()) or "none"
    raise NotFound(f"There is no engine {name[:60]!r}; installed are: {known}.", field="engine")


def engine_providers(
    names: tuple[str, ...] | None = None, settings: EngineSettings | None = None
) -> Mapping[str, EngineProvider]:
    """Providers by name; all that are installed, or those named."""
    return {name: engine_provider(name, settings) for name in (engine_names() if names is None else names)}


def converter_provider(name: str, settings: EngineSettings | None = None) -> ConverterProvider | None:
    """The provider of the converter of this name, or None if no installed package offers it."""
    for point in _entry_points(CONVERTERS_GROUP):
        if point.name == name:
            provider: ConverterProvider = point.load()(settings or EngineSettings())
            return provider
    return None
