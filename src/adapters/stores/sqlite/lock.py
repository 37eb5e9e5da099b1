"""One owner for a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from voicecore.errors import StorageUnavailable

LOCK_NAME = "voicecore.lock"


class FolderLock:
    """An advisory lock (flock) on a file in the folder, which holds the owner's process id.

    The kernel gives it back when the owner ends, however it ends, so a stale file means nothing. The file is never
    removed: a second process could lock the removed one while a third locks its successor.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        Raises:
            StorageUnavailable: naming the process that has it.
        """
        path = folder / LOCK_NAME
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            self.release()
            raise StorageUnavailable(
                f"The data directory {folder} is in use by process {owner}: stop that process, or use another directory."
            ) from None
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
