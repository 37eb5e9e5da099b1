"""The parent's side of the child that reads strangers' models: starts it, waits for it, kills it when its time is over."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from adapters.converters.rvc.intake.limits import IntakeLimits
from adapters.converters.rvc.intake.wire import ANSWER_BYTES, Order, check_answer
from voicecore.errors import InvalidInput, MissingDependency, ModelCorrupt, StorageUnavailable, TooLarge
from voicecore.ports import ModelParts

_log = logging.getLogger(__name__)
_KEPT_STDERR_BYTES = 4096
#: The only variables of ours that a child may see: where the system's loader finds libraries. No secret is among them.
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
#: Beyond the file that it was made of: the header of the stored one.
_HEADER_BYTES = 2 << 20

#: Not -I: it would hide packages that this process found by PYTHONPATH. The parts of it that isolate are here: an empty
#: environment but for our own sys.path, no packages of the user's (-s), no current directory on the path (-P).
INTAKE_CHILD = (sys.executable, "-P", "-s", "-B", "-m", "adapters.converters.rvc.intake.child")


def stored_form(
    weights: Path,
    index: Path | None,
    limits: IntakeLimits,
    *,
    scratch: Path | None = None,
    program: Sequence[str] = INTAKE_CHILD,
) -> ModelParts:
    """What a child makes of the files, which are opened here and stay as they are.

    Args:
        scratch: a folder on a disk with room for the stored form while it is made; the system's if None.
        program: what the child runs; the order is its last argument. Tests give it children that misbehave.

    Raises:
        ModelCorrupt, InvalidInput, NotInstalled: as the child says, or because it crashed or took too long.
        StorageUnavailable, DiskFull: a file cannot be read, or there is no room for what is made of it.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingDependency("Reading RVC models needs torch: pip install 'voicecore[rvc]'.")
    with ExitStack() as files:
        try:
            model = files.enter_context(weights.open("rb"))
            vectors = None if index is None else files.enter_context(index.open("rb"))
            made = [files.enter_context(tempfile.TemporaryFile(dir=scratch)) for _ in range(4)]
        except OSError as error:
            raise StorageUnavailable(
                f"The files of the model cannot be opened ({error.strerror}); send them again."
            ) from error
        voice_out, index_out, answer, said = made
        order = _order(model, vectors, voice_out, index_out, limits)
        inherited = [each.fileno() for each in (model, vectors, voice_out, index_out) if each is not None]
        status = _run([*program, order.json()], inherited, answer, said, limits.max_wall_s)
        done = status == 0 and check_answer(_read(answer, ANSWER_BYTES))
        if not done:
            _log.warning("the intake's child ended with status %d; it said %r", status, _tail(said))
            raise _ended_badly(status, limits)
        return ModelParts(_read(voice_out), None if vectors is None else _read(index_out))


def _order(
    model: IO[bytes], vectors: IO[bytes] | None, voice_out: IO[bytes], index_out: IO[bytes], limits: IntakeLimits
) -> Order:
    weights_bytes = _size(model, limits.max_weights_bytes, "model")
    index_bytes = 0 if vectors is None else _size(vectors, limits.max_index_bytes, "index")
    return Order(
        weights=model.fileno(),
        weights_bytes=weights_bytes,
        index=-1 if vectors is None else vectors.fileno(),
        index_bytes=index_bytes,
        voice_out=voice_out.fileno(),
        index_out=index_out.fileno(),
        max_vectors=limits.max_vectors,
        max_memory_bytes=limits.max_memory_bytes,
        max_cpu_s=limits.max_cpu_s,
        # bfloat16 becomes float32; an index becomes half of what it was.
        max_file_bytes=max(2 * weights_bytes, index_bytes) + _HEADER_BYTES,
    )


def _size(file: IO[bytes], limit: int, what: str) -> int:
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise TooLarge(f"The {what} has {size / 1e6:.0f} MB; the limit is {limit / 1e6:.0f} MB.")
    return size


def _run(
    command: Sequence[str], inherited: Sequence[int], answer: IO[bytes], said: IO[bytes], max_wall_s: float
) -> int:
    """The child's exit status; it answers into files, so that it can neither be waited for nor fill our memory."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join(each for each in sys.path if Path(each).is_absolute()),
        "PYTHONUTF8": "1",
        # Threads cannot be started once the child is confined.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module, an order without a client's words
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=said,
            pass_fds=inherited,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise StorageUnavailable(f"The reader of models could not be started ({error.strerror}); try again.") from error
    with child:
        try:
            return child.wait(timeout=max_wall_s)
        except subprocess.TimeoutExpired as error:
            raise _too_slow(f"{max_wall_s:g} s") from error
        finally:
            child.kill()  # without effect on one that has been waited for


def _ended_badly(status: int, limits: IntakeLimits) -> ModelCorrupt | InvalidInput:
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return _too_slow(f"{limits.max_cpu_s} s of processor time")
    reason = f"signal {-status}" if status < 0 else f"status {status}"
    return ModelCorrupt(f"The model made its reader end with {reason}; it was not taken in.")


def _too_slow(limit: str) -> InvalidInput:
    return InvalidInput(f"Reading the model took longer than {limit} and was given up.")


def _read(file: IO[bytes], limit: int = -1) -> bytes:
    # The child wrote by its own descriptor, and moved the position that both share.
    file.seek(0)
    return file.read(limit)


def _tail(said: IO[bytes]) -> bytes:
    size = os.fstat(said.fileno()).st_size
    said.seek(max(0, size - _KEPT_STDERR_BYTES))
    return said.read()
