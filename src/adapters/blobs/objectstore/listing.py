"""Key order out of a listing in the server's order.

Amazon S3 lists by the bytes of whole names, which is key order. Servers that keep folders (SeaweedFS, gateways to file systems)
list by path instead: what is in `a/` comes before `a-b` and `a.b`, though "-" and "." sort before "/".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.blobs.keys import is_part
from voicecore.ports import BlobStat

_MOST_PARTS = 6


def folder_of(prefix: str) -> str | None:
    """The folder that holds every key which begins with `prefix`: "" for all, None if no key can begin so."""
    folder, slash, _ = prefix.rpartition("/")
    if not slash:
        return ""
    return folder if all(is_part(part) for part in folder.split("/")) else None


def in_key_order(stats: Iterable[BlobStat], folder: str) -> Iterator[BlobStat]:
    """The blobs that are below `folder`, by key, from a listing in either order; what has no key is left out.

    The two orders differ only inside a run: a name directly below the folder, and the names that continue it with "-" or
    ".". Both orders keep a run together, or have it sorted already. So one run is in memory at a time, in practice what
    belongs to one job.
    """
    skip = len(folder) + 1 if folder else 0
    run: list[BlobStat] = []
    root = ""
    for stat in stats:
        if not _is_key(stat.key):
            continue
        name = stat.key[skip:].partition("/")[0]
        if run and not _continues(name, root):
            yield from sorted(run, key=_key)
            run.clear()
        if not run:
            root = name
        run.append(stat)
    yield from sorted(run, key=_key)


def _continues(name: str, root: str) -> bool:
    return name.startswith(root) and name[len(root) : len(root) + 1] in {"", "-", "."}


def _key(stat: BlobStat) -> str:
    return stat.key


def _is_key(name: str) -> bool:
    parts = name.split("/")
    return len(parts) <= _MOST_PARTS and all(is_part(part) for part in parts)
