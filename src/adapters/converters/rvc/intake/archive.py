"""What of a `.pth` torch may see: the container is checked, and an archive is written anew, before torch opens anything.

Two programs may read one zip archive in two ways, so that what was checked is not what is loaded; torch gets an archive that
was written here, of the entries that were checked. The older format, a row of pickles, is known by how it begins.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import BinaryIO

from voicecore.errors import InvalidInput, ModelCorrupt

_ZIP = b"PK\x03\x04"
#: torch/serialization.py, MAGIC_NUMBER, pickled with protocol 2. Tar archives, the format before that one, are not read.
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
#: What `torch.save` writes, below one folder (caffe2/serialize/inline_container.cc).
_ENTRY = re.compile(
    r"[^/\\]{1,200}/(data\.pkl|data/[0-9]{1,6}|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)"
)
_PICKLE = "data.pkl"
_MAX_ENTRIES = 8_192
#: What zipfile raises for archives that are none.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError, NotImplementedError,
)  # fmt: skip
#: Of the names and shapes of a voice; RVC's take 60 KB.
_MAX_PICKLE_BYTES = 4 << 20


def loadable(file: BinaryIO, size: int) -> io.BytesIO:
    """The checkpoint as torch may load it.

    Args:
        file: at its beginning.
        size: its bytes, which also bound what its entries may become.

    Raises:
        ModelCorrupt: it is none of torch's formats, damaged, or packed as torch never packs.
        InvalidInput: it has more entries than any voice.
    """
    begin = file.read(len(_LEGACY))
    file.seek(0)
    if not begin:
        raise ModelCorrupt("The model is an empty file; send the .pth again.")
    if begin == _LEGACY:
        return io.BytesIO(file.read(size))
    if not begin.startswith(_ZIP):
        raise ModelCorrupt("The model is no file that torch has saved; an RVC voice is a .pth, as training exports it.")
    try:
        with zipfile.ZipFile(file) as archive:
            return _copied(archive, size)
    except _UNREADABLE as error:
        raise ModelCorrupt(
            f"The model's archive is damaged or cut short ({type(error).__name__}); send the .pth again."
        ) from error


def _copied(archive: zipfile.ZipFile, size: int) -> io.BytesIO:
    entries = archive.infolist()
    _check_entries(entries, size)
    fresh = io.BytesIO()
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as target:
        for entry in entries:
            target.writestr(entry.filename, archive.read(entry))
    fresh.seek(0)
    return fresh


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise InvalidInput(f"The model's archive has {len(entries)} entries; the limit is {_MAX_ENTRIES}.")
    for entry in entries:
        shown = repr(entry.filename[:60])
        if entry.filename.startswith("/") or "\\" in entry.filename or ".." in entry.filename.split("/"):
            raise ModelCorrupt(f"The model's archive has an entry {shown}, which leads out of it; it was not unpacked.")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise ModelCorrupt(
                f"The model's archive has its entry {shown} compressed or encrypted, which torch never does; save it by torch."
            )
        if not _ENTRY.fullmatch(entry.filename):
            raise ModelCorrupt(f"The model's archive has an entry {shown}, which is no part of saved tensors.")
    names = {entry.filename for entry in entries}
    folders = {name.partition("/")[0] for name in names}
    pickles = [entry for entry in entries if entry.filename.endswith(_PICKLE)]
    if len(names) != len(entries) or len(folders) != 1 or len(pickles) != 1:
        raise ModelCorrupt(f"The model's archive is not made as torch makes them: one folder with one {_PICKLE}.")
    if pickles[0].file_size > _MAX_PICKLE_BYTES:
        raise InvalidInput(
            f"The model's {_PICKLE} has {pickles[0].file_size} bytes without its tensors; the limit is {_MAX_PICKLE_BYTES}."
        )
    if sum(entry.file_size for entry in entries) > size:
        raise ModelCorrupt(f"The model's archive claims more than the {size} bytes that it has; it was not unpacked.")
