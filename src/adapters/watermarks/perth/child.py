"""The watermark's process: `python -m adapters.watermarks.perth.child < requests > answers`."""

from __future__ import annotations

import faulthandler
import os
import struct
import sys

import numpy as np

from adapters.watermarks.perth import network
from adapters.watermarks.perth.wire import DETECT, ERROR, MARK, READY, SCORE, SOUND, Closed, frame, read_frame
from voicecore.errors import VoiceCoreError


def main() -> int:
    """Say that it is ready, or why not; then answer each request until the pipe ends."""
    faulthandler.enable()
    # What a library prints goes to stderr; the pipe is for answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        loaded = network.load()
    except VoiceCoreError as error:
        answers.write(frame(ERROR, 0, f"{error.code}\n{error.message}".encode()))
        answers.flush()
        return 1
    answers.write(frame(READY, 0, b""))
    answers.flush()
    while True:
        try:
            kind, rate, payload = read_frame(sys.stdin.buffer.read)
        except Closed:
            return 0
        answers.write(_answer(loaded, kind, rate, payload))
        answers.flush()


def _answer(loaded: object, kind: bytes, rate: int, payload: bytes) -> bytes:
    samples = np.frombuffer(payload, "<f4").astype(np.float32)
    try:
        if kind == MARK:
            return frame(SOUND, rate, network.marked(loaded, samples, rate).astype("<f4").tobytes())
        if kind == DETECT:
            return frame(SCORE, rate, struct.pack("<d", network.score(loaded, samples, rate)))
    except Exception as error:  # noqa: BLE001 - of a library; the other end makes an error of it
        return frame(ERROR, rate, f"engine_failed\n{type(error).__name__}: {error}".encode())
    return frame(ERROR, rate, b"engine_failed\nThis is no request.")


if __name__ == "__main__":
    raise SystemExit(main())
