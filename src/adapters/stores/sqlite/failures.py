"""SQLite's and the system's errors as voicecore's."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from voicecore.errors import DiskFull, InvalidInput, StorageUnavailable

#: The disk, a quota, or the process's limit on file sizes is exhausted.
_FULL_ERRNO = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: SQLite says FULL for ENOSPC only. A write refused for a quota or a size limit is IOERR_WRITE. A failing disk is
#: seldom that: the kernel reports it when the pages are synced, and SQLite as IOERR_FSYNC.
_FULL_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
_BROKEN_SQLITE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def translated(place: object) -> Iterator[None]:
    """Raise `DiskFull` or `StorageUnavailable`, naming `place`, for what SQLite or the system raise inside."""
    try:
        yield
    except sqlite3.Error as error:
        # The base code is the low byte of the extended one: https://www.sqlite.org/rescode.html
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL_SQLITE or code & 0xFF in _FULL_SQLITE:
            raise DiskFull(
                f"The disk of {place} is full, nothing was written: free some space and try again."
            ) from error
        if code & 0xFF in _BROKEN_SQLITE:
            raise StorageUnavailable(f"{place} is damaged ({error}): restore it from a backup.") from error
        raise StorageUnavailable(f"{place} cannot be used now ({error}): try again in a moment.") from error
    except OSError as error:
        if error.errno in _FULL_ERRNO:
            raise DiskFull(
                f"The disk of {place} is full, nothing was written: free some space and try again."
            ) from error
        raise StorageUnavailable(f"{place} cannot be used ({error}): see to its folder and its rights.") from error
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{error.object[:40]!a} is not text that can be stored (it holds half a character)."
        ) from error
