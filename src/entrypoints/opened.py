"""What is opened is closed, also if opening it failed half-way."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Opened:
    """A context manager of `open` and `close`. `close` is idempotent and copes with what is only half open."""

    __slots__ = ()

    def open(self) -> None:
        """Begin."""
        raise NotImplementedError

    def close(self) -> None:
        """End, in order."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
