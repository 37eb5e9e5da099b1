"""Accept a recording that shall sound like another voice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.audio import Audio, Samples
from voicecore.conversion import ConversionSettings
from voicecore.errors import InvalidAudio, InvalidInput, VoiceCoreError
from voicecore.handling import PLAIN, Handling
from voicecore.job import JobId, SynthesisJob
from voicecore.language import UNDETERMINED
from voicecore.limits import Limits
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import AudioCodec, AudioLimits, BlobStore, Catalog, Clock, Doorbell, Ids, JobStore
from voicecore.request import ConversionRequest, OutputFormat, checked_seed
from voicecore.tone_colour import MIN_SPEECH_S
from voicecore.usecases.converters import Converters
from voicecore.usecases.uploaded import forget, may_be_stored, sha256_of
from voicecore.webhook_target import NO_WEBHOOKS, WebhookPolicy

_FRAMES_PER_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class SubmitConversion:
    """Decode the recording under limits, keep it as our own WAV, store the job, ring the doorbell."""

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    codec: AudioCodec
    doorbell: Doorbell
    converters: Converters
    clock: Clock
    ids: Ids
    limits: Limits
    webhooks: WebhookPolicy = NO_WEBHOOKS
    observer: Observer = UNWATCHED

    def __call__(
        self, conversion: ConversionSettings, file: BinaryIO, *, f0_method_named: bool = False,
        output_format: OutputFormat = OutputFormat.WAV, handling: Handling = PLAIN, job_id: JobId | None = None,
        caller: Caller = NOBODY, idempotency_key: str | None = None,
    ) -> SynthesisJob:  # fmt: skip
        """The new job, which is the caller's; or the one that this key of his made before of the same recording, byte for
        byte, and the same fields.

        Nothing of the upload is left if it is refused, or was there before. If this process dies on the way, what it left
        is found by `SweepOrphans`.

        Args:
            conversion: with the caller's seed.
            file: of any format that the codec knows; seekable, read from its begin.
            f0_method_named: whether the caller chose `conversion.f0_method`; see `SynthesisRequest`.
            job_id: of the new job, where somebody follows it already (`Listen.submit`).

        Raises:
            Forbidden: without the scope `convert`.
            InvalidInput: for the fields, and for a webhook that may not be.
            InvalidAudio, UnsupportedAudioFormat: for the file, which must last 0.5 s to `max_audio_s`.
            NotFound: there is no such model.
            NotInstalled: nothing converts here.
            IdempotencyConflict, QueueFull: from the store.
        """
        caller.must(Scope.CONVERT)
        self.webhooks.admit(handling)
        checked_seed(conversion.seed)
        resolved, warnings = self.converters.resolve(
            self.catalog, conversion, method_named=f0_method_named, seed=conversion.seed
        )
        job_id = JobId(self.ids.new("job")) if job_id is None else job_id
        digest = sha256_of(file)
        audio = self._decode(file)
        key = blobkeys.upload(job_id, 0)
        request = ConversionRequest(
            audio_key=key, duration_s=audio.duration_s, conversion=conversion, f0_method_named=f0_method_named,
            output_format=output_format, recording_sha256=digest,
        )  # fmt: skip
        job = SynthesisJob(
            id=job_id, request=request, engine=self.converters.name, conversion=resolved, spoken_language=UNDETERMINED,
            created_at=self.clock.now(), handling=handling, owner=caller.key_id, warnings=warnings,
        )  # fmt: skip
        try:
            self.blobs.put(key, self.codec.encode(_blocks(audio), audio.sample_rate_hz, OutputFormat.WAV))
        except VoiceCoreError:
            forget(self.blobs, [key])
            raise
        stored = self._stored(job, key, idempotency_key)
        if stored.id != job.id:
            forget(self.blobs, [key])
        self.doorbell.ring(stored.id, stored.line)
        return stored

    def _stored(self, job: SynthesisJob, key: str, idempotency_key: str | None) -> SynthesisJob:
        try:
            room = self.limits.max_queued
            return self.observer.submit(
                job, lambda each: self.store.add(each, idempotency_key=idempotency_key, max_queued=room)
            )
        except VoiceCoreError as error:
            if not may_be_stored(error):
                forget(self.blobs, [key])
            raise

    def _decode(self, file: BinaryIO) -> Audio:
        try:
            audio = self.codec.decode(file, AudioLimits(max_duration_s=self.limits.max_audio_s))
        except InvalidInput as error:
            raise type(error)(error.message, field="file") from error
        if audio.duration_s < MIN_SPEECH_S:
            raise InvalidAudio(
                f"The recording lasts {audio.duration_s:.2f} s; give at least {MIN_SPEECH_S:g} s of speech.",
                field="file",
            )
        return audio


def _blocks(audio: Audio) -> Iterator[Samples]:
    for start in range(0, len(audio.samples), _FRAMES_PER_BLOCK):
        yield audio.samples[start : start + _FRAMES_PER_BLOCK]
