"""Convert a claimed job's recording."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

from voicecore import blobkeys
from voicecore.audio import Samples
from voicecore.errors import BlobCorrupt, NotFound, VoiceCoreError
from voicecore.job import JobResult, SegmentCount
from voicecore.marks import Marker
from voicecore.observer import UNWATCHED, Observer
from voicecore.pieces import Piece, join_pieces, piece_count, read_pieces
from voicecore.ports import AudioCodec, BlobStore, Catalog, ModelConverter, Relay
from voicecore.request import ConversionRequest, OutputFormat
from voicecore.usecases.convert_segments import ReportSum, conversion_failure
from voicecore.usecases.job_marks import marking_of
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.live_sound import LiveSound
from voicecore.usecases.model_voice import ModelVoice
from voicecore.usecases.sound_watch import SoundWatch


@dataclass(frozen=True, slots=True)
class RunConversion:
    """One attempt. There is no plain voice to fall back to: it converts, or it fails.

    Memory holds a piece of the recording at a time, however long it is; between two pieces the converter is free for others.

    Attributes:
        relay: gets the sound as it is made, while somebody follows the job; None where nobody can.
        marker: writes what the audio says of itself.
    """

    blobs: BlobStore
    catalog: Catalog
    codec: AudioCodec
    relay: Relay | None = None
    observer: Observer = UNWATCHED
    marker: Marker | None = None

    def __call__(self, watch: JobWatch, converter: ModelConverter) -> JobResult:
        """What the attempt made; its blobs are written, the job is not yet finished.

        Raises:
            LeaseLost: when the attempt must stop.
            NotFound: the model was deleted, or the recording is not there any more.
            BlobCorrupt: the stored recording is damaged.
            EngineFailed, ModelCorrupt, StorageUnavailable: as they come.
        """
        job, request = watch.job, watch.job.request
        if not isinstance(request, ConversionRequest) or job.conversion is None:
            raise TypeError("RunConversion runs jobs that convert a recording.")
        voice = ModelVoice.ready(converter, self.blobs, self.catalog, job.conversion)
        run = _Run(watch, voice, LiveSound(self.relay, job.id, job.attempt), self.observer)
        rate = voice.sample_rate_hz
        marking = marking_of(self.marker, job, job.engine, voice.model.digest)
        with self._recording(request.audio_key) as recording, closing(SoundWatch(self.observer, watch)) as sound:
            pieces = sound.passing(run.blocks(read_pieces(recording), request.duration_s))
            blocks = self.codec.encode(pieces, rate, OutputFormat.WAV, marking)
            master = self.blobs.put(blobkeys.master(job.id, job.attempt), blocks)
        watch.warn(run.report.notes)
        key = blobkeys.manifest(job.id, job.attempt)
        body = {"version": 1, "job_id": job.id, "sample_rate_hz": rate, "segments": run.rows}
        self.blobs.put(key, [json.dumps(body).encode()])
        return JobResult(
            audio_key=master.key, duration_s=run.samples / rate, sample_rate_hz=rate, file_size=master.size,
            manifest_key=key, conversion_applied=True, index_used=run.report.index_used, index_reason=run.report.reason,
        )  # fmt: skip

    def _recording(self, key: str) -> BinaryIO:
        try:
            return self.blobs.open(key)
        except NotFound as error:
            raise NotFound("The uploaded recording is not there any more: send it again.") from error
        except BlobCorrupt as error:
            raise BlobCorrupt("The uploaded recording was damaged where it was stored: send it again.") from error


@dataclass(slots=True)
class _Run:
    """What is counted and said while the pieces go by."""

    watch: JobWatch
    voice: ModelVoice
    live: LiveSound
    observer: Observer
    samples: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)
    report: ReportSum = field(default_factory=ReportSum)

    def blocks(self, pieces: Iterator[Piece], duration_s: float) -> Iterator[Samples]:
        """The converted sound, a block a piece. Raises `LeaseLost` if the attempt must stop."""
        rate = self.voice.sample_rate_hz
        total = piece_count(round(duration_s * 1000), 1000)
        self.live.begin(rate, self.voice.model.id)
        for block in join_pieces(((piece, self._converted(piece)) for piece in pieces), rate):
            self.watch.check()
            self.live.publish(self.samples, block)
            begin, self.samples = self.samples, self.samples + len(block)
            done = len(self.rows) + 1
            # No characters: nobody said what is spoken.
            self.rows.append({
                "index": done - 1, "start": 0, "end": 0, "cached": False, "start_s": round(begin / rate, 4),
                "end_s": round(self.samples / rate, 4), "pause_s": 0.0,
            })  # fmt: skip
            self.watch.progress(SegmentCount(max(total, done), done, 0), f"piece {done} of {max(total, done)}")
            yield block

    def _converted(self, piece: Piece) -> Samples:
        self.watch.check()
        try:
            with self.observer.tracer.span("convert", index=len(self.rows)):
                samples, report = self.voice(piece.audio)
        except VoiceCoreError:
            raise
        except Exception as error:
            raise conversion_failure(error) or error from error
        self.report.add(report)
        return samples
