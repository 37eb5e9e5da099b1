"""A setting's value, as the environment or the settings file has it, as the kind that its field is of."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from entrypoints.pairs import read_pairs
from voicecore.errors import InvalidInput, require


def read_value(name: str, kind: str, value: object, *, secret: bool) -> Any:
    """The value.

    Args:
        name: of the setting, for what is wrong with it.
        kind: the annotation of its field.
        secret: whether its value is repeated to nobody.

    Raises:
        InvalidInput: if it cannot be read.
    """
    # An empty path would be the working directory, and an empty host every address.
    require(not isinstance(value, str) or bool(value.strip()), f"{name} is empty; give a value or leave it out.")
    if kind in ("int", "float"):
        return _number(name, kind, value)
    if kind == "bool":
        return _flag(name, value)
    if kind == "Pairs":
        return read_pairs(name, value)
    if kind.startswith("tuple"):
        return _words(name, value)
    require(isinstance(value, str), f"{name} is {'of another kind' if secret else repr(value)}; give a text.")
    try:
        return Path(str(value)).expanduser() if kind.startswith("Path") else str(value)
    except RuntimeError as error:
        raise InvalidInput(f"{name} is {value!r}, which is no folder: {error}") from None


def _flag(name: str, value: object) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = known.get(str(value).strip().lower())
    if found is None:
        raise InvalidInput(f"{name} is {value!r}; give true or false.")
    return found


def _words(name: str, value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else None
    if parts is None or not all(isinstance(part, str) and part.strip() for part in parts):
        raise InvalidInput(f"{name} is {value!r}; give names separated by commas.")
    return tuple(dict.fromkeys(part.strip() for part in parts))


def _number(name: str, kind: str, value: object) -> float:
    try:
        number = int(str(value)) if kind == "int" else float(str(value))
    except ValueError:
        number = math.nan
    # Infinity, too, is no time that a clock could be set to.
    whole = "a whole number" if kind == "int" else "a number"
    require(isinstance(number, int) or math.isfinite(number), f"{name} is {value!r}; give {whole}.")
    return number
