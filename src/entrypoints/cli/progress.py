"""Signs of life on stderr, only where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Below this many segments a bar would only flash by.
_LONG = 4


@contextmanager
def segment_bar() -> Iterator[Callable[[int, int], None]]:
    """Yields what is to be told (segments done, of how many); shows a bar for long texts on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - 60 ms that a script does not need
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("speaking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("speaking", total=None, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=total >= _LONG)


@contextmanager
def spinner(what: str) -> Iterator[Callable[[str], None]]:
    """Yields what takes new messages; shows a spinner on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _message: None
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status(what) as status:
        yield status.update


@contextmanager
def byte_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what is to be told (bytes done, of how many); shows a bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
