"""Where a command's audio goes: a file, stdout, or a pipe with a name. Nothing half-written is left to look finished."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Self

from voicecore.errors import InvalidInput

STDOUT = "-"


class Target:
    """Takes bytes as they come and hands them on at once.

    A file is opened with its first byte, so a failure before any sound leaves an older file as it was. `discard`
    removes a file (or empties a redirected stdout); what went into a pipe cannot be called back, so there the exit
    code has to tell.
    """

    def __init__(self, name: str) -> None:
        """`name`: a path, or `-` for stdout.

        Raises:
            InvalidInput: if no file can be written there.
        """
        self.name = name
        self.bytes_written = 0
        self._file: BinaryIO | None = None
        self._rewindable = False
        if name != STDOUT:
            _check_path(Path(name))

    @property
    def is_stdout(self) -> bool:
        """Whether the bytes go to stdout."""
        return self.name == STDOUT

    def write(self, data: bytes) -> None:
        """Append, and do not keep it in a buffer of this process."""
        if self._file is None:
            self._file = self._open()
        view = memoryview(data)
        while view:  # a raw file may take less than it was given
            view = view[self._file.write(view) :]
        self._file.flush()
        self.bytes_written += len(data)

    def amend(self, offset: int, data: bytes) -> bool:
        """Overwrite bytes written before; False where that is impossible (a pipe)."""
        if self._file is None or not self._rewindable:
            return False
        self._file.seek(offset)
        self._file.write(data)
        self._file.seek(0, os.SEEK_END)
        self._file.flush()
        return True

    def close(self) -> None:
        """All is written."""
        if self._file is not None and not self.is_stdout:
            self._file.close()

    def discard(self) -> None:
        """Take back what was written, as far as that is possible."""
        if self._file is None:
            return
        if self._rewindable:
            with contextlib.suppress(OSError, ValueError):
                self._file.seek(0)
                self._file.truncate()
        self.close()
        if self._rewindable and not self.is_stdout:
            Path(self.name).unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if self.is_stdout:
            stdout: BinaryIO = sys.stdout.buffer
            self._rewindable = _is_fresh_file(stdout)
            return stdout
        file: BinaryIO = Path(self.name).open("wb", buffering=0)  # noqa: SIM115 - `close` and `discard` close it
        self._rewindable = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        return file

    @contextmanager
    def finished_or_discarded(self) -> Iterator[Self]:
        """Close at the end; discard if anything goes wrong, Ctrl-C and SIGTERM included."""
        with _sigterm_interrupts():
            try:
                yield self
            except BaseException:
                self.discard()
                raise
            self.close()


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Being told to end is being interrupted, as long as there is something to take back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_path(path: Path) -> None:
    try:
        folder, here = path.absolute().parent, path.is_dir()
        if here:
            raise InvalidInput(f"{path} is a folder; name a file in it.")
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {folder}; make it first.")
        writable = os.access(path if path.exists() else folder, os.W_OK)
    except ValueError as error:  # a NUL in the name
        raise InvalidInput(f"{str(path)[:80]!r} is not a file name ({error}).") from error
    except OSError as error:
        raise InvalidInput(f"{str(path)[:80]} cannot be written: {error.strerror}.") from error
    if not writable:
        raise InvalidInput(f"{path} cannot be written: permission denied.")


def _is_fresh_file(stream: BinaryIO) -> bool:
    """Whether stdout is a regular file at its beginning. In append mode every write lands at the end, so it is not."""
    try:
        descriptor = stream.fileno()
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        appending = bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND)
        return regular and not appending and stream.tell() == 0
    except (OSError, ValueError):
        return False
