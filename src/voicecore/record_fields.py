"""A field's value as JSON and back; each reader raises `TypeError` or `ValueError` on what it does not know."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from voicecore.language import Language

T = TypeVar("T")


def as_text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def as_whole(value: Any) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def as_number(value: Any) -> float:
    """A finite number; whole ones stay `int`, so that what is read equals what was written."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a finite number")
    return value


def as_flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def as_moment(value: Any) -> datetime:
    """A time with its zone."""
    moment = datetime.fromisoformat(as_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment


def moment_text(moment: datetime) -> str:
    """The inverse of `as_moment`, in UTC."""
    return moment.astimezone(UTC).isoformat()


def as_texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    return tuple_of(as_text)(value)


def tuple_of(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    """A list, each of its things through `read`."""

    def read_all(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is not a list")
        return tuple(read(each) for each in value)

    return read_all


def maybe(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """What `read` makes, or None."""
    return lambda value: None if value is None else read(value)


def maybe_write(write: Callable[[T], Any], value: T | None) -> Any:
    """The inverse of `maybe`."""
    return None if value is None else write(value)


def as_language(value: Any) -> Language:
    """A language by its tag."""
    return Language.parse(as_text(value))


def as_pair(value: Any) -> tuple[str, float]:
    """A name and a number."""
    name, number = value
    return as_text(name), as_number(number)


def as_knobs(value: Any) -> dict[str, float]:
    """Numbers by name."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a set of parameters")
    return {name: as_number(number) for name, number in value.items()}


def fields_of(document: Any, readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Exactly these fields, each through its reader; the names are the attributes of the value they make."""
    if not isinstance(document, dict):
        raise TypeError(f"{document!r} is not an object")
    if document.keys() != readers.keys():
        raise ValueError(f"unknown or missing fields: {', '.join(sorted(document.keys() ^ readers.keys()))}")
    return {name: read(document[name]) for name, read in readers.items()}
