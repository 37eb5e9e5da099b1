"""Arrays in the safetensors format, written and read by hand: it is short, and the core has no library but numpy.

The format (github.com/huggingface/safetensors, README, "Format"): 8 bytes with the length of the header, unsigned and
little-endian; the header, JSON in UTF-8 that begins with `{` and may end in blanks; then the arrays' bytes, little-endian,
C order, one after the other without holes. The header maps each name to its dtype, shape and offsets, which count from
the end of the header; `__metadata__` maps texts to texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicecore.errors import BlobCorrupt, InvalidInput

#: Bytes of a header. A voice print has some hundred; a network with a thousand tensors some hundred thousand.
HEADER_LIMIT = 1 << 20
#: numpy allows no more.
_DIMENSIONS_LIMIT = 32
_METADATA = "__metadata__"
_LENGTH_BYTES = 8
#: Names of the format → numpy. It knows more (BF16, F8_…), which numpy does not.
_DTYPES = {
    "BOOL": np.dtype("?"), "U8": np.dtype("u1"), "I8": np.dtype("i1"), "U16": np.dtype("<u2"), "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"), "I32": np.dtype("<i4"), "U64": np.dtype("<u8"), "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

Arrays = dict[str, NDArray[Any]]


def dump(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    """The file. Equal arrays and metadata give equal bytes.

    Raises:
        InvalidInput: for a dtype that the format or numpy has not, and for an array named `__metadata__`.
    """
    header: dict[str, Any] = {_METADATA: dict(sorted(metadata.items()))}
    blocks: list[bytes] = []
    begin = 0
    # Wide numbers first, so that each array lies where its numbers are aligned.
    for name in sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name)):
        array = arrays[name]
        little = array.dtype.newbyteorder("<")
        if little not in _NAMES or name == _METADATA:
            raise InvalidInput(f"The array {name!r} of {array.dtype} cannot be stored; give real numbers or booleans.")
        block = np.asarray(array, little).tobytes(order="C")
        offsets = [begin, begin + len(block)]
        header[name] = {"dtype": _NAMES[little], "shape": list(array.shape), "data_offsets": offsets}
        begin += len(block)
        blocks.append(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    if len(text) > HEADER_LIMIT:
        raise InvalidInput(f"The names and shapes of the arrays take {len(text)} bytes; the limit is {HEADER_LIMIT}.")
    return b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *blocks])


def load(data: bytes) -> tuple[Arrays, dict[str, str]]:
    """The inverse of `dump`: arrays that own their memory, and the metadata.

    Raises:
        BlobCorrupt: unless every byte of `data` is accounted for, as the format asks.
    """
    try:
        return _load(data)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BlobCorrupt(f"The arrays cannot be read ({error}).") from error


def _load(data: bytes) -> tuple[Arrays, dict[str, str]]:
    header, begin = _header(data)
    metadata = header.pop(_METADATA, {})
    if not _is_object(metadata) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("the metadata are not texts")
    body = memoryview(data)[begin:]
    arrays: Arrays = {}
    spans: list[tuple[int, int]] = []
    for name, described in header.items():
        arrays[name], span = _array(name, described, body)
        spans.append(span)
    _check_tiled(spans, len(body))
    return arrays, metadata


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    """The header, and where it ends."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    end = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > HEADER_LIMIT or end > len(data):
        raise ValueError("the header is not whole")
    text = bytes(data[_LENGTH_BYTES:end])
    if not text.startswith(b"{"):
        raise ValueError("the header is no JSON object")
    header = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    return header, end


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _array(name: str, described: Any, body: memoryview) -> tuple[NDArray[Any], tuple[int, int]]:
    if not _is_object(described) or described.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name!r} is not described by dtype, shape and data_offsets")
    shape, offsets = described["shape"], described["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2 or len(shape) > _DIMENSIONS_LIMIT:
        raise ValueError(f"the shape or the offsets of {name!r} are not whole numbers")
    if described["dtype"] not in _DTYPES:
        raise ValueError(f"{name!r} has a dtype that is not read here")
    dtype = _DTYPES[described["dtype"]]
    begin, end = offsets
    # Python's numbers do not overflow, so no shape can pretend to be small.
    if not begin <= end <= len(body) or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"the shape of {name!r} does not fit its bytes")
    block = body[begin:end]
    if dtype.kind == "b" and any(byte > 1 for byte in block):
        raise ValueError(f"{name!r} holds booleans that are neither true nor false")
    native = dtype.newbyteorder("=")
    return np.frombuffer(block, dtype).reshape(shape).astype(native), (begin, end)


def _check_tiled(spans: list[tuple[int, int]], size: int) -> None:
    """Together the arrays are the body: none overlaps another, and nothing lies between or behind them."""
    reached = 0
    for begin, end in sorted(spans):
        if begin != reached:
            raise ValueError("the arrays overlap, or leave holes")
        reached = end
    if reached != size:
        raise ValueError(f"{size - reached} bytes belong to no array")


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is int and each >= 0 for each in value)
