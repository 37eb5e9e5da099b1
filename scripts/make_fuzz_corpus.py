"""Write tests/fuzz/corpus anew: small good files and odd ones, a folder for each door. Needs the packages of `nox -s xtts`.

What the fuzzer finds (tests/fuzz/corpus/DOOR/found-…) is added by hand and stays.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import faiss
import numpy as np

CORPUS = Path(__file__).parents[1] / "tests" / "fuzz" / "corpus"


def wav(tag: int, bits: int, sound: bytes, channels: int = 1, rate: int = 8_000) -> bytes:
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


def audio() -> dict[str, bytes]:
    sine = np.sin(np.arange(64) / 3) / 2
    box = struct.pack(">I4s4sI4s", 20, b"ftyp", b"M4A ", 0, b"isom") + struct.pack(">I4s", 8, b"mdat")
    return {
        "pcm16": wav(1, 16, (sine * 32767).astype("<i2").tobytes()),
        "pcm8_stereo": wav(1, 8, bytes(range(64)), channels=2),
        "pcm24": wav(1, 24, bytes(96)),
        "float32": wav(3, 32, sine.astype("<f4").tobytes()),
        "float64": wav(3, 64, sine.astype("<f8").tobytes()),
        "endless": wav(1, 16, bytes(32)).replace(struct.pack("<I", 32), b"\xff\xff\xff\xff"),
        "mp3_behind_id3": b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xfb\x90\0" + bytes(413) + b"\xff\xfb\x90\0",
        "m4a": box,
        "ogg": b"OggS" + bytes(22) + b"\x01\x13OpusHead\x01\x01",
        "webm": b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm",
        "flac": b"fLaC\0\0\0\x22" + bytes(34),
    }


def multipart() -> dict[str, bytes]:
    def part(head: str, body: bytes) -> bytes:
        return b"--b\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n"

    field = part('Content-Disposition: form-data; name="text"', "Olá".encode())
    file = part(
        'Content-Disposition: form-data; name="file"; filename="../../a.wav"\r\nContent-Type: audio/wav', bytes(99)
    )
    star = part("Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''%e2%82%ac.wav", b"x")
    return {
        "field": b"\x05" + field + b"--b--\r\n",
        "file": b"\x10" + field + file + b"--b--\r\n",
        "star": b"\xff" + star + b"--b--",
        "cut": b"\x20" + file[:-60],
        "many": b"\xff" + field * 45 + b"--b--\r\n",
        "byte_by_byte": b"\0" + field + b"--b--\r\n",
    }


def archive() -> dict[str, bytes]:
    def packed(names: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", how) as target:
            for name, body in names.items():
                target.writestr(zipfile.ZipInfo(name), body, how)
        return out.getvalue()

    good = {"m/data.pkl": b"\x80\x02}.", "m/byteorder": b"little", "m/data/0": bytes(16), "m/version": b"3\n"}
    return {
        "good": packed(good),
        "packed": packed(good, zipfile.ZIP_DEFLATED),
        "leads_out": packed({"../data.pkl": b"."}),
        "two_folders": packed({**good, "n/data.pkl": b"."}),
        "legacy": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + bytes(30),
    }


def index() -> dict[str, bytes]:
    vectors = np.random.default_rng(1).random((12, 4), np.float32)
    flat = faiss.IndexFlatL2(4)
    flat.add(vectors)
    centres = faiss.IndexFlatL2(4)
    inverted = faiss.IndexIVFFlat(centres, 4, 2)
    inverted.train(vectors)
    inverted.add(vectors)
    sparse = faiss.IndexIVFFlat(faiss.IndexFlatL2(4), 4, 8)
    sparse.train(np.repeat(vectors, 8, axis=0))
    sparse.add(vectors[:1])
    written = {"flat": flat, "inverted": inverted, "sparse": sparse}
    return {name: bytes(faiss.serialize_index(each)) for name, each in written.items()}


def byte_range() -> dict[str, bytes]:
    texts = ("bytes=0-", "bytes=-5", "bytes=5-9", "bytes=9-5", "bytes=1000-", "bytes=-0", "bytes=0-0,5-9", "items=0-1",
             "bytes=0-999999999999999999", " bytes=1-2 ")  # fmt: skip
    return {f"r{number}": text.encode() for number, text in enumerate(texts)}


def main() -> None:
    for door in (audio, multipart, archive, index, byte_range):
        (CORPUS / door.__name__).mkdir(parents=True, exist_ok=True)
        for name, data in door().items():
            (CORPUS / door.__name__ / name).write_bytes(data)


if __name__ == "__main__":
    main()
