"""Speak a claimed job: text → segments → (cached | engine) → master WAV and manifest."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.audio import Samples
from voicecore.job import JobId, JobResult, SegmentCount, SynthesisJob
from voicecore.pipeline import SpokenChunk, speak
from voicecore.planning import plan_segments, utterance_maker
from voicecore.ports import AudioCodec, BlobStore, Catalog, LiveChunk, Relay, SpeechEngine
from voicecore.request import OutputFormat, SynthesisRequest
from voicecore.text import Segment
from voicecore.usecases.converters import NO_CONVERTERS, Converters
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.load_voice_print import LoadVoicePrint
from voicecore.usecases.segment_cache import SegmentCache, segment_key
from voicecore.voice import VoicePrint

_log = logging.getLogger("voicecore.jobs")


@dataclass(frozen=True, slots=True)
class _Voice:
    """A resolved voice: what the engine gets, the id for blob keys, and what stands for it in fingerprints."""

    spoken: str | VoicePrint
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class RunSynthesis:
    """One attempt. Memory holds a few segments at a time, however long the text.

    Attributes:
        relay: gets the sound as it is made, while somebody follows the job; None where nobody can.
    """

    blobs: BlobStore
    catalog: Catalog
    codec: AudioCodec
    cache: SegmentCache
    relay: Relay | None = None
    converters: Converters = NO_CONVERTERS

    def __call__(self, watch: JobWatch, engine: SpeechEngine) -> JobResult:
        """What the attempt made; its blobs are written, the job is not yet finished.

        Raises:
            LeaseLost: when the attempt must stop.
            EngineFailed, StorageUnavailable, NotFound, InvalidText: as they come.
        """
        job = watch.job
        request = job.request
        if not isinstance(request, SynthesisRequest):
            raise TypeError("RunSynthesis runs jobs that speak a text.")
        voice = self._voice(request, engine)
        resolved = dict(job.parameters)
        utter = utterance_maker(
            engine.card, f"{job.id}.{job.attempt}", job.spoken_language, voice.spoken, resolved, request.seed
        )
        segments = plan_segments(engine, request.text, job.spoken_language, resolved)
        keys = {each.index: segment_key(engine.card, utter(each), voice.name, voice.digest) for each in segments}
        watch.cached = frozenset(keys.values())
        self._write_plan(job, segments, keys)
        rate = engine.card.sample_rate_hz
        log = _SegmentLog(watch, len(segments), rate, _Broadcast(self.relay, job.id, rate))

        def keep(segment: Segment, samples: Samples) -> None:
            self.cache.keep(keys[segment.index], samples)

        def recall(segment: Segment) -> Samples | None:
            return self.cache.recall(keys[segment.index])

        speech = speak(engine, segments, utter, recall=recall, keep=keep, look_up=watch.check)
        # Closed here, not whenever its last reference goes: the engine must be free before the next job.
        with closing(speech) as chunks:
            blocks = self.codec.encode(log.samples_of(chunks), rate, OutputFormat.WAV)
            master = self.blobs.put(blobkeys.master(job.id, job.attempt), blocks)
        manifest = self._write_manifest(job, log)
        return JobResult(
            audio_key=master.key, duration_s=log.samples / rate, sample_rate_hz=rate, file_size=master.size,
            manifest_key=manifest,
        )  # fmt: skip

    def _voice(self, request: SynthesisRequest, engine: SpeechEngine) -> _Voice:
        if request.voice_id is None:
            return _Voice(request.voice_preset, request.voice_preset, f"preset:{request.voice_preset}")
        spoken, digest = LoadVoicePrint(self.blobs, self.catalog)(request.voice_id, engine)
        return _Voice(spoken, request.voice_id, digest)

    def _write_plan(self, job: SynthesisJob, segments: tuple[Segment, ...], keys: dict[int, str]) -> None:
        """Before the first segment, so that a deleted or failed job can find all it put into the cache."""
        plan = {"segments": [{"start": s.start, "end": s.end, "key": keys[s.index]} for s in segments]}
        self.blobs.put(blobkeys.plan(job.id), [json.dumps(plan).encode()])

    def _write_manifest(self, job: SynthesisJob, log: _SegmentLog) -> str:
        key = blobkeys.manifest(job.id, job.attempt)
        body = {"version": 1, "job_id": job.id, "sample_rate_hz": log.sample_rate_hz, "segments": log.rows}
        self.blobs.put(key, [json.dumps(body).encode()])
        return key


class _Broadcast:
    """Live sound for whoever follows the job. Best effort: after its first failure there is no more of it."""

    def __init__(self, relay: Relay | None, job_id: JobId, sample_rate_hz: int) -> None:
        self._relay, self._job_id, self._rate = relay, job_id, sample_rate_hz

    def __call__(self, start: int, samples: Samples) -> None:
        if self._relay is None:
            return
        try:
            if self._relay.followed(self._job_id):
                self._relay.publish(self._job_id, LiveChunk(start, samples, self._rate))
        except Exception:  # noqa: BLE001 - the job is worth more than its listeners, whom the blobs give the whole
            _log.exception("job %s is not heard live any more", self._job_id)
            self._relay = None


class _SegmentLog:
    """Passes samples on, and writes down where each segment begins and ends."""

    def __init__(self, watch: JobWatch, total: int, sample_rate_hz: int, broadcast: _Broadcast) -> None:
        self._watch, self._total, self._broadcast = watch, total, broadcast
        self.sample_rate_hz = sample_rate_hz
        self.samples = 0
        self.rows: list[dict[str, object]] = []
        self._cached = 0
        self._begin = 0

    def samples_of(self, chunks: Iterator[SpokenChunk]) -> Iterator[Samples]:
        for chunk in chunks:
            self._watch.check()
            self._broadcast(self.samples, chunk.samples)
            self.samples += len(chunk.samples)
            if chunk.last:
                self._close(chunk)
            yield chunk.samples

    def _close(self, chunk: SpokenChunk) -> None:
        segment, rate = chunk.segment, self.sample_rate_hz
        self._cached += chunk.cached
        self.rows.append({
            "index": segment.index, "start": segment.start, "end": segment.end, "cached": chunk.cached,
            "start_s": round(self._begin / rate, 4), "end_s": round(self.samples / rate, 4),
            "pause_s": round(segment.pause_after_s, 4),
        })  # fmt: skip
        self._begin = self.samples
        done = len(self.rows)
        self._watch.progress(SegmentCount(self._total, done, self._cached), f"segment {done} of {self._total}")
