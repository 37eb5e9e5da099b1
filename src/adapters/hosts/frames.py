"""Messages between the service and its model process: a JSON head and raw arrays, never pickles.

A frame is two little-endian 32-bit lengths, the head (UTF-8 JSON) and the arrays' bytes one after the other. The head
lists each array's name, dtype and shape. Both ends are this program, yet sizes are checked, so that a stray write to the
pipe is an error and not a wild allocation.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_LENGTHS = struct.Struct("<II")
_MAX_HEAD = 4 * 1024 * 1024
#: 2 GiB would be six hours of 24 kHz float32; a call carries minutes at most.
_MAX_ARRAYS = 1024 * 1024 * 1024
#: Every numeric kind that a voice print may hold.
_DTYPES = frozenset({"bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64",
                     "uint8", "uint16", "uint32", "uint64"})  # fmt: skip


class BrokenFrame(ConnectionError):
    """The other end sent something that is no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message: plain JSON values, and arrays by name."""

    head: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def write_frame(pipe: BinaryIO, frame: Frame) -> None:
    """Write and flush. Raises `BrokenPipeError` if nobody reads."""
    # In this machine's byte order, as both ends are on it.
    arrays = {name: np.ascontiguousarray(array, array.dtype.newbyteorder("=")) for name, array in frame.arrays.items()}
    listed = [[name, str(array.dtype), list(array.shape)] for name, array in arrays.items()]
    head = json.dumps({"head": dict(frame.head), "arrays": listed}).encode()
    size = sum(array.nbytes for array in arrays.values())
    if len(head) > _MAX_HEAD or size > _MAX_ARRAYS:
        raise BrokenFrame(f"a frame of {len(head)} + {size} bytes is too large")
    pipe.write(_LENGTHS.pack(len(head), size))
    pipe.write(head)
    # As they lie: a model or ten minutes of sound are hundreds of megabytes, which nobody needs twice.
    pipe.writelines(array.reshape(-1).view(np.uint8).data for array in arrays.values())
    pipe.flush()


def read_frame(pipe: BinaryIO) -> Frame:
    """Wait for a frame. Raises `EOFError` if the other end is gone, `BrokenFrame` if it sent something else."""
    head_size, body_size = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if head_size > _MAX_HEAD or body_size > _MAX_ARRAYS:
        raise BrokenFrame(f"a frame claims {head_size} + {body_size} bytes")
    document = json.loads(_exactly(pipe, head_size))
    body = _exactly(pipe, body_size)
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    for name, dtype, shape in document["arrays"]:
        if dtype not in _DTYPES:
            raise BrokenFrame(f"a frame holds an array of {dtype}")
        count = math.prod(shape)
        arrays[name] = np.frombuffer(body, dtype=dtype, count=count, offset=at).reshape(shape)
        at += arrays[name].nbytes
    return Frame(document["head"], arrays)


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError("the other end is gone")
    return data
