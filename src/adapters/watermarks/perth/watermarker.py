"""The `Watermarker` that asks Perth's process."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adapters.watermarks.perth.wire import DETECT, ERROR, MARK, READY, SCORE, SILENT, SOUND, Closed, frame, read_frame
from voicecore.audio import Audio, Samples
from voicecore.errors import EngineFailed, MissingDependency, ModelCorrupt, VoiceCoreError

#: -P and -s as in the decoder's child: no current directory on the path, no packages of the user's.
CHILD = (sys.executable, "-P", "-s", "-m", "adapters.watermarks.perth.child")
_KINDS = {each.code: each for each in (MissingDependency, ModelCorrupt)}
#: Of one request. Longer sound is marked piece by piece, and faded from one to the next.
_PIECE_S, _FADE_S = 20.0, 0.1
#: So many pieces of a sound are judged.
_EXCERPTS = 3
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "HOME", "TMPDIR")


class PerthWatermarker:
    """One process, started when it is first needed and again if it ends; requests take turns, and none is for more than some
    seconds of sound, so that nobody waits long for a stranger's recording.

    It is not keyed: everybody's Perth makes the same mark.

    Args:
        program: what the process runs; tests give it others.
        start_s, call_s: how long it may take to start, and to answer. Then it is killed.
    """

    name = "perth"
    keyed = False

    def __init__(self, program: Sequence[str] = CHILD, *, start_s: float = 120.0, call_s: float = 120.0) -> None:
        self._program, self._start_s, self._call_s = tuple(program), start_s, call_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raises `MissingDependency` or `ModelCorrupt` unless it works here."""
        with self._lock:
            self._running()

    def mark(self, audio: Audio) -> Audio:
        """The sound with the mark; `EngineFailed` rather than without."""
        rate = audio.sample_rate_hz
        size, fade = round(_PIECE_S * rate), round(_FADE_S * rate)
        samples, marked = audio.samples, np.zeros(len(audio.samples), np.float32)
        for start in range(0, max(1, len(samples) - fade), size):
            end = min(len(samples), start + size + fade)
            piece = self._marked(samples[start:end], rate)
            if start:
                ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
                piece[:fade] = marked[start : start + fade] * (1 - ramp) + piece[:fade] * ramp
            marked[start:end] = piece
        return Audio(marked, rate)

    def detect(self, audio: Audio) -> float:
        """How surely the mark is there, 0..1: the mean of some pieces of a long sound."""
        pieces = _excerpts(audio)
        told = [self._score(Audio(piece, audio.sample_rate_hz)) for piece in pieces]
        return sum(score * len(piece) for score, piece in zip(told, pieces, strict=True)) / max(
            1, sum(map(len, pieces))
        )

    def _marked(self, samples: Samples, rate_hz: int) -> Samples:
        kind, payload = self._ask(MARK, Audio(samples, rate_hz))
        marked = np.frombuffer(payload, "<f4").astype(np.float32)
        if kind != SOUND or len(marked) != len(samples):
            raise EngineFailed(
                "The watermark's process answered with another sound; nothing is handed out without its mark."
            )
        return marked

    def _score(self, audio: Audio) -> float:
        kind, payload = self._ask(DETECT, audio)
        if kind != SCORE or len(payload) != 8:
            raise EngineFailed("The watermark's process answered with something that is no score.")
        return float(min(1.0, max(0.0, struct.unpack("<d", payload)[0])))

    def close(self) -> None:
        """End the process. Idempotent."""
        with self._lock:
            self._end()

    def _ask(self, kind: bytes, audio: Audio) -> tuple[bytes, bytes]:
        request = frame(kind, audio.sample_rate_hz, audio.samples.astype("<f4").tobytes())
        with self._lock:
            process = self._running()
            answer, _, payload = self._exchange(process, request, self._call_s)
        if answer == ERROR:
            raise EngineFailed(
                f"The watermark failed, so nothing is handed out: {payload.decode(errors='replace')[:200]}"
            )
        return answer, payload

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if Path(each).is_absolute())
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        kind, _, payload = self._exchange(self._process, b"", self._start_s)
        if kind != READY:
            self._end()
            raise _refusal(payload.decode(errors="replace"))
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], request: bytes, limit_s: float) -> tuple[bytes, int, bytes]:
        """The answer. A process that does not give one in time is killed, which ends the reading."""
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        killer = threading.Timer(limit_s, process.kill)
        killer.daemon = True
        killer.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            return read_frame(process.stdout.read)
        except (Closed, OSError) as error:
            self._end()
            raise EngineFailed(
                "The watermark's process ended while it worked; nothing is handed out without its mark."
            ) from error
        finally:
            killer.cancel()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _excerpts(audio: Audio) -> list[Samples]:
    """All of a short sound; of a long one its beginning, its middle and its end. Silence has no mark, and is left out."""
    size, samples = round(_PIECE_S * audio.sample_rate_hz), audio.samples
    if len(samples) <= _EXCERPTS * size:
        starts = list(range(0, len(samples), size))
    else:
        starts = np.linspace(0, len(samples) - size, _EXCERPTS).astype(int).tolist()
    pieces = [samples[at : at + size] for at in starts]
    return [piece for piece in pieces if float(np.abs(piece).max()) >= SILENT]


def _refusal(said: str) -> VoiceCoreError:
    code, _, sentence = said.partition("\n")
    return _KINDS.get(code, EngineFailed)(sentence[:500] or None)
