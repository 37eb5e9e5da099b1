"""A folder of a taken-in model: there as a whole, or as it was before."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voicecore.errors import DiskFull, StorageUnavailable


@contextmanager
def written_as(place: Path) -> Iterator[Path]:
    """Yields a new folder that takes the place when all went well, and is removed otherwise.

    Raises:
        StorageUnavailable, DiskFull: if it cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            fresh, old = work / "new", work / "old"
            fresh.mkdir()
            yield fresh
            if place.exists():
                place.rename(old)
            try:
                fresh.rename(place)
            except OSError:
                if old.exists():
                    old.rename(place)
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else StorageUnavailable
        raise kind(f"{place} cannot be written: {error.strerror or error}.") from error
