"""Which watermark is on, and hosts that hand out nothing without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.watermarks.perth import PerthWatermarker
from entrypoints.settings import Settings
from voicecore.audio import Audio
from voicecore.ports import EngineHost, Watermarker
from voicecore.usecases.watermarked import WatermarkedHost


def watermarker(settings: Settings) -> Watermarker | None:
    """The one of the settings; None where it is off."""
    return PerthWatermarker() if settings.watermark == "perth" else None


def guarded(host: EngineHost, watermarker: Watermarker | None) -> EngineHost:
    """The host, behind the watermark where one is on."""
    return host if watermarker is None else WatermarkedHost(host, watermarker)


@contextmanager
def opened(settings: Settings) -> Iterator[Watermarker | None]:
    """The watermarker of a command that works by itself. Raises as `Watermarker.check`, before anything is made."""
    made = watermarker(settings)
    if made is None:
        yield None
        return
    try:
        made.check()
        yield made
    finally:
        made.close()


def watermarked(settings: Settings, audio: Audio) -> Audio:
    """A command's sound, marked where a watermark is on."""
    with opened(settings) as made:
        return audio if made is None else made.mark(audio)
