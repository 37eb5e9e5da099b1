"""Msgspec's refusals in our words: which field, what it holds, what belongs there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

import msgspec

from voicecore.errors import InvalidInput

_PATH = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
#: Greedy and over line ends, since the name is the caller's and may hold anything.
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_KIND = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`")
_WORDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "object": "an object",
          "array": "a list", "null": "null"}  # fmt: skip
_SHOWN = 60


def explained(
    error: msgspec.ValidationError, kind: type[msgspec.Struct], form: Mapping[str, str] | None = None
) -> InvalidInput:
    """One sentence about the field. `form`: the values as they came, where all of them are texts."""
    message = str(error)
    known = [each.encode_name for each in msgspec.structs.fields(kind)]
    if unknown := _UNKNOWN.search(message):
        return _unknown_inside(message) or unknown_field(unknown["name"], known)
    if missing := _MISSING.search(message):
        name = missing["name"]
        return InvalidInput(f"The field {name!r} is missing; send it.", field=name)
    place = _PATH.search(message)
    name = (place["path"] if place else "")[:_SHOWN]
    mismatch = _KIND.search(message)
    if mismatch is None:
        return InvalidInput(f"The field {name!r} cannot be read: {_PATH.sub('', message)[:200]}.", field=name or None)
    wanted, found = _wanted(mismatch["wanted"]), _WORDS.get(mismatch["found"], mismatch["found"])
    if not name:
        return InvalidInput(f"The body is {found}; send {wanted} with the fields {', '.join(known)}.")
    if form is not None and name in form:
        return InvalidInput(f"{name} is {form[name][:_SHOWN]!r}; give {wanted}.", field=name)
    return InvalidInput(f"The field {name!r} is {found}; give {wanted}.", field=name)


def _unknown_inside(message: str) -> InvalidInput | None:
    """Of an object within the body; None if it is of the body itself."""
    inside = _PATH.search(message)
    if inside is None or not inside["path"]:
        return None
    name, where = message[len("Object contains unknown field `") : inside.start() - 1], inside["path"]
    return InvalidInput(f"There is no field {name[:_SHOWN]!r} in {where[:_SHOWN]}; leave it out.", field=name[:_SHOWN])


def unknown_field(name: str, known: list[str]) -> InvalidInput:
    """It is refused, with the nearest field there is, or with all of them."""
    near = difflib.get_close_matches(name[:_SHOWN], known, n=1)
    if near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = f"the fields are: {', '.join(known)}." if known else "there are none but files; leave it out."
    return InvalidInput(f"There is no field {name[:_SHOWN]!r}; {hint}", field=name[:_SHOWN])


def _wanted(kinds: str) -> str:
    # `null` is what a field that is left out may also be; nobody needs to be told to send it.
    return " or ".join(_WORDS.get(each, each) for each in kinds.split(" | ") if each != "null")
