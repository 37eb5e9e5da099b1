"""The provider of a converter, or a sentence that says that there is none."""

from __future__ import annotations

from voicecore.engine_settings import EngineSettings
from voicecore.errors import NotFound
from voicecore.ports import ConverterProvider
from voicecore.registry import converter_provider


def known_converter(name: str, settings: EngineSettings | None) -> ConverterProvider:
    """The provider of this name. Raises `NotFound` if no installed package offers it."""
    provider = converter_provider(name, settings)
    if provider is None:
        raise NotFound(f"There is no converter {name[:60]!r}; the package that offers it is not installed.")
    return provider
