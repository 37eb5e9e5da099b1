"""What a blob should be, kept as one line of metadata at its object.

The line says format, digest, size and time of the put: `1 <sha256 in hex> <bytes> <microseconds since 1970>`. It becomes
true in the same instant as the bytes, since both are one object; the object itself stays the plain audio file; and it comes
back in the headers of any read, of a range as well. One short name without `-` or `_`, because Azure allows no hyphen in
names of metadata and some proxies drop headers with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from voicecore.errors import BlobCorrupt
from voicecore.ports import BlobStat

ATTRIBUTE = "voicecore"
_RECORD = re.compile(r"1 ([0-9a-f]{64}) ([0-9]{1,15}) ([0-9]{1,17})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def attributes_of(stat: BlobStat) -> dict[str, str]:
    """The metadata of the object that holds the blob. Audio may come in any format, so none is claimed."""
    put_us = (stat.modified_at - _EPOCH) // timedelta(microseconds=1)
    return {ATTRIBUTE: f"1 {stat.sha256} {stat.size} {put_us}", "Content-Type": "application/octet-stream"}


def read_record(key: str, attributes: Mapping[str, str], size: int) -> BlobStat:
    """What the object says it holds.

    Raises:
        BlobCorrupt: if it says nothing that we wrote, or holds another number of bytes than it says.
    """
    match = _RECORD.fullmatch(attributes.get(ATTRIBUTE, ""))
    if match is None or int(match[2]) != size:
        raise BlobCorrupt(f"The object of the blob {key} was cut or changed: delete it and make it again.")
    return BlobStat(key, size, match[1], _EPOCH + timedelta(microseconds=int(match[3])))
