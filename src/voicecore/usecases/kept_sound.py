"""The sound of a job that lies in blobs: of finished segments while it runs, of the master once it is completed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from voicecore import blobkeys
from voicecore.audio import Samples, silence
from voicecore.errors import BlobCorrupt, NotFound
from voicecore.job import JobId
from voicecore.ports import BlobStore
from voicecore.usecases.segment_cache import SegmentCache

_log = logging.getLogger("voicecore.jobs")

_FRAMES_PER_BLOCK = 16_384
#: More than any header of ours.
_HEADER_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class PlannedSegment:
    """A segment as the plan has it: characters start..end, and of them what is spoken, `text`, which older plans do not tell.
    `converted` is empty where nothing is converted.
    """

    start: int
    end: int
    key: str
    converted: str
    pause_s: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The segments of a job. `sample_rate_hz` is that of the plain voice."""

    sample_rate_hz: int
    segments: tuple[PlannedSegment, ...]


class KeptSegments:
    """The finished segments of a running job, from any place on. Looks at each segment's length once."""

    def __init__(self, blobs: BlobStore, cache: SegmentCache, job_id: JobId) -> None:
        self._blobs, self._cache, self._job_id = blobs, cache, job_id
        self._plan: Plan | None = None
        self._voice = ""
        #: Of the first segment that is not known to lie before what was asked for: its number, and its first sample.
        self._next, self._start = 0, 0

    @property
    def plain_rate_hz(self) -> int | None:
        """Of the plain voice; None while there is no plan to read."""
        self._plan = self._plan or read_plan(self._blobs, self._job_id)
        return None if self._plan is None else self._plan.sample_rate_hz

    def after(self, place: int, voice: str, sample_rate_hz: int) -> Iterator[Samples]:
        """The sound from sample `place` on, as far as it is there without a gap.

        Args:
            place: never less than in the call before, for the same voice.
            voice: id of the model that the sound is converted with; empty for the plain one.
            sample_rate_hz: of that voice.
        """
        if voice != self._voice:
            self._plan, self._voice, self._next, self._start = None, voice, 0, 0
        self._plan = self._plan or read_plan(self._blobs, self._job_id)
        if self._plan is None:
            return
        while self._next < len(self._plan.segments):
            planned = self._plan.segments[self._next]
            pause = silence(planned.pause_s, sample_rate_hz)
            length = None if voice else self._cache.length(planned.key)
            if length is None or self._start + length + len(pause) > place:
                samples = self._recalled(planned)
                if samples is None:
                    return
                length = len(samples)
                for part in (samples[max(0, place - self._start) :], pause[max(0, place - self._start - length) :]):
                    place += len(part)
                    yield part
            self._next, self._start = self._next + 1, self._start + length + len(pause)

    def _recalled(self, planned: PlannedSegment) -> Samples | None:
        if not self._voice:
            plain = self._cache.recall(planned.key)
            return None if plain is None else plain.samples
        found = self._cache.recall_converted(planned.converted) if planned.converted else None
        return None if found is None else found[0].samples


def read_plan(blobs: BlobStore, job_id: JobId) -> Plan | None:
    """The plan of the job; None if it has none (yet), or one that cannot be read."""
    try:
        with blobs.open(blobkeys.plan(job_id)) as reader:
            return _plan(json.loads(reader.read()))
    except NotFound:
        return None
    except (BlobCorrupt, ValueError, TypeError, LookupError) as error:
        # One of an older program has no pauses. The master will have it all.
        _log.warning("the plan of job %s cannot be read: %s", job_id, error)
        return None


def _plan(body: dict[str, object]) -> Plan:
    rows = body["segments"]
    if not isinstance(rows, Sequence):
        raise TypeError("the segments are no list")
    return Plan(
        int(str(body["sample_rate_hz"])),
        tuple(
            PlannedSegment(
                row["start"],
                row["end"],
                row["key"],
                row.get("converted", ""),
                float(row["pause_s"]),
                row.get("text", ""),
            )
            for row in rows
        ),
    )


def master_samples(blobs: BlobStore, key: str, start: int = 0) -> Iterator[Samples]:
    """Blocks of a finished audio from sample `start` on. `pcm16_bytes` makes of them the very bytes that are stored.

    Raises:
        NotFound: it was deleted.
        BlobCorrupt: it is no WAV file of ours.
    """
    with blobs.open(key, start=0, end=_HEADER_BYTES) as reader:
        first = _data_start(reader)
    with blobs.open(key, start=first + 2 * start) as reader:
        while block := reader.read(2 * _FRAMES_PER_BLOCK):
            samples = np.frombuffer(block, dtype="<i2").astype(np.float32)
            samples /= np.float32(32767.0)
            yield samples


def _data_start(reader: BinaryIO) -> int:
    place = 12
    if reader.read(place)[:4] != b"RIFF":
        raise BlobCorrupt("The stored audio is not a WAV file.")
    while len(head := reader.read(8)) == 8:
        place += 8
        if head[:4] == b"data":
            return place
        size = int.from_bytes(head[4:], "little")
        reader.read(size)
        place += size
    raise BlobCorrupt("The stored audio holds no samples.")
