"""What converts finished speech here, and what takes in the models for it. Loads neither torch nor the service."""

from __future__ import annotations

import importlib.util

from entrypoints.settings import Settings
from voicecore.conversion import CONVERTER
from voicecore.ports import ModelIntake
from voicecore.registry import converter_provider
from voicecore.usecases.converters import Converters

#: Found like any engine, but offered only where the settings name it: it makes tones, not speech.
TEST_ENGINES = frozenset({"tone"})


def offered_converters(settings: Settings) -> Converters:
    """The converter of models; a test engine comes with the test converter of its name."""
    name = settings.engine if settings.engine in TEST_ENGINES else CONVERTER
    return Converters(converter_provider(name, settings.engine_settings))


def model_intake(settings: Settings) -> ModelIntake | None:
    """What reads uploaded models; None where nothing does."""
    if settings.engine in TEST_ENGINES:
        from voicecore.testing.shifter import ShifterIntake  # noqa: PLC0415 - only with a test engine

        return ShifterIntake()
    if importlib.util.find_spec("torch") is None:
        return None
    from adapters.converters.rvc.intake import IntakeLimits, RvcIntake  # noqa: PLC0415 - only where it can work

    size = settings.limits.max_rvc_model_bytes
    return RvcIntake(IntakeLimits(max_weights_bytes=size, max_index_bytes=size))
