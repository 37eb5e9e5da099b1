"""What kind of audio a file holds, found by its first bytes and never by its name."""

from __future__ import annotations

from enum import StrEnum
from typing import BinaryIO

from voicecore.errors import UnsupportedAudioFormat

#: Enough for every signature but the one behind an ID3 tag.
_HEAD_BYTES = 4096
#: How far behind an ID3 tag the first MP3 frame may begin; taggers leave padding there.
_MP3_SEARCH_BYTES = 8192

ACCEPTED = "wav, mp3, m4a, ogg, flac, opus, webm"


class AudioFormat(StrEnum):
    """Containers (with their codec, where it matters) that are accepted at the door."""

    WAV = "wav"
    MP3 = "mp3"
    M4A = "m4a"
    OGG = "ogg"
    FLAC = "flac"
    OPUS = "opus"
    WEBM = "webm"


# Not accepted, but named in the message, since "not accepted" alone leaves a person guessing.
_KNOWN_BUT_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"FORM", "AIFF"),
    (0, b"riff", "Wave64"),
    (0, b"RF64", "RF64"),
    (0, b"BW64", "BW64"),
    (0, b"RIFX", "big-endian WAV"),
    (0, b".snd", "AU"),
    (0, b"caff", "CAF"),
    (0, b"MThd", "MIDI"),
    (0, b"#!AMR", "AMR"),
    (8, b"AVI ", "AVI"),
    (0, b"\x30\x26\xb2\x75", "WMA"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "PDF"),
)

#: Brands of ISO base media files that hold sound (ISO/IEC 14496-12 and -14, Apple's, 3GPP's); pictures have others.
_MP4_BRANDS = frozenset({b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"dash", b"MSNV", b"M4V ", b"qt  "})
_MP4_BRAND_STEMS = (b"iso", b"3gp", b"3g2")


def sniff(source: BinaryIO) -> AudioFormat:
    """The format of a seekable file; its position afterwards is 0.

    Raises:
        UnsupportedAudioFormat: for anything that is not on the list, a text file named .wav included.
    """
    source.seek(0)
    head = source.read(_HEAD_BYTES)
    found = _signature(head) or (AudioFormat.MP3 if _is_mp3(head, source) else None)
    source.seek(0)
    if found is not None:
        return found
    for offset, magic, name in _KNOWN_BUT_REFUSED:
        if head[offset:].startswith(magic):
            raise UnsupportedAudioFormat(f"The file is {name}, which is not accepted; send one of: {ACCEPTED}.")
    raise UnsupportedAudioFormat(f"The file is not one of the accepted audio formats: {ACCEPTED}.")


def _signature(head: bytes) -> AudioFormat | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return AudioFormat.WAV
    if head.startswith(b"fLaC"):
        return AudioFormat.FLAC
    if head.startswith(b"OggS"):
        return _ogg_codec(head)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return AudioFormat.M4A if brand in _MP4_BRANDS or brand[:3] in _MP4_BRAND_STEMS else None
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return AudioFormat.WEBM if _ebml_doctype(head) == b"webm" else None
    return None


def _ogg_codec(head: bytes) -> AudioFormat | None:
    """The codec is named by the first packet, behind a page header of 27 bytes and its segment table (RFC 3533)."""
    if len(head) < 28:
        return None
    packet = head[27 + head[26] :]
    if packet.startswith(b"\x01vorbis"):
        return AudioFormat.OGG
    return AudioFormat.OPUS if packet.startswith(b"OpusHead") else None


def _ebml_doctype(head: bytes) -> bytes:
    """DocType (id 0x4282, RFC 8794) of a Matroska family file; empty if it is not within the first bytes."""
    at = head.find(b"\x42\x82", 4, 64)
    if at < 0 or at + 2 >= len(head):
        return b""
    size = head[at + 2] & 0x7F
    return head[at + 3 : at + 3 + size].rstrip(b"\0")


def _is_mp3(head: bytes, source: BinaryIO) -> bool:
    if not head.startswith(b"ID3"):
        return _frames_begin(head)
    if len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
        return False
    # ID3v2.4 §3.1: a size of four 7-bit bytes, without the header's own 10.
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    source.seek(10 + size)
    after = source.read(_MP3_SEARCH_BYTES)
    start = after.find(b"\xff")
    while 0 <= start < len(after) - 4:
        if _frames_begin(after[start:]):
            return True
        start = after.find(b"\xff", start + 1)
    return False


def _frames_begin(data: bytes) -> bool:
    """Whether an MP3 frame begins here and, unless the data ends before, another one follows it."""
    length = _mp3_frame_bytes(data)
    if not length:
        return False
    return len(data) < length + 4 or _mp3_frame_bytes(data[length:]) > 0


_BITRATES_KBPS_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_KBPS_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_HZ_V1 = (44_100, 48_000, 32_000)


def _mp3_frame_bytes(data: bytes) -> int:
    """Length of the Layer III frame whose header is at the front (ISO/IEC 11172-3 §2.4.1.3, 13818-3); 0 if none is.

    AAC in ADTS has the same sync bits and layer 0, so it does not pass.
    """
    if len(data) < 4:
        return 0
    word = int.from_bytes(data[:4], "big")
    version, layer = word >> 19 & 3, word >> 17 & 3
    bitrate, rate = word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0
    first_version = version == 3
    kbps = (_BITRATES_KBPS_V1 if first_version else _BITRATES_KBPS_V2)[bitrate]
    rate_hz = _RATES_HZ_V1[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144_000 if first_version else 72_000) * kbps // rate_hz + (word >> 9 & 1)
