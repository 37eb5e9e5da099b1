"""The container of a published checkpoint, before torch opens it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from voicecore.errors import ModelCorrupt


def refuse_compressed(path: Path) -> None:
    """Torch writes its entries as they are; what is compressed may become as large as its maker likes.

    A file that is no zip archive, such as one of torch's older format, passes.

    Raises:
        ModelCorrupt: it has compressed entries, or its list of entries cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as container:
            compressed = any(entry.compress_type != zipfile.ZIP_STORED for entry in container.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ModelCorrupt(f"{path} is damaged ({error}); fetch it again.") from error
    if compressed:
        raise ModelCorrupt(f"{path} has compressed entries, which no checkpoint has; fetch it again.")
