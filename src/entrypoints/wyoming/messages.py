"""What clients say, read from the data of their events."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from wyoming.event import Event

from voicecore.errors import InvalidInput


class VoiceSaid(msgspec.Struct, kw_only=True):
    """Which voice shall speak: by the name that `info` gave it, or any by its language."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None


class Started(msgspec.Struct, kw_only=True):
    """`synthesize-start`: a text will come in portions."""

    voice: VoiceSaid | None = None
    text_format: str | None = None


class Asked(Started, kw_only=True):
    """`synthesize`: a whole text."""

    text: str


class Portion(msgspec.Struct, kw_only=True):
    """`synthesize-chunk`."""

    text: str


class Selected(msgspec.Struct, kw_only=True):
    """`select-program`: which of the programs in `info` is meant from here on."""

    name: str


Said = TypeVar("Said", bound=msgspec.Struct)
Spoken = TypeVar("Spoken", bound=Started)


def read(event: Event, kind: type[Said]) -> Said:
    """The event's data. Fields that are not known are left alone, as the protocol wants. Raises `InvalidInput`."""
    try:
        return msgspec.convert(event.data, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The event {event.type!r} cannot be read: {error}.") from None


def read_words(event: Event, kind: type[Spoken]) -> Spoken:
    """As `read`, of a text that has no markup in it. Raises `InvalidInput`."""
    said = read(event, kind)
    if said.text_format not in (None, "text"):
        raise InvalidInput(
            f"text_format is {said.text_format[:40]!r}; only 'text' is spoken here: send the words without markup."
        )
    return said
