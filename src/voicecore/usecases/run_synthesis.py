"""Speak a claimed job: text → segments → (cached | engine → converter?) → master WAV and manifest."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np

from voicecore import blobkeys
from voicecore.audio import Samples
from voicecore.conversion import ConversionSettings
from voicecore.engine import Utterance
from voicecore.errors import EngineCrashed, NotInstalled, VoiceCoreError
from voicecore.job import JobResult, SynthesisJob
from voicecore.log_lines import told
from voicecore.marks import Marker
from voicecore.observer import UNWATCHED, Observer
from voicecore.pipeline import Keep, Recall, SegmentSound, SpokenChunk, speak
from voicecore.planning import plan_segments, utterance_maker
from voicecore.ports import AudioCodec, BlobStore, Catalog, EngineHost, ModelConverter, Relay, SpeechEngine
from voicecore.request import OutputFormat, SynthesisRequest
from voicecore.text import Segment
from voicecore.timing import TimeSource
from voicecore.usecases.convert_segments import ConvertSegments, conversion_failure
from voicecore.usecases.converters import CONVERSION_MISSING, NO_CONVERTERS, Converters
from voicecore.usecases.job_marks import marking_of
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.live_sound import LiveSound
from voicecore.usecases.load_voice_print import LoadVoicePrint
from voicecore.usecases.model_voice import ModelVoice
from voicecore.usecases.segment_cache import SegmentCache, converted_key, segment_key
from voicecore.usecases.segment_log import SegmentLog
from voicecore.usecases.sound_watch import SoundWatch
from voicecore.voice import VoicePrint

_log = logging.getLogger("voicecore.jobs")

_NOTHING: Samples = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A resolved voice: what the engine gets, the id for blob keys, and what stands for it in fingerprints."""

    spoken: str | VoicePrint
    name: str
    digest: str


@dataclass(slots=True)
class _Attempt:
    """What an attempt works with.

    Attributes:
        keys: of the plain segments in the cache, by index.
        converted: of the converted ones; empty where nothing is converted.
    """

    watch: JobWatch
    request: SynthesisRequest
    engine: SpeechEngine
    voice: _Voice
    segments: tuple[Segment, ...]
    utter: Callable[[Segment], Utterance]
    keys: Mapping[int, str]
    live: LiveSound
    sound: SoundWatch
    converted: Mapping[int, str] = field(default_factory=dict)

    @property
    def job(self) -> SynthesisJob:
        return self.watch.job

    @property
    def words_wanted(self) -> bool:
        """Whether a segment without the times of its words will not do, since the engine could tell them."""
        return self.request.word_times and self.engine.card.word_times is not TimeSource.SEGMENT


