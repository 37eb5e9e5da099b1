"""Live sound within one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from weakref import WeakSet

import numpy as np

from voicecore.job import JobId
from voicecore.ports import LiveChunk

#: Chunks kept for a follower that is slower than the engine; beyond it the oldest are lost.
BACKLOG = 256


class _Ear:
    """What one follower has not taken yet. Guarded by the relay's condition."""

    def __init__(self) -> None:
        self.chunks: deque[LiveChunk] = deque(maxlen=BACKLOG)
        self.ended = False


class MemoryRelay:
    """Every follower has a queue of its own. One that is dropped without being read to its end is forgotten."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._ears: dict[JobId, WeakSet[_Ear]] = {}
        self._closed = False

    def followed(self, job_id: JobId) -> bool:
        with self._news:
            if not self._ears.get(job_id):
                self._ears.pop(job_id, None)
                return False
            return True

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        if not self.followed(job_id):
            return
        samples = np.array(chunk.samples, dtype=np.float32)
        samples.flags.writeable = False  # followers share it
        with self._news:
            for ear in self._ears.get(job_id, ()):
                ear.chunks.append(replace(chunk, samples=samples))
            self._news.notify_all()

    def end(self, job_id: JobId) -> None:
        with self._news:
            for ear in self._ears.pop(job_id, ()):
                ear.ended = True
            self._news.notify_all()

    def follow(self, job_id: JobId, patience_s: float) -> Iterator[LiveChunk]:
        ear = _Ear()
        with self._news:
            self._ears.setdefault(job_id, WeakSet()).add(ear)
        return self._heard(ear, patience_s)

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _heard(self, ear: _Ear, patience_s: float) -> Iterator[LiveChunk]:
        while (chunk := self._next(ear, time.monotonic() + patience_s)) is not None:
            yield chunk

    def _next(self, ear: _Ear, deadline: float) -> LiveChunk | None:
        with self._news:
            self._news.wait_for(
                lambda: ear.chunks or ear.ended or self._closed, timeout=max(0.0, deadline - time.monotonic())
            )
            return None if self._closed or not ear.chunks else ear.chunks.popleft()
