"""What a full or broken disk means to a caller."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from voicecore.errors import DiskFull, StorageUnavailable


@contextmanager
def temporary_space() -> Iterator[None]:
    """Turn an `OSError` of a temporary file into `DiskFull` or `StorageUnavailable`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull("The disk for temporary files is full: free some space and try again.") from error
        raise StorageUnavailable(f"A temporary file cannot be written ({error.strerror}); try again.") from error