@dataclass(frozen=True, slots=True)
class RunSynthesis:
    """One attempt. Memory holds a few segments at a time, however long the text.

    A conversion that fails is given up as a whole: the result has the plain voice from its first sample to its last, and says
    why; unless the request requires the conversion. Plain segments are in the cache by then, or are spoken again.

    Attributes:
        relay: gets the sound as it is made, while somebody follows the job; None where nobody can.
        converters: what converts the speech of jobs that ask for it.
        marker: writes what the audio says of itself.
    """

    blobs: BlobStore
    catalog: Catalog
    codec: AudioCodec
    cache: SegmentCache
    relay: Relay | None = None
    converters: Converters = NO_CONVERTERS
    observer: Observer = UNWATCHED
    marker: Marker | None = None

    def __call__(self, watch: JobWatch, engine: SpeechEngine, host: EngineHost | None = None) -> JobResult:
        """What the attempt made; its blobs are written, the job is not yet finished.

        Args:
            host: where the engine runs, and the converter shall; jobs without conversion need none.

        Raises:
            LeaseLost: when the attempt must stop.
            EngineFailed, StorageUnavailable, NotFound, InvalidText: as they come; of the conversion if it is required.
        """
        attempt = self._begin(watch, engine)
        with closing(attempt.sound):
            return self._made(attempt, host)

    def _made(self, attempt: _Attempt, host: EngineHost | None) -> JobResult:
        watch = attempt.watch
        if watch.job.conversion is None:
            self._write_plan(attempt)
            return self._spoken(attempt)
        try:
            return self._converted(attempt, host)
        except _GivenUp as given_up:
            error = given_up.error
        # Called off: whatever a converter says while it is stopped by force is no news.
        if attempt.request.conversion_required or watch.called_off:
            raise error
        attempt.sound.close()
        self.observer.kept_plain_voice(error)
        _log.warning("job %s attempt %d keeps the plain voice: %s", watch.job.id, watch.job.attempt, told(error))
        if not attempt.converted:
            self._write_plan(attempt)
        return replace(self._spoken(attempt), conversion_applied=False, conversion_fallback=error.message)

    def _begin(self, watch: JobWatch, engine: SpeechEngine) -> _Attempt:
        job = watch.job
        request = job.request
        if not isinstance(request, SynthesisRequest):
            raise TypeError("RunSynthesis runs jobs that speak a text.")
        voice = self._voice(request, engine)
        resolved = dict(job.parameters)
        utter = utterance_maker(
            engine.card, f"{job.id}.{job.attempt}", job.spoken_language, voice.spoken, resolved, request.seed,
            word_times=request.word_times,
        )  # fmt: skip
        segments = plan_segments(engine, request.text, job.spoken_language, resolved)
        keys = {each.index: segment_key(engine.card, utter(each), voice.name, voice.digest) for each in segments}
        live, sound = LiveSound(self.relay, job.id, job.attempt), SoundWatch(self.observer, watch)
        return _Attempt(watch, request, engine, voice, segments, utter, keys, live, sound)

    def _voice(self, request: SynthesisRequest, engine: SpeechEngine) -> _Voice:
        if request.voice_id is None:
            return _Voice(request.voice_preset, request.voice_preset, f"preset:{request.voice_preset}")
        spoken, digest = LoadVoicePrint(self.blobs, self.catalog)(request.voice_id, engine)
        return _Voice(spoken, request.voice_id, digest)

    # --- plain ----------------------------------------------------------------------------------------
    def _spoken(self, attempt: _Attempt) -> JobResult:
        speech = speak(
            attempt.engine, attempt.segments, attempt.sound.uttering(attempt.utter), recall=self._recall(attempt),
            keep=self._keep(attempt), look_up=attempt.watch.check,
        )  # fmt: skip
        attempt.live.begin(attempt.engine.card.sample_rate_hz)
        # Closed here, not whenever its last reference goes: the engine must be free before the next job.
        with closing(speech) as chunks:
            return self._written(attempt, chunks, attempt.engine.card.sample_rate_hz)

    def _recall(self, attempt: _Attempt) -> Recall:
        def recall(segment: Segment) -> SegmentSound | None:
            found = self.cache.recall(attempt.keys[segment.index])
            # Spoken before by somebody who did not ask for its words: the same sound, once more.
            return None if found is not None and attempt.words_wanted and not found.times.words else found

        return recall

    def _keep(self, attempt: _Attempt) -> Keep:
        return attempt.sound.keeping(lambda segment, sound: self.cache.keep(attempt.keys[segment.index], sound))

    # --- converted ------------------------------------------------------------------------------------
    def _converted(self, attempt: _Attempt, host: EngineHost | None) -> JobResult:
        """Raises `_GivenUp` where converting failed."""
        try:
            return self._convert(attempt, host)
        except _GivenUp as given_up:
            if host is None or attempt.watch.called_off or not isinstance(given_up.error, EngineCrashed):
                raise
            # The process may have died of another job's work, where it is shared: that shall not cost this one its voice.
            attempt.sound.close()
            _log.warning("job %s attempt %d begins its conversion again: %s", attempt.job.id, attempt.job.attempt,
                         told(given_up.error))  # fmt: skip
        attempt.engine = host.engine(attempt.job.engine)
        try:
            return self._convert(attempt, host)
        except _GivenUp as again:
            if isinstance(again.error, EngineCrashed) and not attempt.watch.called_off:
                attempt.engine = host.engine(attempt.job.engine)
            raise

    def _convert(self, attempt: _Attempt, host: EngineHost | None) -> JobResult:
        stage = self._stage(attempt, host)
        self._write_plan(attempt)
        plain = self._recall(attempt)

        def recall(segment: Segment) -> SegmentSound | None:
            return SegmentSound(_NOTHING) if stage.recall(segment) else plain(segment)

        segments = [replace(each, pause_after_s=0.0) for each in attempt.segments]
        speech = speak(
            attempt.engine, segments, attempt.sound.uttering(attempt.utter), recall=recall, keep=self._keep(attempt),
            look_up=attempt.watch.check,
        )  # fmt: skip
        rate = stage.voice.sample_rate_hz
        attempt.live.begin(rate, stage.voice.model.id)
        try:
            with closing(speech) as chunks:
                result = self._written(attempt, stage(chunks), rate, self.converters.name)
        except VoiceCoreError as error:
            if stage.failure is None:
                raise
            raise _GivenUp(stage.failure) from error
        attempt.watch.warn(stage.report.notes)
        return replace(
            result, conversion_applied=True, index_used=stage.report.index_used, index_reason=stage.report.reason
        )

    def _stage(self, attempt: _Attempt, host: EngineHost | None) -> ConvertSegments:
        """With its model loaded, so that most of what can fail does before the first sound."""
        try:
            settings, digest = _settings(attempt.job), self.converters.card().digest
            voice = ModelVoice.ready(self._converter(host), self.blobs, self.catalog, settings)
        except Exception as error:
            failure = conversion_failure(error)
            if failure is None:
                raise
            raise _GivenUp(failure) from error
        attempt.converted = {
            index: converted_key(key, attempt.voice.name, voice.model, settings, digest)
            for index, key in attempt.keys.items()
        }
        return ConvertSegments(
            voice, self.cache, attempt.watch, attempt.segments, attempt.converted, attempt.engine.card.sample_rate_hz,
            words_wanted=attempt.words_wanted, observer=self.observer,
        )  # fmt: skip

    def _converter(self, host: EngineHost | None) -> ModelConverter:
        if host is None:
            raise NotInstalled(CONVERSION_MISSING)
        return host.converter(self.converters.name)

    # --- what is written ------------------------------------------------------------------------------
    def _written(
        self, attempt: _Attempt, chunks: Iterator[SpokenChunk], rate: int, converter: str | None = None
    ) -> JobResult:
        job = attempt.job
        log = SegmentLog(attempt.watch, attempt.request.text, len(attempt.segments), rate, attempt.live)
        card = attempt.engine.card
        marking = marking_of(self.marker, job, "+".join(filter(None, (card.name, converter))), card.model_digest)
        blocks = self.codec.encode(attempt.sound.passing(log.samples_of(chunks)), rate, OutputFormat.WAV, marking)
        master = self.blobs.put(blobkeys.master(job.id, job.attempt), blocks)
        key = blobkeys.manifest(job.id, job.attempt)
        body = {"version": 1, "job_id": job.id, "sample_rate_hz": rate, "segments": log.rows}
        self.blobs.put(key, [json.dumps(body).encode()])
        return JobResult(
            audio_key=master.key, duration_s=log.samples / rate, sample_rate_hz=rate, file_size=master.size,
            manifest_key=key,
        )  # fmt: skip

    def _write_plan(self, attempt: _Attempt) -> None:
        """Before the first segment, so that a deleted or failed job can find all it put into the cache, and who listens where
        each segment begins and which of its characters are spoken.
        """
        keys, converted = attempt.keys, attempt.converted
        attempt.watch.cached = frozenset((*keys.values(), *converted.values()))
        rows = [
            {
                "start": each.start,
                "end": each.end,
                "text": each.text,
                "key": keys[each.index],
                "pause_s": each.pause_after_s,
            }
            | ({"converted": converted[each.index]} if converted else {})
            for each in attempt.segments
        ]
        body = {"sample_rate_hz": attempt.engine.card.sample_rate_hz, "segments": rows}
        self.blobs.put(blobkeys.plan(attempt.job.id), [json.dumps(body).encode()])


def _settings(job: SynthesisJob) -> ConversionSettings:
    if job.conversion is None:
        raise TypeError("This job converts nothing.")
    return job.conversion


class _GivenUp(Exception):
    """Converting ended with this error; speaking did not."""

    def __init__(self, error: VoiceCoreError) -> None:
        super().__init__(error.message)
        self.error = error
