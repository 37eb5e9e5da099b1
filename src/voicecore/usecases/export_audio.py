"""A finished job's audio, in any format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voicecore.audio import Samples
from voicecore.errors import Conflict, NotFound
from voicecore.job import SynthesisJob
from voicecore.marks import Marking, found_marks
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import AudioCodec, BlobStat, BlobStore
from voicecore.request import OutputFormat

_FRAMES_PER_BLOCK = 65_536
_HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class ExportAudio:
    """The master as it is, or another format made from it once and kept beside it, with the same life."""

    blobs: BlobStore
    codec: AudioCodec
    observer: Observer = UNWATCHED

    def __call__(self, job: SynthesisJob, output_format: OutputFormat) -> BlobStat:
        """The stored file. Raises `Conflict` if the job has no audio, `NotFound` if it was deleted meanwhile."""
        result = job.result
        if result is None or result.audio_key is None:
            raise Conflict(f"Job {job.id} has no audio: it is {job.status.value}, in mode {job.mode.value}.")
        key = result.audio_key.rsplit(".", 1)[0] + f".{output_format.value}"
        found = self.blobs.stat(key)
        if found is not None:
            return found
        if output_format is OutputFormat.WAV:
            raise NotFound(f"The audio of job {job.id} is not there any more.")
        marking = self._marking(result.audio_key)
        with self.observer.tracer.span("encode", format=output_format.value):
            stored = self.blobs.put(
                key, self.codec.encode(self._master(result.audio_key), result.sample_rate_hz, output_format, marking)
            )
        # A deletion takes the master first and then looks again: what it could not see yet is taken here.
        if self.blobs.stat(result.audio_key) is None:
            self.blobs.delete(key)
            raise NotFound(f"The audio of job {job.id} was deleted meanwhile.")
        return stored

    def _marking(self, key: str) -> Marking | None:
        """The master's mark, which names its sound, once more; None where it is older than marks."""
        with self.blobs.open(key, start=0, end=_HEAD_BYTES) as reader:
            mark = next(found_marks(reader.read()), None)
        return None if mark is None else lambda _sound: mark.line

    def _master(self, key: str) -> Iterator[Samples]:
        """Blocks of float32 samples of the master, read as they are needed."""
        with self.blobs.open(key) as reader:
            header = reader.read(12)
            if header[:4] != b"RIFF":
                raise NotFound("The stored audio is not a WAV file.")
            while (name := reader.read(4)) != b"data":
                if len(name) < 4:
                    raise NotFound("The stored audio holds no samples.")
                reader.read(int.from_bytes(reader.read(4), "little"))
            reader.read(4)
            while block := reader.read(2 * _FRAMES_PER_BLOCK):
                yield np.frombuffer(block, dtype="<i2").astype(np.float32) / np.float32(32767.0)
