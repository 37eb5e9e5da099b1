"""The parent's side of the decoder child: starts it, listens to it, and kills it when its time is over."""

from __future__ import annotations

import logging
import math
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, BinaryIO

from adapters.audio.sniff import AudioFormat
from adapters.audio.wire import BrokenStream, Order, Reception
from voicecore.errors import InvalidAudio, QueueFull, StorageUnavailable
from voicecore.ports import AudioLimits

_log = logging.getLogger(__name__)
_READ_BYTES = 1 << 18
_KEPT_STDERR_BYTES = 4096
#: The only variables of ours that a child may see: where the system's loader finds libraries. No secret is among them.
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

#: Not -I: it would hide packages that this process found by PYTHONPATH. The parts of it that isolate are here: an empty
#: environment but for our own sys.path, no packages of the user's (-s), no current directory on the path (-P).
DECODE_CHILD = (sys.executable, "-P", "-s", "-B", "-m", "adapters.audio.decode_child")


class Sandbox:
    """Runs decoder children, at most `max_children` at once; each decodes one file and ends.

    Args:
        max_children: how many files may be decoded at the same time.
        max_memory_bytes: address space of a child (RLIMIT_AS). With PyAV loaded one begins at about 210 MB.
        program: what a child runs; the order is its last argument. Tests give it children that misbehave.
    """

    def __init__(self, *, max_children: int, max_memory_bytes: int, program: Sequence[str] = DECODE_CHILD) -> None:
        self._program = tuple(program)
        self._slots = threading.BoundedSemaphore(max_children)
        self._max_memory_bytes = max_memory_bytes

    def decode(self, source: IO[bytes], audio_format: AudioFormat, limits: AudioLimits) -> Reception:
        """All frames that a child makes of `source`, a real file; its position is moved.

        Raises:
            InvalidAudio: as the child says; or because it crashed, took too long, or spoke nonsense.
            QueueFull: if no slot came free within `limits.max_wall_s`.
        """
        if not self._slots.acquire(timeout=limits.max_wall_s):
            raise QueueFull("Too many audio files are being decoded; try again in a moment.")
        try:
            # The child inherits the descriptor with its position.
            os.lseek(source.fileno(), 0, os.SEEK_SET)
            with _start(source, [*self._program, self._order(audio_format, limits).json()]) as child:
                try:
                    return _listen(child, limits)
                finally:
                    child.kill()  # without effect on one that has been waited for
        finally:
            self._slots.release()

    def _order(self, audio_format: AudioFormat, limits: AudioLimits) -> Order:
        return Order(
            audio_format=audio_format.value,
            max_duration_s=limits.max_duration_s,
            min_sample_rate_hz=limits.min_sample_rate_hz,
            max_sample_rate_hz=limits.max_sample_rate_hz,
            max_channels=limits.max_channels,
            max_cpu_s=math.ceil(limits.max_wall_s) + 1,
            max_memory_bytes=self._max_memory_bytes,
        )


def _start(source: IO[bytes], command: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if Path(each).is_absolute()),
        "PYTHONUTF8": "1",
        # Each BLAS thread would take tens of megabytes of the address space, for nothing.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own module, an order without a client's words
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise StorageUnavailable(f"The audio decoder could not be started ({error.strerror}); try again.") from error


def _listen(child: subprocess.Popen[bytes], limits: AudioLimits) -> Reception:
    deadline = time.monotonic() + limits.max_wall_s
    reception = Reception(limits)
    said = bytearray()
    if child.stdout is None or child.stderr is None:
        raise RuntimeError("the child was started without pipes")
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if time.monotonic() >= deadline:
                    raise _too_slow(limits)
                for key, _ in ready:
                    data = os.read(key.fd, _READ_BYTES)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is child.stdout:
                        reception.feed(data)
                    else:
                        said = (said + data)[-_KEPT_STDERR_BYTES:]
        status = child.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise _too_slow(limits) from error
    except BrokenStream as error:
        _log.warning("the audio decoder broke its protocol: %s; it said %r", error, bytes(said))
        raise InvalidAudio("The file made the audio decoder fail; export it again, or as another format.") from error
    if status != 0 or not reception.complete:
        _log.warning("the audio decoder ended with status %d; it said %r", status, bytes(said))
        raise _ended_badly(status, limits)
    return reception


def _too_slow(limits: AudioLimits) -> InvalidAudio:
    return InvalidAudio(
        f"The file took longer than {limits.max_wall_s:g} s to decode and was given up; send a shorter or simpler file."
    )


def _ended_badly(status: int, limits: AudioLimits) -> InvalidAudio:
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return _too_slow(limits)
    reason = f"signal {-status}" if status < 0 else f"status {status}"
    return InvalidAudio(f"The file made the audio decoder end with {reason}; export it again, or as another format.")


def copy_into(target: IO[bytes], data: BinaryIO, max_bytes: int) -> int:
    """Copy an upload into a real file, up to `max_bytes` + 1 bytes; the number of bytes copied."""
    copied = 0
    while copied <= max_bytes and (piece := data.read(min(_READ_BYTES, max_bytes + 1 - copied))):
        target.write(piece)
        copied += len(piece)
    target.flush()
    return copied
