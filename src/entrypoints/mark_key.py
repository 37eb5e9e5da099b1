"""The key of marks: the settings', or one in the data folder that is made when it is first needed."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path

from entrypoints.settings import Settings
from voicecore import __version__
from voicecore.errors import StorageUnavailable
from voicecore.marks import LEAST_SECRET_BYTES, Marker

#: In the data folder. Whoever reads it can write marks that pass for this service's.
KEY_FILE = "mark-key"
_KEY_BYTES = 32
_log = logging.getLogger("voicecore.service")


def marker(settings: Settings) -> Marker:
    """What writes marks and knows its own. Raises `StorageUnavailable` where the key can be neither read nor made."""
    if settings.mark_secret is not None:
        return Marker(f"voicecore/{__version__}", settings.mark_secret.encode())
    if settings.distributed and settings.blobs_url is not None:
        _log.warning(
            "VOICECORE_MARK_SECRET is not set, and the audio lies in a bucket: marks are made with the key in this process' "
            "data folder, and processes that have another folder do not know them"
        )
    path = settings.data_dir / KEY_FILE
    try:
        return Marker(f"voicecore/{__version__}", _read(path) or _made(path))
    except (OSError, ValueError) as error:
        raise StorageUnavailable(
            f"The key of marks, {path}, cannot be used ({error}): see to its rights, or set VOICECORE_MARK_SECRET."
        ) from error


def known_marker(settings: Settings) -> Marker:
    """As `marker`, but no key is made: without one the marks are unsigned."""
    if settings.mark_secret is not None or (settings.data_dir / KEY_FILE).is_file():
        return marker(settings)
    return Marker(f"voicecore/{__version__}", None)


def _read(path: Path) -> bytes | None:
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    key = bytes.fromhex(text)
    if len(key) < LEAST_SECRET_BYTES:
        raise ValueError(f"it holds {len(key)} bytes")
    return key


def _made(path: Path) -> bytes:
    """A new key, or that of a process that was quicker. It appears whole: under another name first, then linked."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(_KEY_BYTES)
    unfinished = path.with_name(f".{KEY_FILE}-{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink()
    return _read(path) or key
