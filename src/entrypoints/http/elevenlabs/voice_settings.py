"""`voice_settings`: five sliders, and which of them move something here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
from msgspec import Meta

from voicecore.conversion import ConversionSettings
from voicecore.engine import SPEED
from voicecore.errors import InvalidInput
from voicecore.quality import Parameter

#: From here on a voice is `stable`, down to there it is `expressive`.
STABLE_FROM, EXPRESSIVE_TO = 0.7, 0.3
_SLIDER = Parameter(0, 1, 0.5, "From none to all.")
_SLIDER_META = {"minimum": 0, "maximum": 1}
#: That are none of an engine's knobs.
_IDLE = ("style", "clone_strength")


class VoiceSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How a voice speaks."""

    stability: Annotated[float, Meta(
        description=f"From {STABLE_FROM:g} on the quality profile `stable`, up to {EXPRESSIVE_TO:g} `expressive`, of engines that "
        "have them.", extra_json_schema=_SLIDER_META,
    )] | None = None  # fmt: skip
    similarity_boost: Annotated[float, Meta(
        description="How much of a conversion model's own sounds is mixed in; without effect on other voices.",
        extra_json_schema=_SLIDER_META,
    )] | None = None  # fmt: skip
    style: Annotated[float, Meta(description="Without effect.", extra_json_schema=_SLIDER_META)] | None = None
    use_speaker_boost: Annotated[bool, Meta(description="Without effect.")] | None = None
    speed: Annotated[float, Meta(
        description="Default: the profile's.", extra_json_schema={"minimum": SPEED.minimum, "maximum": SPEED.maximum},
    )] | None = None  # fmt: skip
    clone_strength: Annotated[float, Meta(description="Without effect.", extra_json_schema=_SLIDER_META)] | None = None


@dataclass(frozen=True, slots=True)
class Sliders:
    """Settings whose values were checked. Raises `InvalidInput` for one out of its range."""

    given: VoiceSettings

    def __post_init__(self) -> None:
        for name in ("stability", "similarity_boost", "style", "clone_strength"):
            value = getattr(self.given, name)
            if value is not None:
                _SLIDER.check(name, value)

    def profile(self, available: set[str]) -> str | None:
        """The quality profile that the stability asks for, if it is there."""
        stability = self.given.stability
        if stability is None:
            return None
        wanted = "stable" if stability >= STABLE_FROM else "expressive" if stability <= EXPRESSIVE_TO else None
        return wanted if wanted in available else None

    def of_conversion(self, conversion: ConversionSettings | None) -> ConversionSettings | None:
        """The conversion, as similar to its voice as is asked for."""
        if conversion is None or self.given.similarity_boost is None:
            return conversion
        return replace(conversion, index_rate=self.given.similarity_boost)

    def idle(self, *, speaks: bool, converts: bool) -> Iterator[str]:
        """Names of those that were set and move nothing.

        Args:
            speaks: whether a text is spoken.
            converts: whether speech is converted.
        """
        given = self.given
        yield from (name for name in _IDLE if getattr(given, name))
        if given.use_speaker_boost:
            yield "use_speaker_boost"
        if not converts and given.similarity_boost is not None:
            yield "similarity_boost"
        if not speaks:
            yield from (name for name in ("stability", "speed") if getattr(given, name) is not None)


def sliders_of(text: str | None) -> Sliders:
    """Of a form's field, which is JSON. Raises `InvalidInput`."""
    if text is None:
        return Sliders(VoiceSettings())
    try:
        return Sliders(msgspec.json.decode(text, type=VoiceSettings | None) or VoiceSettings())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput(
            f"voice_settings is not JSON of {', '.join(VoiceSettings.__struct_fields__)}: {str(error)[:120]}.",
            field="voice_settings",
        ) from None


def without_effect(names: Iterator[str] | list[str]) -> tuple[str, ...]:
    """A sentence about them; none where there are none."""
    told = ", ".join(names)
    return (f"Without effect here: {told}.",) if told else ()
