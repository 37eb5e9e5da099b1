"""What the decoder child writes to its parent: a few small frames, and nothing that could run.

A frame is one letter, a length (u32, little endian) and a payload. The parent treats the child as a stranger, since a
hostile file may have taken it over: every length, number and word is checked again on arrival.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Samples
from voicecore.errors import InvalidAudio, MissingDependency, UnsupportedAudioFormat, VoiceCoreError
from voicecore.ports import AudioLimits

#: Most frames of sound in one piece.
BLOCK_FRAMES = 65_536
#: Float samples beyond ±4 (+12 dB) are not sound that was turned up too far but numbers of another scale.
MAX_PEAK = 4.0

_HEADER = struct.Struct("<cI")
_RATE, _SOUND, _END, _ERROR = b"R", b"S", b"Z", b"E"
_LARGEST_PAYLOAD = BLOCK_FRAMES * 4
_LONGEST_MESSAGE = 500
_ERRORS: dict[str, type[VoiceCoreError]] = {
    each.code: each for each in (InvalidAudio, UnsupportedAudioFormat, MissingDependency)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the parent asks of a child; travels as JSON in its arguments."""

    audio_format: str
    max_duration_s: float
    min_sample_rate_hz: int
    max_sample_rate_hz: int
    max_channels: int
    max_cpu_s: int
    max_memory_bytes: int

    def json(self) -> str:
        """The order as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Order:
        """The order of `json`'s line."""
        return cls(**json.loads(line))


def frame_rate(sample_rate_hz: int) -> bytes:
    """The first frame of every success."""
    return _HEADER.pack(_RATE, 4) + struct.pack("<I", sample_rate_hz)


def frame_sound(block: Samples) -> bytes:
    """At most `BLOCK_FRAMES` of mono sound."""
    payload = block.astype("<f4", copy=False).tobytes()
    return _HEADER.pack(_SOUND, len(payload)) + payload


def frame_end(frames: int) -> bytes:
    """The last frame of every success, with the number of samples sent, so that a cut stream is noticed."""
    return _HEADER.pack(_END, 8) + struct.pack("<Q", frames)


def frame_error(error: VoiceCoreError) -> bytes:
    """The only frame of a failure, or its last."""
    payload = json.dumps({"code": error.code, "message": error.message[:_LONGEST_MESSAGE]}).encode()
    return _HEADER.pack(_ERROR, len(payload)) + payload


class BrokenStream(Exception):
    """The child wrote something that is not in the protocol; never leaves this package."""


class Reception:
    """Puts the frames of one child together again."""

    def __init__(self, limits: AudioLimits) -> None:
        self._limits = limits
        self._pending = bytearray()
        self._sound = bytearray()
        self.sample_rate_hz = 0
        self.complete = False

    def feed(self, data: bytes) -> None:
        """Take what came through the pipe.

        Raises:
            VoiceCoreError: that the child sent, or too much sound.
            BrokenStream: for anything outside the protocol.
        """
        self._pending += data
        start = 0
        while len(self._pending) - start >= _HEADER.size:
            kind, size = _HEADER.unpack_from(self._pending, start)
            if size > _LARGEST_PAYLOAD or self.complete:
                raise BrokenStream(f"frame {kind!r} of {size} bytes")
            end = start + _HEADER.size + size
            if len(self._pending) < end:
                break
            self._take(kind, bytes(memoryview(self._pending)[start + _HEADER.size : end]))
            start = end
        del self._pending[:start]

    def samples(self) -> NDArray[np.float32]:
        """All sound that came, float32, shape (n,)."""
        return np.frombuffer(self._sound, dtype="<f4").astype(np.float32, copy=False)

    def _take(self, kind: bytes, payload: bytes) -> None:
        if kind == _RATE and len(payload) == 4 and not self.sample_rate_hz:
            (rate,) = struct.unpack("<I", payload)
            if not self._limits.min_sample_rate_hz <= rate <= self._limits.max_sample_rate_hz:
                raise BrokenStream(f"rate {rate}")
            self.sample_rate_hz = rate
        elif kind == _SOUND and self.sample_rate_hz and len(payload) % 4 == 0:
            self._sound += payload
            if len(self._sound) // 4 > self._limits.max_duration_s * self.sample_rate_hz:
                raise too_long(self._limits.max_duration_s)
        elif kind == _END and len(payload) == 8 and self._sound:
            if struct.unpack("<Q", payload)[0] != len(self._sound) // 4:
                raise BrokenStream("count of samples")
            self.complete = True
        elif kind == _ERROR:
            raise _error(payload)
        else:
            raise BrokenStream(f"frame {kind!r} of {len(payload)} bytes")


def _error(payload: bytes) -> VoiceCoreError:
    try:
        told = json.loads(payload)
        kind, message = _ERRORS[told["code"]], str(told["message"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenStream("error frame") from error
    clean = "".join(character for character in message[:_LONGEST_MESSAGE] if character.isprintable())
    return kind(clean)


def too_long(max_duration_s: float) -> InvalidAudio:
    """The refusal that both ends of the pipe may speak."""
    return InvalidAudio(f"The audio is longer than {max_duration_s:g} s; send a shorter file.")
