"""Where blobs lie on a disk: keys as folders and files, reached without following a link.

    root/
      .unfinished/         files being written; whatever nobody writes any more is swept
      jobs+/job_1+/audio.wav

A folder's name is a key's part and `+`, a character that no part has: so the keys `a` and `a/b` can both be there.
Everything is opened relative to its folder's descriptor, part by part, with O_NOFOLLOW: a link planted anywhere under
the root is an error, not a way out.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.blobs.keys import is_part

FOLDER_MARK = "+"
UNFINISHED = ".unfinished"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Times to walk again when somebody removes an empty folder under our feet; each needs another deletion.
_PATIENCE = 1_000


class Layout:
    """A root folder and the paths of keys below it."""

    def __init__(self, root: Path) -> None:
        """Make the root if it is missing, and open it. Raises OSError."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = root
        (root / UNFINISHED).mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def folder(self, parts: tuple[str, ...], *, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder of these key parts. Raises FileNotFoundError unless it is there or may be made."""
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                below = _step(descriptor, part + FOLDER_MARK, make=make)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    def open(self, key: str) -> int:
        """A descriptor for reading the key's file. Raises FileNotFoundError."""
        *parts, name = key.split("/")
        with self.folder(tuple(parts)) as folder:
            return os.open(name, _FILE, dir_fd=folder)

    def publish(self, unfinished: str, key: str) -> None:
        """Give the finished file its key, replacing what was there, so that it is there after a power cut, too."""
        *parts, name = key.split("/")
        for attempt in range(_PATIENCE):
            try:
                with (
                    self.folder(()) as root,
                    self.folder(tuple(parts), make=True) as folder,
                ):
                    source = f"{UNFINISHED}/{unfinished}"
                    os.rename(source, name, src_dir_fd=root, dst_dir_fd=folder)
                    os.fsync(folder)
                    return
            except FileNotFoundError:
                # Either our folder was empty for a moment and `remove` took it, or the file itself is gone.
                if attempt + 1 == _PATIENCE or not (self.root / UNFINISHED / unfinished).exists():
                    raise

    def remove(self, key: str) -> bool:
        """Remove the key's file and the folders that it leaves empty; False if it was not there."""
        *parts, name = key.split("/")
        try:
            with self.folder(tuple(parts)) as folder:
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return False
        while parts:
            last = parts.pop()
            try:
                with self.folder(tuple(parts)) as parent:
                    os.rmdir(last + FOLDER_MARK, dir_fd=parent)
                    os.fsync(parent)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                    break
                raise
        return True

    def keys(self, prefix: str, parts: tuple[str, ...] = ()) -> Iterator[str]:
        """All keys that begin with `prefix`, in order. One folder's names are in memory at a time, and its parents'."""
        above = "".join(f"{part}/" for part in parts)
        try:
            with self.folder(parts) as folder, os.scandir(folder) as entries:
                names = sorted(filter(None, map(_key_name, entries)))
        except FileNotFoundError:
            return
        for name in names:
            path = above + name
            if name.endswith("/") and (path.startswith(prefix) or prefix.startswith(path)):
                yield from self.keys(prefix, (*parts, name[:-1]))
            elif not name.endswith("/") and path.startswith(prefix):
                yield path


def _key_name(entry: os.DirEntry[str]) -> str | None:
    """The key's part; of a folder with "/" behind it, so that it sorts where its keys do. None if it is not ours."""
    if entry.is_dir(follow_symlinks=False):
        part = entry.name.removesuffix(FOLDER_MARK)
        return part + "/" if part != entry.name and is_part(part) else None
    return entry.name if is_part(entry.name) else None


def _step(folder: int, name: str, *, make: bool) -> int:
    """A descriptor of the folder `name` inside `folder`."""
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
        os.fsync(folder)
    except FileExistsError:
        pass  # another writer made it just now
    return os.open(name, _FOLDER, dir_fd=folder)
