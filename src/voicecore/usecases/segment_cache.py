"""The sound of segments, by what they sound like.

A segment's key is the fingerprint of all that decides its sound. So a job that was killed finds what it had, a text
with one changed sentence has only that one made anew, and no request can be answered with another's voice.
"""

from __future__ import annotations

import json
import logging
import math
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np

from voicecore import blobkeys
from voicecore.audio import Samples
from voicecore.conversion import ConversionSettings
from voicecore.conversion_model import ConversionModel
from voicecore.engine import EngineCard, Utterance
from voicecore.errors import BlobCorrupt, InvalidInput, NotFound, StorageUnavailable
from voicecore.observer import UNWATCHED, Observer
from voicecore.pipeline import SegmentSound
from voicecore.ports import BlobStat, BlobStore, Clock, ConversionReport
from voicecore.request import fingerprint
from voicecore.system import SystemClock
from voicecore.timing import WordTimes
from voicecore.usecases.removal import Removed, remove

_log = logging.getLogger("voicecore.jobs")

T = TypeVar("T")

#: An entry younger than this counts as just used; below it a recall writes nothing.
_FRESH = timedelta(hours=1)


def segment_key(card: EngineCard, utterance: Utterance, voice_name: str, voice_digest: str) -> str:
    """Blob key of the utterance's sound. `voice_name` is the preset's or enrolled voice's id, for deletion by prefix."""
    digest = fingerprint({
        "engine": card.name, "engine_version": card.version, "model": card.model_digest, "rate": card.sample_rate_hz,
        "text": utterance.text, "language": utterance.language, "voice": voice_digest,
        "parameters": utterance.parameters, "seed": utterance.seed,
    })  # fmt: skip
    return blobkeys.segment(voice_name, digest)


def converted_key(
    plain_key: str, voice_name: str, model: ConversionModel, settings: ConversionSettings, converter_digest: str
) -> str:
    """Blob key of the sound of `plain_key`, converted. `converter_digest` is that of the converter's card."""
    digest = fingerprint({
        "plain": plain_key, "model": model.digest, "settings": settings, "converter": converter_digest,
    })  # fmt: skip
    return blobkeys.converted_segment(voice_name, model.id, digest)


#: Begins a plain segment whose words are told before its samples. Read as a sample it is no number, so no segment of samples
#: alone begins with it; those were all that older versions wrote, and are what is written of a segment without words.
_WITH_WORDS = struct.pack("<f", math.nan)


def _packed(said: dict[str, Any]) -> bytes:
    """The length of a JSON in four bytes, little-endian, and the JSON: a multiple of four bytes altogether."""
    text = json.dumps(said).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text


def _unpacked(data: bytes, at: int = 0) -> tuple[Samples, dict[str, Any]]:
    """What lies behind a JSON, and that. Raises `ValueError`, `TypeError` or `struct.error` for what was not packed so."""
    (length,) = struct.unpack_from("<I", data, at)
    said = json.loads(data[at + 4 : at + 4 + length])
    if not isinstance(said, dict):
        raise TypeError("a cached segment says something else than an object")
    return np.frombuffer(data, dtype="<f4", offset=at + 4 + length).astype(np.float32, copy=False), said


def _segment(data: bytes) -> SegmentSound:
    if not data.startswith(_WITH_WORDS):
        return SegmentSound(np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False))
    samples, said = _unpacked(data, len(_WITH_WORDS))
    return SegmentSound(samples, WordTimes.of_document(said))


def _converted(data: bytes) -> tuple[SegmentSound, ConversionReport]:
    samples, said = _unpacked(data)
    report = ConversionReport(said["index_used"], said["reason"], tuple(said["notes"]))
    return SegmentSound(samples, WordTimes.of_document(said)), report


