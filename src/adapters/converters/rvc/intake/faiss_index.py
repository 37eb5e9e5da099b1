"""The vectors of a `.index`, read without faiss.

faiss's own reader calls what it reads trusted: a file may claim any size, and may name another file on the machine that
faiss then opens. This one knows only what RVC writes, "IVF…,Flat" and "Flat", with the vectors inside of the file.

The layout is that of faiss/impl/index_write.cpp (github.com/facebookresearch/faiss, 1.7 to 1.15), found by looking at what
the library writes. Numbers are little-endian:

    index     = "IxF2" | "IxFI" | "IxFl", header, numbers: int64, numbers times float32
              | "IwFl", header, lists: int64, probes: int64, index (of the lists' centres), map, inverted
    header    = width: int32, total: int64, unused: int64, int64, trained: byte, metric: int32
    map       = kind: byte, entries: int64, entries times int64 [, pairs: int64, pairs times (int64, int64)  if kind is 2]
    inverted  = "ilar", lists: int64, bytes a vector: int64, sizes, then for each list: size times vector, size times id: int64
    sizes     = "full", lists: int64, lists times int64  |  "sprs", numbers: int64, numbers / 2 times (list: int64, size: int64)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from adapters.converters.rvc.intake.fields import Fields
from voicecore.errors import InvalidInput, ModelCorrupt

_FLAT = (b"IxF2", b"IxFI", b"IxFl")
_INVERTED = b"IwFl"
#: faiss's MetricType: inner product and L2. Others carry a number more.
_METRICS = (0, 1)
_HASH_TABLE = 2
#: Vectors that are read at once, so that a list of all of them is not in memory twice.
_AT_ONCE = 4_096
#: What else a file may be, said in words where people meet it.
_KNOWN = {
    b"ilod": "names another file, in which its vectors are",
    b"IwPQ": "holds quantised vectors",
    b"IwSq": "holds quantised vectors",
    b"IxPT": "transforms its vectors",
    b"IxMp": "gives its vectors names",
    b"il00": "was written without its vectors",
    b"PK\x03\x04": "is an archive",
}
_NO_VECTORS = (
    "The index holds no vectors: RVC writes them to the file whose name begins with 'added_', not to 'trained_'."
)


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    total: int


def read_index(file: BinaryIO, size: int, *, width: int, max_vectors: int) -> NDArray[np.float16]:
    """The vectors in the order of their ids, shape (n, `width`).

    Args:
        file: at the beginning of the index; it is read once, forwards.
        size: its bytes.
        width: numbers of a vector that the voice hears.

    Raises:
        ModelCorrupt: it is not such a file, damaged, or of another width.
        InvalidInput: it has more vectors than `max_vectors`.
    """
    if size < 4:
        raise ModelCorrupt(f"The index is a file of {size} bytes; an index of faiss is longer.")
    fields = Fields(file, size)
    kind = fields.name()
    if kind not in (*_FLAT, _INVERTED):
        raise _unknown(kind)
    header = _header(fields)
    _check(header, width)
    read = _inverted if kind == _INVERTED else _flat
    vectors = read(fields, header, max_vectors)
    if fields.left:
        raise ModelCorrupt(f"The index has {fields.left} bytes behind its end; it is no plain index of faiss.")
    return vectors


def _unknown(kind: bytes) -> ModelCorrupt:
    if kind in _KNOWN:
        return ModelCorrupt(
            f"The index {_KNOWN[kind]}, which is not read here; RVC's own are of the kinds 'IVF,Flat' and 'Flat'."
        )
    shown = kind.decode("latin-1") if kind.isalnum() else kind.hex()
    return ModelCorrupt(
        f"The index begins or goes on with {shown!r}, which RVC does not write; it makes 'IVF,Flat' and 'Flat' by faiss."
    )


def _header(fields: Fields) -> _Header:
    width, total = fields.int32(), fields.int64()
    fields.skip(16)
    fields.skip(1)
    metric = fields.int32()
    if metric not in _METRICS:
        raise ModelCorrupt(f"The index measures distance by method {metric}; RVC's measure it by 1 (L2).")
    return _Header(width, total)


def _check(header: _Header, width: int) -> None:
    if header.width != width:
        raise ModelCorrupt(
            f"The index has vectors of {header.width} numbers, the model hears {width}: it belongs to another model "
            "(v1 has 256, v2 has 768)."
        )
    if header.total == 0:
        raise ModelCorrupt(_NO_VECTORS)


def _check_count(fields: Fields, header: _Header, max_vectors: int) -> None:
    """Before memory is taken for them. They are all in what follows, for an index that names another file was refused."""
    if not 0 < header.total * header.width * 4 <= fields.left:
        raise ModelCorrupt(
            f"The index claims {header.total} vectors, which do not fit into the {fields.left} bytes that are left of it; "
            "it is damaged or cut short."
        )
    if header.total > max_vectors:
        raise InvalidInput(
            f"The index has {header.total} vectors; the limit is {max_vectors}: make one of fewer recordings."
        )


def _flat(fields: Fields, header: _Header, max_vectors: int) -> NDArray[np.float16]:
    _check_count(fields, header, max_vectors)
    if fields.count(4) != header.total * header.width:
        raise ModelCorrupt("The index has another count of numbers than its header says; it is damaged.")
    return _rows(fields, header.total, header.width)


def _inverted(fields: Fields, header: _Header, max_vectors: int) -> NDArray[np.float16]:
    lists = fields.count(4 * header.width)  # each list has a centre in the file
    fields.skip(8)
    _pass_centres(fields, header.width, lists)
    _pass_map(fields)
    kind = fields.name()
    if kind != b"ilar":
        raise _unknown(kind)
    _check_count(fields, header, max_vectors)
    sizes = _sizes(fields, header, lists)
    kept = np.empty((header.total, header.width), np.float16)
    seen = np.zeros(header.total, bool)
    for size in sizes:
        rows = _rows(fields, size, header.width)
        ids = fields.array(size, "<i8")
        if not bool(((ids >= 0) & (ids < header.total)).all()):
            raise ModelCorrupt(f"The index gives a vector a number outside of 0 to {header.total - 1}; it is damaged.")
        kept[ids] = rows
        seen[ids] = True
    if not bool(seen.all()):
        raise ModelCorrupt("The index gives one number to two vectors; it is damaged.")
    return kept


def _pass_centres(fields: Fields, width: int, lists: int) -> None:
    kind = fields.name()
    if kind not in _FLAT:
        raise _unknown(kind)
    header = _header(fields)
    numbers = fields.count(4)
    if header.width != width or header.total != lists or numbers != lists * width:
        raise ModelCorrupt("The index and the index of its lists' centres do not belong together; it is damaged.")
    fields.skip(4 * numbers)


def _pass_map(fields: Fields) -> None:
    """Where the vectors lie, by their numbers: it follows from the lists."""
    kind = fields.byte()
    if kind > _HASH_TABLE:
        raise ModelCorrupt(f"The index has a direct map of kind {kind}; faiss knows 0 to 2.")
    fields.skip(8 * fields.count(8))
    if kind == _HASH_TABLE:
        fields.skip(16 * fields.count(16))


def _sizes(fields: Fields, header: _Header, lists: int) -> list[int]:
    """Of the lists that have vectors, in the order in which they follow."""
    if fields.int64() != lists or fields.int64() != 4 * header.width:
        raise ModelCorrupt("The index and its inverted lists do not belong together; it is damaged.")
    form = fields.name()
    if form not in (b"full", b"sprs"):
        raise _unknown(form)
    numbers = fields.array(fields.count(8), "<i8")
    if form == b"full":
        sizes = numbers
        fits = len(sizes) == lists
    else:
        sizes = numbers[1::2]
        named = numbers[: 2 * len(sizes) : 2]
        fits = len(numbers) == 2 * len(sizes) and _rise_below(named, lists)
    # Summed up as Python's numbers, which do not overflow.
    counts = [int(each) for each in sizes if each]
    if not fits or any(each < 0 for each in counts) or sum(counts) != header.total:
        raise ModelCorrupt("The sizes of the index's lists do not make up its count of vectors; it is damaged.")
    return counts


def _rise_below(numbers: NDArray[Any], bound: int) -> bool:
    within = bool(((numbers >= 0) & (numbers < bound)).all())
    return within and bool((numbers[1:] > numbers[:-1]).all())


def _rows(fields: Fields, count: int, width: int) -> NDArray[np.float16]:
    fields.require(count, 4 * width)
    rows = np.empty((count, width), np.float16)
    for first in range(0, count, _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        # A number beyond float16's becomes infinite there, and is refused like one that was infinite before.
        with np.errstate(over="ignore", invalid="ignore"):
            part[:] = fields.array(part.size, "<f4").reshape(part.shape)
    if not bool(np.isfinite(rows).all()):
        raise ModelCorrupt("The index holds numbers that are not finite, or too large for content features.")
    return rows
