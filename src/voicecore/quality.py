"""Quality profiles: how an engine is asked to speak."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NewType

from voicecore.errors import InvalidInput

ProfileId = NewType("ProfileId", str)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of an engine: its range (both ends belong to it), default, and what it does in one sentence."""

    minimum: float
    maximum: float
    default: float
    meaning: str
    integer: bool = False

    def check(self, name: str, value: object) -> float:
        """`value`, if it lies in the range.

        Raises:
            InvalidInput: if it does not, or is not a number.
        """
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not self.minimum <= number <= self.maximum:
            raise InvalidInput(
                f"{name} is {value!r}; give a number from {self.minimum:g} to {self.maximum:g}.", field=name
            )
        if self.integer and number != int(number):
            raise InvalidInput(f"{name} is {value!r}; give a whole number.", field=name)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityProfile:
    """A named set of engine parameters.

    Attributes:
        id: grammar `[a-z0-9_]{1,64}`; unique within its engine.
        engine: name of the engine whose parameters these are, or `*` for a neutral profile that every engine accepts.
        parameters: knob → value. Checked against the engine's card where a profile is made or used.
        built_in: shipped with voicecore, immutable.
    """

    id: ProfileId
    name: str
    engine: str
    description: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    built_in: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 100:
            raise InvalidInput("A profile's name has 1 to 100 characters.", field="name")
        if len(self.description) > 500:
            raise InvalidInput("A profile's description has at most 500 characters.", field="description")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


def check_parameters(parameters: Mapping[str, float], known: Mapping[str, Parameter]) -> dict[str, float]:
    """The parameters, each known and in its range.

    Raises:
        InvalidInput: naming the unknown knob and the known ones, or the value out of range.
    """
    for name in parameters:
        if name not in known:
            choices = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"{name!r} is not a parameter of this engine; it knows: {choices}.", field=name)
    return {name: known[name].check(name, value) for name, value in parameters.items()}