@dataclass(frozen=True, slots=True)
class SegmentCache:
    """Segments in the blob store. With a bound of 0 bytes nothing is kept or found.

    An entry's age is the time since it was last put, and a blob store has no other mark of use: so an entry that is found
    after an hour or more is put again, and eviction by age is eviction by last use, to the hour.

    Attributes:
        max_age: an entry that nobody used for so long goes, whatever the bound: it may be what a killed attempt kept for a
            job that was deleted meanwhile, which nobody else would ever find. None keeps entries by the bound alone.
    """

    blobs: BlobStore
    max_bytes: int
    clock: Clock = field(default_factory=SystemClock)
    max_age: timedelta | None = timedelta(hours=48)
    observer: Observer = UNWATCHED

    def recall(self, key: str) -> SegmentSound | None:
        """The segment, or None. A damaged entry is deleted and made again. One of an older version tells no words."""
        return self._understood(key, "segment", _segment)

    def length(self, key: str) -> int | None:
        """How many samples `recall` would give, or None; without reading them."""
        stat = self.blobs.stat(key) if self.max_bytes > 0 else None
        if stat is None:
            return None
        try:
            with self.blobs.open(key) as reader:
                head = reader.read(2 * len(_WITH_WORDS))
        except (NotFound, BlobCorrupt):
            return None
        told = len(head) + int.from_bytes(head[len(_WITH_WORDS) :], "little") if head.startswith(_WITH_WORDS) else 0
        return max(0, stat.size - told) // 4

    def recall_converted(self, key: str) -> tuple[SegmentSound, ConversionReport] | None:
        """As `recall`, with what the converter said of it."""
        return self._understood(key, "conversion", _converted)

    def _understood(self, key: str, cache: str, read: Callable[[bytes], T]) -> T | None:
        data = self._read(key, cache)
        if data is None:
            return None
        try:
            return read(data)
        except (ValueError, TypeError, KeyError, struct.error, InvalidInput):
            _log.warning("a cached segment was not written by this program and is made again")
            self.blobs.delete(key)
            return None

    def _read(self, key: str, cache: str) -> bytes | None:
        if self.max_bytes == 0:
            return None
        data = self._stored(key)
        self.observer.looked_up(cache, found=data is not None)
        return data

    def _stored(self, key: str) -> bytes | None:
        try:
            with self.blobs.open(key) as reader:
                data = reader.read()
        except NotFound:
            return None
        except BlobCorrupt:
            _log.warning("a cached segment was damaged and is made again")
            self.blobs.delete(key)
            return None
        self._used(key, data)
        return data

    def keep(self, key: str, sound: SegmentSound) -> None:
        """Store a segment."""
        words = sound.times.document()
        self._write(key, [_WITH_WORDS, _packed(words)] if words else [], sound.samples)

    def keep_converted(self, key: str, sound: SegmentSound, report: ConversionReport) -> None:
        """Store a converted segment, and what the converter said of it."""
        said = {"index_used": report.index_used, "reason": report.reason, "notes": report.notes}
        self._write(key, [_packed(said | sound.times.document())], sound.samples)

    def _write(self, key: str, head: list[bytes], samples: Samples) -> None:
        if self.max_bytes > 0:
            self.blobs.put(key, [*head, np.ascontiguousarray(samples, dtype="<f4").tobytes()])

    def evict(self, needed: Callable[[], Collection[str]] = tuple) -> Removed:
        """Delete what is too old, and then the least recently used entries until the rest fits the bound.

        What `needed` names, the segments of jobs that wait or run, stays; it is asked only if something is to go. A job
        that misses a segment all the same makes it again, so eviction costs time, never sound. Any number of
        processes may evict, recall and keep at once.
        """
        entries = self._by_last_use()
        excess = sum(stat.size for stat in entries) - self.max_bytes
        oldest = datetime.min.replace(tzinfo=UTC) if self.max_age is None else self.clock.now() - self.max_age
        if not entries or (excess <= 0 and entries[0].modified_at > oldest):
            return Removed()
        # Where nothing is ever recalled, nothing is needed.
        kept = frozenset(needed()) if self.max_bytes > 0 else frozenset()
        removed = Removed()
        for stat in entries:
            if excess <= 0 and stat.modified_at > oldest:
                break
            if stat.key not in kept:
                removed += remove(self.blobs, [stat])
                excess -= stat.size
        return removed

    def shed(self) -> Removed:
        """Delete the less recently used half, needed or not: a full disk wants room more than anybody wants a cache."""
        entries = self._by_last_use()
        half = sum(stat.size for stat in entries) / 2
        removed = Removed()
        for stat in entries:
            if removed.bytes >= half:
                break
            removed += remove(self.blobs, [stat])
        return removed

    def _by_last_use(self) -> list[BlobStat]:
        """All entries, the least recently used first."""
        return sorted(self.blobs.list(blobkeys.SEGMENTS), key=lambda stat: (stat.modified_at, stat.key))

    def _used(self, key: str, data: bytes) -> None:
        try:
            stat = self.blobs.stat(key)
            # Not if it is gone: its deletion shall not be undone.
            if stat is not None and self.clock.now() - stat.modified_at >= _FRESH:
                self.blobs.put(key, [data])
        except (StorageUnavailable, BlobCorrupt) as error:
            # The sound is here; the entry goes a little too early, which costs time only.
            _log.debug("a cached segment keeps its age: %s", error.message)
