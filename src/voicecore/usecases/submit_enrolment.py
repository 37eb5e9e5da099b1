"""Accept reference speech from which a voice shall be learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.audio import Audio
from voicecore.consent import Recording, Statement
from voicecore.engine import Enrolment
from voicecore.errors import (
    Conflict,
    ConsentRevoked,
    InvalidAudio,
    InvalidInput,
    LimitReached,
    QueueFull,
    UnsupportedLanguage,
    VoiceCoreError,
)
from voicecore.handling import PLAIN, Handling
from voicecore.job import JobId, SynthesisJob
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import (
    NO_AUDIT,
    Act,
    AudioCodec,
    AudioLimits,
    AuditLog,
    BlobStore,
    Catalog,
    Clock,
    Doorbell,
    Ids,
    JobStore,
)
from voicecore.request import EnrolmentRequest, fingerprint
from voicecore.usecases.consents import decoded_statement, find_consent
from voicecore.usecases.engines import Engines
from voicecore.usecases.limits_of import LimitsOf
from voicecore.usecases.room_for_voice import check_room_for_voice, turn_for_voice
from voicecore.usecases.uploaded import forget, may_be_stored, sha256_of
from voicecore.voice import checked_name, voice_id_of
from voicecore.webhook_target import NO_WEBHOOKS, WebhookPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    """What the caller says of the voice.

    Attributes:
        consent_given_at: when the consent was given, if he told it; else the statement has the moment it came.
    """

    name: str
    language: Language
    description: str = ""
    engine: str | None = None
    consent: Statement | None = None
    consent_id: str | None = None
    consent_given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubmitEnrolment:
    """Decode the clips under limits, keep them as our own WAV, store the job, ring the doorbell.

    Attributes:
        require_consent: whether a voice is only learned with a consent.
    """

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    codec: AudioCodec
    doorbell: Doorbell
    engines: Engines
    clock: Clock
    ids: Ids
    limits: Limits
    webhooks: WebhookPolicy = NO_WEBHOOKS
    require_consent: bool = True
    observer: Observer = UNWATCHED
    limits_of: LimitsOf | None = None
    audit: AuditLog = NO_AUDIT

    def __call__(
        self, voice: NewVoice, files: Sequence[BinaryIO], *, handling: Handling = PLAIN,
        consent_recording: BinaryIO | None = None, caller: Caller = NOBODY, idempotency_key: str | None = None,
    ) -> SynthesisJob:  # fmt: skip
        """The new job, which is the caller's, as its voice will be; or the one that this key of his made before of the same
        files, byte for byte, and the same fields, also if its voice has taken the name meanwhile.

        Nothing of the upload is left if it is refused, or was there before.

        Args:
            consent_recording: `voice.consent`, spoken.

        Raises:
            Forbidden: without the scope `clone`.
            InvalidInput, UnsupportedLanguage: for the fields, for a consent that is missing, and for a webhook that may not be.
            ConsentRevoked: the consent that is named was withdrawn.
            InvalidAudio, UnsupportedAudioFormat: for the files.
            NameTaken: a voice of the caller's has this name.
            LimitReached: the caller has as many voices as he may have.
            NotFound, NotInstalled, IdempotencyConflict, QueueFull: as for a synthesis.
        """
        caller.must(Scope.CLONE)
        self.webhooks.admit(handling)
        name = checked_name(voice.name)
        engine, enrolment, spoken = self._learner(voice, len(files))
        self._check_consent(voice, caller, spoken=consent_recording is not None)
        refusal = self._refusal(name, caller)
        job_id = JobId(self.ids.new("job"))
        consent_key = blobkeys.upload_consent(job_id)
        keys = tuple(blobkeys.upload(job_id, number) for number in range(len(files)))
        # Made before the files are read, which takes long, and before anything is written: its invariants may refuse.
        request = EnrolmentRequest(
            name=name, language=voice.language, clip_keys=keys, description=voice.description, engine=engine,
            reference_duration_s=0.0, consent=voice.consent, consent_id=voice.consent_id,
            said_sha256=_said(voice, files, consent_recording),
        )  # fmt: skip
        job = SynthesisJob(
            id=job_id, request=request, engine=engine, spoken_language=spoken, created_at=self.clock.now(),
            handling=handling, owner=caller.key_id,
        )  # fmt: skip
        if (before := self._made_before(job, idempotency_key)) is not None:
            return before
        if refusal is not None:
            raise refusal
        clips = self._decode(files, enrolment.min_reference_s, enrolment.max_reference_s)
        said = (
            None if consent_recording is None else decoded_statement(self.codec, consent_recording, "consent_recording")
        )
        request = replace(request, reference_duration_s=sum(clip.duration_s for clip in clips))
        job = replace(job, request=request)
        uploads = (*keys, consent_key)
        try:
            for key, clip in zip(keys, clips, strict=True):
                self.blobs.put(key, [clip.wav_bytes()])
            if said is not None and voice.consent is not None:
                job = replace(
                    job, request=replace(request, consent=self._with_recording(voice.consent, said, consent_key))
                )
            self.audit.record(_act(job, request))
        except VoiceCoreError:
            forget(self.blobs, uploads)
            raise
        stored = self._stored(job, uploads, idempotency_key, caller)
        self.doorbell.ring(stored.id, stored.line)
        return stored

    def _learner(self, voice: NewVoice, count: int) -> tuple[str, Enrolment, Language]:
        """The engine that learns from so many files, how it does, and the language as it speaks it.

        Raises:
            InvalidInput, UnsupportedLanguage, NotFound, NotInstalled: as the call does.
        """
        engine = self.engines.default if voice.engine is None else voice.engine
        card = self.engines.card(engine)
        if card.enrolment is None:
            raise InvalidInput(f"The engine {engine!r} cannot learn voices.", field="engine")
        try:
            spoken = card.spoken(voice.language)
        except UnsupportedLanguage as error:
            raise UnsupportedLanguage(error.message, field="language") from None
        if not 1 <= count <= card.enrolment.max_clips:
            raise InvalidInput(
                f"There are {count} reference files; give 1 to {card.enrolment.max_clips}.", field="file"
            )
        return engine, card.enrolment, spoken

    def _refusal(self, name: str, caller: Caller) -> Conflict | LimitReached | None:
        """Why there is no room for a voice of this name, if there is none."""
        try:
            check_room_for_voice(self.catalog, self.limits, name, caller, self.limits_of)
        except (Conflict, LimitReached) as error:
            return error
        return None

    def _made_before(self, job: SynthesisJob, idempotency_key: str | None) -> SynthesisJob | None:
        """The job that this key made of the same request; None if it made none. Raises `IdempotencyConflict`."""
        if idempotency_key is None:
            return None
        try:
            # A store gives what the key made before it looks for room, and here there is none for anything new.
            return self.store.add(job, idempotency_key=idempotency_key, max_queued=0)
        except QueueFull:
            return None

    def _stored(
        self, job: SynthesisJob, uploads: tuple[str, ...], idempotency_key: str | None, caller: Caller
    ) -> SynthesisJob:
        room = self.limits.max_queued
        try:
            # Once more, since decoding took a while and others may have come meanwhile.
            with turn_for_voice(caller, self.limits_of):
                stored = self.observer.submit(
                    job, lambda each: self.store.add(each, idempotency_key=idempotency_key, max_queued=room)
                )
        except LimitReached:
            forget(self.blobs, uploads)
            # The last place may be that of the same request, sent twice at once.
            if (before := self._made_before(job, idempotency_key)) is None:
                raise
            return before
        except VoiceCoreError as error:
            if not may_be_stored(error):
                forget(self.blobs, uploads)
            raise
        if stored.id != job.id:
            forget(self.blobs, uploads)
        return stored

    def _check_consent(self, voice: NewVoice, caller: Caller, *, spoken: bool) -> None:
        if voice.consent_id is not None and find_consent(self.catalog, voice.consent_id, caller).revoked:
            raise ConsentRevoked(
                f"The consent {voice.consent_id[:80]!r} was withdrawn; no voice is learned under it.",
                field="consent_id",
            )
        if voice.consent is None and spoken:
            raise InvalidInput(
                "There is a recorded consent without a person; send consent_by with the name of who speaks in it.",
                field="consent_by",
            )
        if self.require_consent and voice.consent is None and voice.consent_id is None:
            raise InvalidInput(
                "A voice is only learned with the consent of who speaks: send consent_by with the person's name (and, if you "
                "like, consent with the words of their statement; GET /consent-statements offers some), or a consent_id.",
                field="consent",
            )

    def _with_recording(self, statement: Statement, said: Audio, key: str) -> Statement:
        stat = self.blobs.put(key, [said.wav_bytes()])
        return replace(statement, recording=Recording(key=key, sha256=stat.sha256, duration_s=said.duration_s))

    def _decode(self, files: Sequence[BinaryIO], min_s: float, max_s: float) -> list[Audio]:
        # A little over the engine's limit, so that the sum below says by how much.
        limit_s = max(max_s, 1.0) * 2
        clips: list[Audio] = []
        total_s = 0.0
        for number, file in enumerate(files, 1):
            # Together, not each: small files can decode to much, and all of it is in memory.
            allowed_s = min(self.limits.max_audio_s, limit_s - total_s)
            try:
                clips.append(self.codec.decode(file, AudioLimits(max_duration_s=allowed_s)))
            except InvalidInput as error:
                which = f"File {number} of {len(files)}: " if len(files) > 1 else ""
                raise type(error)(which + error.message, field="file") from error
            total_s += clips[-1].duration_s
            if total_s > max_s:
                break
        if not min_s <= total_s <= max_s:
            least = "at least " if len(clips) < len(files) else ""
            # Rounded away from the limit: 4.996 s told as 5.00 would contradict the sentence.
            told_s = (math.floor if total_s < min_s else math.ceil)(total_s * 100) / 100
            raise InvalidAudio(
                f"The reference lasts {least}{told_s:g} s; give {min_s:g} to {max_s:g} s of speech.", field="file"
            )
        if max(clip.peak for clip in clips) < 1e-3:
            raise InvalidAudio("The reference is silent; give a recording with speech.", field="file")
        return clips


def _said(voice: NewVoice, files: Sequence[BinaryIO], consent_recording: BinaryIO | None) -> str:
    """Digest of what the caller said that the request does not hold: files as they were sent, and the day of the consent."""
    return fingerprint({
        "files": [sha256_of(file) for file in files],
        "consent_recording": None if consent_recording is None else sha256_of(consent_recording),
        "consent_given_at": voice.consent_given_at,
    })  # fmt: skip


def _act(job: SynthesisJob, request: EnrolmentRequest) -> Act:
    suffix = job.id.removeprefix("job_")
    objects = {"job_id": job.id, "voice_id": voice_id_of(job.id)}
    details: dict[str, str | int] = {
        "clips": len(request.clip_keys),
        "reference_s": round(request.reference_duration_s),
    }
    if request.consent_id is not None:
        objects["consent_id"] = request.consent_id
    if request.consent is not None:
        objects["consent_id"] = f"cons_{suffix}"
        details["consent_sha256"] = sha256(request.consent.text.encode()).hexdigest()
    return Act(what="voice.clone", who=job.owner, objects=objects, details=details)
