"""Turns an import that fails into the sentence that says what to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from voicecore.errors import MissingDependency

_OURS = ("voicecore", "adapters", "entrypoints")


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Around the imports of a part that an extra installs.

    Raises:
        MissingDependency: if one of its packages is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _OURS:
            raise
        raise MissingDependency(f"{what} needs {missing}: pip install 'voicecore[{extra}]'.") from error
