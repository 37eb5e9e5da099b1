"""Where a mark stands in each format; the line itself is `voicecore.marks`'.

| format | where |
|---|---|
| wav | INFO list: `ICMT` the line, `ISFT` the generator |
| flac, ogg, opus | Vorbis comments: `SYNTHETIC`, `GENERATOR`, `COMMENT` the line |
| mp3 | ID3v2.4: `TXXX` frames of the same names, `COMM` the line |
| m4a | iTunes' list: `©cmt` the line |

libsndfile writes no comments of other names than its own, so those of FLAC and Ogg Vorbis are written here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import TypeAlias

#: Name and text of each tag, in the order in which they are written.
Tags: TypeAlias = tuple[tuple[str, str], ...]

_VENDOR = b"voicecore"
_FLAC_COMMENT, _FLAC_PADDING = 4, 1
_OGG_HEADER_BYTES = 27
_VORBIS_COMMENT = b"\x03vorbis"


def tags_of(line: str) -> Tags:
    """The tags that say a mark's line."""
    words = dict(word.split("=", 1) for word in line.split())
    return (("SYNTHETIC", words["SYNTHETIC"]), ("GENERATOR", words["GENERATOR"]), ("COMMENT", line))


def id3(tags: Tags) -> Iterator[bytes]:
    """An ID3v2.4 tag to stand before an MP3 (id3.org, "ID3 tag version 2.4.0", §3, §4.2.6, §4.10); nothing without tags."""
    if not tags:
        return
    frames = b""
    for name, text in tags:
        if name == "COMMENT":
            # ISO-8859-1, language, an empty description.
            frames += _id3_frame(b"COMM", b"\0eng\0" + text.encode("latin-1"))
        frames += _id3_frame(b"TXXX", b"\0" + name.encode("latin-1") + b"\0" + text.encode("latin-1"))
    yield b"ID3\x04\x00\x00" + _syncsafe(len(frames)) + frames


def _id3_frame(name: bytes, body: bytes) -> bytes:
    return name + _syncsafe(len(body)) + b"\0\0" + body


def _syncsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


# --- Vorbis comments --------------------------------------------------------------------------------------------------
def _comments(tags: Tags) -> list[bytes]:
    return [f"{name}={text}".encode() for name, text in tags]


def _packed(comments: Iterable[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(each)) + each for each in comments)


def flac_with_tags(pieces: Iterable[bytes], tags: Tags) -> Iterator[bytes]:
    """A FLAC file with one comment block, ours, behind its STREAMINFO (RFC 9639 §8). Its first piece has the whole head."""
    source = iter(pieces)
    first = next(source, b"")
    yield _flac_head(first, tags) if tags else first
    yield from source


def _flac_head(data: bytes, tags: Tags) -> bytes:
    blocks, at, last = [], 4, False
    while not last:
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        last, kind = bool(kind & 0x80), kind & 0x7F
        if kind not in (_FLAC_COMMENT, _FLAC_PADDING):
            blocks.append((kind, data[at + 4 : at + 4 + size]))
        at += 4 + size
    ours = _comments(tags)
    body = struct.pack("<I", len(_VENDOR)) + _VENDOR + struct.pack("<I", len(ours)) + _packed(ours)
    blocks.insert(1, (_FLAC_COMMENT, body))
    head = b"fLaC"
    for number, (kind, block) in enumerate(blocks, 1):
        flag = 0x80 if number == len(blocks) else 0
        head += bytes([kind | flag]) + len(block).to_bytes(3, "big") + block
    return head + data[at:]


def place_for(tags: Tags) -> str:
    """A comment for libsndfile to write, which takes just as much room as the tags: it stands there as one, `comment=…`."""
    return "" if not tags else "x" * (len(_packed(_comments(tags))) - 4 - len("comment="))


def vorbis_with_tags(pieces: Iterable[bytes], tags: Tags) -> Iterator[bytes]:
    """An Ogg Vorbis stream, whose page with the comments (RFC 3533; Vorbis I §5) gets the tags instead of `place_for`'s."""
    for piece in pieces:
        yield _vorbis_page(piece, tags) if tags and _VORBIS_COMMENT in piece else piece


def _vorbis_page(data: bytes, tags: Tags) -> bytes:
    """No packet changes its length, so no other page changes, and of this one the checksum only."""
    place = place_for(tags).encode()
    at = data.find(place)
    if at < 0:
        return data
    begin = at - len("comment=") - 4
    changed = bytearray(data)
    changed[begin : at + len(place)] = _packed(_comments(tags))
    count_at = _count_at(data)
    (count,) = struct.unpack_from("<I", data, count_at)
    struct.pack_into("<I", changed, count_at, count + len(tags) - 1)
    page = data.rfind(b"OggS", 0, begin)
    segments = data[page + 26]
    end = (
        page + _OGG_HEADER_BYTES + segments + sum(data[page + _OGG_HEADER_BYTES : page + _OGG_HEADER_BYTES + segments])
    )
    struct.pack_into("<I", changed, page + 22, 0)
    struct.pack_into("<I", changed, page + 22, _ogg_checksum(bytes(changed[page:end])))
    return bytes(changed)


def _count_at(data: bytes) -> int:
    """Where the number of comments stands: behind the vendor's name."""
    at = data.index(_VORBIS_COMMENT) + len(_VORBIS_COMMENT)
    (vendor,) = struct.unpack_from("<I", data, at)
    return int(at + 4 + vendor)


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of polynomial 0x04C11DB7, neither reflected nor inverted (RFC 3533 §6)."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFF_FFFF) ^ _CRC[value >> 24 ^ byte]
    return value


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C1_1DB7) & 0xFFFF_FFFF if value & 0x8000_0000 else value << 1
        table.append(value)
    return tuple(table)


_CRC = _crc_table()
