"""Fetching a model file into the folder of models: checked before it gets its name, resumed where it stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from adapters.modelfiles.locate import compare, package_parts, pieces
from adapters.modelfiles.manifest import ModelFile
from voicecore.errors import (
    DiskFull,
    InvalidInput,
    MissingDependency,
    MissingModel,
    ModelCorrupt,
    StorageUnavailable,
)

if TYPE_CHECKING:
    import httpx

Watch = Callable[[int, int], None]
_PIECE_BYTES = 1 << 18


def pull(
    file: ModelFile, models_dir: Path, origin: str | None, watch: Watch, *, client: httpx.Client | None = None
) -> Path:
    """Put the file into `models_dir` and return its path there.

    The bytes go to `NAME.part` beside it, which stays after an interruption and is continued next time; only a file with
    the right digest gets its name, so no reader ever sees half of one. A file whose digest nobody published is fetched
    from its beginning each time, since a rest could belong to another version of it.

    Args:
        origin: a folder or file on this machine, or an https URL; None takes the installed packages, or else the
            publisher's URL.
        watch: is told how many bytes are there, and of how many (0 where nobody says).
        client: for URLs; None makes one.

    Raises:
        MissingModel: if it is not at the origin.
        ModelCorrupt: if what came has another digest; it is deleted.
        InvalidInput: for a URL that is not https.
        StorageUnavailable, DiskFull: if it cannot be fetched or written.
    """
    source = _source(file, origin)  # before anything is made
    target = models_dir / file.path
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(file, part, source, watch, client)
        _, wrong = compare(file, (part,))
        if wrong:
            part.unlink()
            told = wrong.removeprefix(str(part)).strip(" .")
            raise ModelCorrupt(f"What came for {file.path} {told}; it was deleted: try another --from.")
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        kind = DiskFull if error.errno == 28 else StorageUnavailable  # 28 is ENOSPC everywhere
        raise kind(f"{target} cannot be written: {error.strerror or error}.") from error
    return target


def _source(file: ModelFile, origin: str | None) -> str | tuple[Path, ...]:
    """The URL or the files to read."""
    if origin is None and (parts := package_parts(file)):
        return parts
    origin = origin or file.url
    if origin is None:
        raise MissingModel(f"No installed package has {file.path}, and nobody offers it; say --from a folder or URL.")
    return _checked_url(origin) if "://" in origin else (_in_folder(Path(origin).expanduser(), file),)


def _fetch(
    file: ModelFile, part: Path, source: str | tuple[Path, ...], watch: Watch, client: httpx.Client | None
) -> None:
    if isinstance(source, str):
        _download(file, source, part, watch, client)
    else:
        _copy(file, source, part, watch)


def _in_folder(origin: Path, file: ModelFile) -> Path:
    """The file itself, or the one in the folder under its path or its name."""
    published = urlsplit(file.url or "").path.rpartition("/")[2]
    names = [str(file.path), file.path.name, *([published] if published else [])]
    for candidate in (origin, *(origin / name for name in names)):
        if candidate.is_file():
            return candidate
    raise MissingModel(f"There is no {' or '.join(dict.fromkeys(names))} in {origin}; name the folder or the file.")


def _checked_url(url: str) -> str:
    if urlsplit(url).scheme != "https":
        raise InvalidInput(f"Models are only fetched over https, not from {url[:80]!r}.")
    return url


def _copy(file: ModelFile, sources: tuple[Path, ...], part: Path, watch: Watch) -> None:
    done = 0
    with _synced(part, "wb") as out:
        for piece in pieces(sources):
            out.write(piece)
            done += len(piece)
            watch(done, file.size or 0)


def _download(file: ModelFile, url: str, part: Path, watch: Watch, client: httpx.Client | None) -> None:
    try:
        import httpx  # noqa: PLC0415 - optional, and only for this
    except ImportError as error:
        raise MissingDependency("Fetching from a URL needs httpx: pip install 'voicecore[cli]'.") from error

    owned = client or httpx.Client(follow_redirects=True, timeout=httpx.Timeout(30.0))
    owned.event_hooks["request"].append(lambda request: _must_be_https(str(request.url)))
    try:
        have = part.stat().st_size if part.exists() else 0
        if file.size is None or not file.pinned or have > file.size:  # perhaps not a beginning of this file
            part.unlink(missing_ok=True)
            have = 0
        if file.size is None or have < file.size:
            _receive(owned, file, url, part, have, watch)
    except httpx.HTTPError as error:
        raise StorageUnavailable(
            f"{url} cannot be fetched ({str(error) or type(error).__name__}); run the command again to go on where it stopped."
        ) from error
    finally:
        if client is None:
            owned.close()


def _must_be_https(url: str) -> None:
    """A redirect to plain http would let anybody on the way see and change what is asked for."""
    _checked_url(url)


def _receive(client: httpx.Client, file: ModelFile, url: str, part: Path, have: int, watch: Watch) -> None:
    # identity: a compressed answer would count other bytes than the file has.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code in (404, 410):
            raise MissingModel(f"There is nothing at {url} (status {response.status_code}).")
        response.raise_for_status()
        resumed = response.status_code == 206 and response.headers.get("content-range", "").startswith(f"bytes {have}-")
        done = have if resumed else 0
        total = file.size if file.size is not None else int(response.headers.get("content-length", 0))
        with _synced(part, "ab" if resumed else "wb") as out:
            for piece in response.iter_bytes(_PIECE_BYTES):
                done += len(piece)
                if file.size is not None and done > file.size:
                    part.unlink()
                    raise ModelCorrupt(
                        f"{url} sends more than the {file.size} bytes of {file.path}; it is another file."
                    )
                out.write(piece)
                watch(done, total)
    if done < total:
        raise StorageUnavailable(
            f"{url} sent {done} of {total} bytes; run the command again to go on where it stopped."
        )


@contextmanager
def _synced(path: Path, mode: str) -> Iterator[BinaryIO]:
    with path.open(mode) as out:
        binary: BinaryIO = out  # type: ignore[assignment]  # the modes above are binary
        yield binary
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    """The new name survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
