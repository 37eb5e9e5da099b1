"""A chain of lines in one file, which any number of processes may lengthen.

A line is a JSON object; its `prev` is the sha256 of the line before, without the line feed, and of the first line 64
zeros. So a line that is changed, moved or taken out is told by the one after it. The last ones have none after them:
how many lines there are, and the digest of the last, stands in a second file beside it. Both are only evidence against
who can write one of them: send the lines to another machine, too, where more is at stake.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from voicecore.errors import DiskFull, StorageUnavailable
from voicecore.ports import Act, Clock

FILE_NAME = "audit.jsonl"
#: Beside the log: the number of its lines, and the digest of the last one.
HEAD_NAME = "audit.head"
_START = "0" * 64
_VERSION = 1
#: No line of ours is as long.
_LONGEST = 65_536
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log, as it was written."""

    number: int
    line: Line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the chain: how many lines hold, and what is wrong with the next; None if all is well."""

    lines: int
    problem: str | None


class FileAuditLog:
    """Appends under a lock that all processes share, and syncs before it returns."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """The file is made with the first act."""
        self._folder = folder
        self._clock = clock

    def record(self, act: Act) -> None:
        with _translated(self._folder / FILE_NAME), _locked(self._folder) as log:
            end, number, last = _tail(log)
            line = _text(act, self._clock.now().isoformat(), number + 1, last)
            try:
                _append(log, end, line + b"\n")
            except OSError:
                # What is there of the line is none; on a full disk making the file shorter needs no room.
                with suppress(OSError):
                    os.ftruncate(log, end)
                raise
            _write_head(self._folder, number + 1, _digest(line))


def entries(folder: Path) -> Iterator[Entry]:
    """The lines of the log, oldest first; those that are no JSON are left out. Raises `StorageUnavailable`."""
    for number, line in enumerate(_lines(folder), 1):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield Entry(number, found)


def verify(folder: Path) -> Verdict:
    """Look at every link of the chain, and at its end. Raises `StorageUnavailable` if the file cannot be read."""
    count, last, before = 0, _START, _START
    for line in _lines(folder):
        problem = _wrong(line, count + 1, last)
        if problem is not None:
            return Verdict(count, problem)
        count, last, before = count + 1, _digest(line), last
    return Verdict(count, _wrong_end(folder, count, last, before))


def _wrong(line: bytes, number: int, last: str) -> str | None:
    try:
        found = json.loads(line)
        said, link = found["n"], found["prev"]
    except (ValueError, KeyError, TypeError):
        return f"Line {number} is not one of this log."
    if link != last or said != number:
        return f"Line {number} does not follow from the line before: one of them was changed, or lines were removed."
    return None


def _wrong_end(folder: Path, count: int, last: str, before: str) -> str | None:
    head = _read_head(folder)
    if head is None:
        return None if count <= 1 else f"{HEAD_NAME} is missing, which says how long the log is."
    lines, digest = head
    # A process may have ended between writing the line and writing this.
    if (lines, digest) in ((count, last), (count - 1, before)):
        return None
    if lines > count:
        return f"The log has {count} lines, and had {lines}: the last ones were removed."
    return f"{HEAD_NAME} and the log do not fit: one of them was changed."


def _text(act: Act, when: str, number: int, last: str) -> bytes:
    document = {"v": _VERSION, "n": number, "time": when, "who": act.who, "what": act.what,
                "objects": dict(act.objects), "details": dict(act.details), "prev": last}  # fmt: skip
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()


def _tail(log: int) -> tuple[int, int, str]:
    """Where the last whole line ends, its number, and its digest."""
    size = os.fstat(log).st_size
    start = max(0, size - _LONGEST)
    # What stands behind the last line feed was never acknowledged: its writer was killed, or its disk was full.
    block = os.pread(log, size - start, start)
    whole = block.rfind(b"\n") + 1
    if whole == 0:
        if start:
            raise StorageUnavailable(
                f"The end of {FILE_NAME} is not that of an audit log: look at it, and move it away."
            )
        return 0, 0, _START
    line = block[:whole].splitlines()[-1]
    try:
        number = int(json.loads(line)["n"])
    except (ValueError, KeyError, TypeError):
        raise StorageUnavailable(
            f"The last line of {FILE_NAME} is not one of an audit log: look at it, and move the file away."
        ) from None
    return start + whole, number, _digest(line)


def _append(log: int, end: int, line: bytes) -> None:
    os.ftruncate(log, end)
    written = 0
    while written < len(line):
        written += os.pwrite(log, line[written:], end + written)
    os.fsync(log)


def _write_head(folder: Path, number: int, digest: str) -> None:
    # In place: it is one short line, and one that was half written is told from every other.
    head = os.open(folder / HEAD_NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(head, f"{number:020d} {digest}\n".encode(), 0)
        os.fsync(head)
    finally:
        os.close(head)


def _read_head(folder: Path) -> tuple[int, str] | None:
    try:
        number, digest = (folder / HEAD_NAME).read_text("ascii").split()
        return int(number), digest
    except FileNotFoundError:
        return None
    except ValueError:
        return -1, ""


def _lines(folder: Path) -> Iterator[bytes]:
    path = folder / FILE_NAME
    with _translated(path):
        try:
            with path.open("rb") as log:
                for line in log:
                    if line.endswith(b"\n"):
                        yield line[:-1]
        except FileNotFoundError:
            return


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """The file, which nobody else writes meanwhile. Closing it gives the lock back."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    log = os.open(folder / FILE_NAME, flags, 0o600)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        yield log
    finally:
        os.close(log)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno in _FULL else StorageUnavailable
        raise kind(
            f"The audit log {path.name} cannot be used ({error.strerror or error}), so nothing was done: see to its disk "
            "and its rights."
        ) from error
