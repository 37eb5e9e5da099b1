"""Live sound within one process."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from weakref import WeakSet

import numpy as np

from voicecore.job import JobId
from voicecore.ports import LiveChunk

#: What is kept for a follower that is slower than the engine, in chunks and in bytes; beyond it the oldest are lost.
BACKLOG = 256
BACKLOG_BYTES = 4 << 20


class MemoryEar:
    """What one follower has not taken yet. Each waits for itself, so that a chunk wakes nobody whom it is not for."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._chunks: deque[LiveChunk] = deque()
        self._bytes = 0
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether nothing comes any more."""
        with self._news:
            return self._ended and not self._chunks

    def hear(self, timeout_s: float) -> LiveChunk | None:
        """The next chunk, or None."""
        with self._news:
            self._news.wait_for(lambda: self._chunks or self._ended, timeout=max(0.0, timeout_s))
            return self._pop() if self._chunks else None

    def close(self) -> None:
        """Nothing is heard any more."""
        with self._news:
            self._chunks.clear()
            self._bytes = 0
            self.end()

    def take(self, chunk: LiveChunk) -> None:
        """Called by the relay."""
        with self._news:
            if self._ended:
                return
            self._chunks.append(chunk)
            self._bytes += chunk.samples.nbytes
            # The newest stays, however large it is.
            while len(self._chunks) > BACKLOG or (self._bytes > BACKLOG_BYTES and len(self._chunks) > 1):
                self._pop()
            self._news.notify_all()

    def end(self) -> None:
        """Called by the relay."""
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _pop(self) -> LiveChunk:
        chunk = self._chunks.popleft()
        self._bytes -= chunk.samples.nbytes
        return chunk


class MemoryRelay:
    """Every follower has a queue of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ears: dict[JobId, WeakSet[MemoryEar]] = {}
        self._closed = False

    def followed(self, job_id: JobId) -> bool:
        return bool(self._of(job_id))

    def publish(self, job_id: JobId, chunk: LiveChunk) -> None:
        ears = self._of(job_id)
        if not ears:
            return
        samples = np.array(chunk.samples, dtype=np.float32)
        samples.flags.writeable = False  # followers share it
        shared = replace(chunk, samples=samples)
        for ear in ears:
            ear.take(shared)

    def end(self, job_id: JobId) -> None:
        with self._lock:
            ears = list(self._ears.pop(job_id, ()))
        for ear in ears:
            ear.end()

    def follow(self, job_id: JobId) -> MemoryEar:
        ear = MemoryEar()
        with self._lock:
            if self._closed:
                ear.end()
            else:
                self._forget_the_gone()
                self._ears.setdefault(job_id, WeakSet()).add(ear)
        return ear

    def close(self) -> None:
        with self._lock:
            self._closed = True
            ears = [ear for of_job in self._ears.values() for ear in of_job]
            self._ears.clear()
        for ear in ears:
            ear.close()

    def _of(self, job_id: JobId) -> list[MemoryEar]:
        with self._lock:
            return [ear for ear in self._ears.get(job_id, ()) if not ear.over]

    def _forget_the_gone(self) -> None:
        """Those of jobs that never ended here, and were never heard of."""
        for job_id, ears in list(self._ears.items()):
            if all(ear.over for ear in ears):
                del self._ears[job_id]
