"""A chain of lines in one file, which any number of processes may lengthen.

A line is a JSON object; its `prev` is the sha256 of the line before, without the line feed, and of the first line 64
zeros. So a line that is changed, moved or taken out is told by the one after it. The last ones have none after them:
how many lines there are, and the digest of the last, stands in a second file beside it, the head. It is written after
the line, so it may be one line behind if its writer was killed in between; the next writer brings it up before it adds
a line, and adds none where the two do not fit, or the evidence would be gone. Both are only evidence against who can
write one of them: send the lines to another machine, too, where more is at stake.
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


@dataclass(frozen=True, slots=True)
class _Tail:
    """Where the last whole line ends (a byte), its number, its digest, and that of the line before."""

    end: int
    number: int
    digest: str
    before: str


@dataclass(frozen=True, slots=True)
class _Head:
    lines: int
    digest: str


class FileAuditLog:
    """Appends under a lock that all processes share, and syncs before it returns."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """The file is made with the first act."""
        self._folder = folder
        self._clock = clock

    def record(self, act: Act) -> None:
        with _translated(self._folder / FILE_NAME), _locked(self._folder) as log:
            tail = _tail(log)
            _bring_up_head(self._folder, tail)
            line = _text(act, self._clock.now().isoformat(), tail.number + 1, tail.digest)
            try:
                _append(log, tail.end, line + b"\n")
            except OSError:
                # What is there of the line is none; on a full disk making the file shorter needs no room.
                with suppress(OSError):
                    os.ftruncate(log, tail.end)
                raise
            _write_head(self._folder, _Head(tail.number + 1, _digest(line)))


def entries(folder: Path) -> Iterator[Entry]:
    """The lines of the log, oldest first; those that are no JSON are left out. Raises `StorageUnavailable`."""
    for number, line in enumerate(_lines(folder), 1):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield Entry(number, found)


def verify(folder: Path) -> Verdict:
    """Look at every link of the chain, and at its end, as they are now: others may go on writing meanwhile.

    Raises `StorageUnavailable` if a file cannot be read.
    """
    count, last, before = 0, _START, _START
    end, head = _ends(folder)
    for line in _lines(folder, end):
        problem = _wrong(line, count + 1, last)
        if problem is not None:
            return Verdict(count, problem)
        count, last, before = count + 1, _digest(line), last
    return Verdict(count, _wrong_end(head, _Tail(end, count, last, before)))


def _wrong(line: bytes, number: int, last: str) -> str | None:
    try:
        found = json.loads(line)
        said, link = found["n"], found["prev"]
    except (ValueError, KeyError, TypeError):
        return f"Line {number} is not one of this log."
    if link != last or said != number:
        return f"Line {number} does not follow from the line before: one of them was changed, or lines were removed."
    return None


def _wrong_end(head: _Head | None, tail: _Tail) -> str | None:
    if head is None:
        return None if tail.number <= 1 else f"{HEAD_NAME} is missing, which says how long the log is."
    # A process may have ended between writing the line and writing this.
    if head in (_Head(tail.number, tail.digest), _Head(tail.number - 1, tail.before)):
        return None
    if head.lines > tail.number:
        return f"The log has {tail.number} lines, and had {head.lines}: the last ones were removed."
    return f"{HEAD_NAME} and the log do not fit: one of them was changed."


def _bring_up_head(folder: Path, tail: _Tail) -> None:
    head = _read_head(folder)
    problem = _wrong_end(head, tail)
    if problem is not None:
        raise StorageUnavailable(f"{problem} Look at both, and move them away: until then nothing is written to them.")
    if tail.number and (head is None or head.lines < tail.number):
        _write_head(folder, _Head(tail.number, tail.digest))


def _text(act: Act, when: str, number: int, last: str) -> bytes:
    document = {"v": _VERSION, "n": number, "time": when, "who": act.who, "what": act.what,
                "objects": dict(act.objects), "details": dict(act.details), "prev": last}  # fmt: skip
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()


def _tail(log: int) -> _Tail:
    # What stands behind the last line feed was never acknowledged: its writer was killed, or its disk was full.
    start, block, whole = _last_block(log)
    if whole == 0:
        if start:
            raise StorageUnavailable(
                f"The end of {FILE_NAME} is not that of an audit log: look at it, and move it away."
            )
        return _Tail(0, 0, _START, _START)
    line = block[:whole].splitlines()[-1]
    try:
        found = json.loads(line)
        number, before = int(found["n"]), str(found["prev"])
    except (ValueError, KeyError, TypeError):
        raise StorageUnavailable(
            f"The last line of {FILE_NAME} is not one of an audit log: look at it, and move the file away."
        ) from None
    return _Tail(start + whole, number, _digest(line), before)


def _last_block(log: int) -> tuple[int, bytes, int]:
    """Where the last bytes of the file begin, these bytes, and how many of them belong to whole lines."""
    size = os.fstat(log).st_size
    start = max(0, size - _LONGEST)
    block = os.pread(log, size - start, start)
    return start, block, block.rfind(b"\n") + 1


def _append(log: int, end: int, line: bytes) -> None:
    os.ftruncate(log, end)
    written = 0
    while written < len(line):
        written += os.pwrite(log, line[written:], end + written)
    os.fsync(log)


def _write_head(folder: Path, head: _Head) -> None:
    # In place: it is one short line, and one that was half written is told from every other.
    file = os.open(folder / HEAD_NAME, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(file, f"{head.lines:020d} {head.digest}\n".encode(), 0)
        os.fsync(file)
    finally:
        os.close(file)


def _read_head(folder: Path) -> _Head | None:
    try:
        text = (folder / HEAD_NAME).read_text("ascii")
        if not text:
            # Its first writer was killed between making the file and writing it.
            return None
        number, digest = text.split()
        return _Head(int(number), digest)
    except FileNotFoundError:
        return None
    except ValueError:
        return _Head(-1, "")


def _ends(folder: Path) -> tuple[int, _Head | None]:
    """Where the last whole line ends, and the head that belongs to it: nobody writes while both are read."""
    path = folder / FILE_NAME
    with _translated(path):
        try:
            log = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return 0, _read_head(folder)
        try:
            fcntl.flock(log, fcntl.LOCK_SH)
            start, _, whole = _last_block(log)
            return start + whole, _read_head(folder)
        finally:
            os.close(log)


def _lines(folder: Path, end: int | None = None) -> Iterator[bytes]:
    """The whole lines up to that byte of the file; all of them if None."""
    path, place = folder / FILE_NAME, 0
    with _translated(path):
        try:
            with path.open("rb") as log:
                for line in log:
                    place += len(line)
                    if not line.endswith(b"\n") or (end is not None and place > end):
                        return
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
