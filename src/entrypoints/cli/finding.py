"""What `doctor` finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from voicecore.errors import VoiceCoreError


class State(StrEnum):
    """How a thing is. Only an `error` keeps voicecore from speaking."""

    OK = "ok"
    OFF = "off"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        what: name of the thing.
        detail: what was seen.
        mend: how to turn it on or put it right; empty if there is nothing to do.
    """

    what: str
    state: State
    detail: str
    mend: str = ""


@contextmanager
def judged(what: str, add: Callable[[Finding], None], *, otherwise: State) -> Iterator[None]:
    """Around a check: an error becomes a finding in the state `otherwise`, so that the other checks still run."""
    try:
        yield
    except VoiceCoreError as error:
        add(Finding(what, otherwise, error.message))
    except Exception as error:  # noqa: BLE001 - a broken library may raise anything, and that is a finding
        add(Finding(what, otherwise, f"{type(error).__name__}: {error}", "install the package again"))
