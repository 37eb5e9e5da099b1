"""Consents: keep one, look whether a voice may still be used, and withdraw one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import BinaryIO

from voicecore import blobkeys
from voicecore.access import NOBODY, Caller, Scope
from voicecore.audio import Audio
from voicecore.consent import RECORDING_LIMIT_S, Consent, ConsentId, Recording, Statement
from voicecore.errors import Conflict, ConsentRevoked, Gone, InvalidAudio, InvalidInput, NotFound, VoiceCoreError
from voicecore.job import JobStatus, SynthesisJob
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.ports import NO_AUDIT, Act, AudioCodec, AudioLimits, AuditLog, BlobStore, Catalog, Clock, Ids, JobStore
from voicecore.request import EnrolmentRequest, MixRequest, SynthesisRequest
from voicecore.usecases.limits_of import LimitsOf
from voicecore.usecases.removal import Removed, remove_all
from voicecore.usecases.waiting_jobs import jobs_in
from voicecore.voice import VoiceProfile

_log = logging.getLogger("voicecore.voices")


def find_consent(catalog: Catalog, consent_id: str, caller: Caller = NOBODY) -> Consent:
    """The consent, if the caller sees it. Raises `NotFound`."""
    consent = catalog.consents.get(consent_id)
    if consent is None or not caller.sees(consent.owner):
        raise NotFound(f"There is no consent {consent_id[:80]!r}; GET /consents lists them.", field="consent_id")
    return consent


def check_consents(catalog: Catalog, voice: VoiceProfile) -> None:
    """Raises `ConsentRevoked` if a consent that the voice needs was withdrawn. Voices from before consents need none."""
    for consent_id in voice.consents:
        consent = catalog.consents.get(consent_id)
        if consent is None or consent.revoked:
            raise ConsentRevoked(
                f"The consent {consent_id!r} to the voice {voice.id!r} was withdrawn, so the voice is not used any more: delete "
                "it, or learn it again under a new consent.", field="voice_id",
            )  # fmt: skip


def consents_of_parts(catalog: Catalog, voice_ids: Iterable[str]) -> tuple[str, ...]:
    """What a mix of these voices needs. Raises `ConsentRevoked`."""
    found: dict[str, None] = {}
    for voice in filter(None, map(catalog.voices.get, voice_ids)):
        check_consents(catalog, voice)
        found.update(dict.fromkeys(voice.consents))
    return tuple(found)


def voices_under(catalog: Catalog, consent_id: str) -> tuple[VoiceProfile, ...]:
    """The voices that need this consent."""
    return tuple(voice for voice in catalog.voices.all() if consent_id in voice.consents)


def forget_consents(catalog: Catalog, blobs: BlobStore, consent_ids: Iterable[str]) -> Removed:
    """Remove those that came with an enrolment, or were withdrawn, and that no voice needs any more."""
    removed = Removed()
    for consent_id in consent_ids:
        consent = catalog.consents.get(consent_id)
        kept = consent is not None and consent.source_job_id is None and not consent.revoked
        if not kept and not voices_under(catalog, consent_id):
            catalog.consents.delete(consent_id)
            removed += remove_all(blobs, blobkeys.consent_prefix(consent_id))
    return removed


def decoded_statement(codec: AudioCodec, file: BinaryIO, field: str) -> Audio:
    """A spoken consent, through the limits at the door. Raises `InvalidAudio` and its kin, which name `field`."""
    try:
        audio = codec.decode(file, AudioLimits(max_duration_s=RECORDING_LIMIT_S))
    except InvalidInput as error:
        raise type(error)(f"The recorded consent: {error.message}", field=field) from error
    if audio.peak < 1e-3:
        raise InvalidAudio("The recorded consent is silent; record the statement again.", field=field)
    return audio


@dataclass(frozen=True, slots=True)
class KeepConsent:
    """Keep a consent on its own, for clones to come."""

    catalog: Catalog
    blobs: BlobStore
    codec: AudioCodec
    clock: Clock
    ids: Ids
    limits: Limits
    limits_of: LimitsOf | None = None

    def __call__(
        self, statement: Statement, *, language: Language | None = None, recording: BinaryIO | None = None,
        caller: Caller = NOBODY,
    ) -> Consent:  # fmt: skip
        """The new consent, which is the caller's; nothing is left of what is refused.

        Raises:
            Forbidden: without the scope `clone`.
            InvalidAudio: and its kin, for the recording.
            Conflict: there are as many consents on their own as there may be voices.
            LimitReached: the caller keeps as many as he may have voices.
        """
        caller.must(Scope.CLONE)
        self._check_room(caller)
        consent_id = ConsentId(self.ids.new("cons"))
        key = blobkeys.consent_recording(consent_id)
        if recording is not None:
            audio = decoded_statement(self.codec, recording, "recording")
            stat = self.blobs.put(key, [audio.wav_bytes()])
            spoken = Recording(key=key, sha256=stat.sha256, duration_s=audio.duration_s)
            statement = replace(statement, recording=spoken)
        consent = Consent(
            id=consent_id, statement=statement, language=language, created_at=self.clock.now(), owner=caller.key_id
        )
        try:
            with nullcontext() if self.limits_of is None else self.limits_of(caller).turn_for_consent():
                self.catalog.consents.add(consent)
        except VoiceCoreError:
            with suppress(VoiceCoreError):
                self.blobs.delete(key)
            raise
        return consent

    def _check_room(self, caller: Caller) -> None:
        kept = sum(each.source_job_id is None and not each.revoked for each in self.catalog.consents.all())
        if kept >= self.limits.max_voices:
            raise Conflict(
                f"There are {kept} consents on their own, and the limit is that of voices, {self.limits.max_voices}: withdraw one first."
            )
        if self.limits_of is not None:
            self.limits_of(caller).room_for_consent()


@dataclass(frozen=True, slots=True)
class RevokeConsent:
    """Withdraw a consent: from now on no job is accepted with a voice that needs it, and those under way are cancelled.

    The voices stay, silent, until somebody deletes them, and the consent's record with them, to say why. Of the recording
    nothing stays.
    """

    store: JobStore
    catalog: Catalog
    blobs: BlobStore
    clock: Clock
    keep: timedelta = timedelta(hours=24)
    audit: AuditLog = NO_AUDIT

    def __call__(self, consent_id: str, caller: Caller = NOBODY) -> tuple[tuple[VoiceProfile, ...], int]:
        """The voices that fell silent, and how many jobs were cancelled. Raises `NotFound`, `Forbidden`."""
        caller.must(Scope.CLONE)
        consent = find_consent(self.catalog, consent_id, caller)
        self.audit.record(Act(what="consent.revoke", who=caller.key_id, objects={"consent_id": consent_id}))
        # First of all, so that what is submitted from now on sees it; then what came before is looked for.
        self._withdraw(consent)
        silenced = voices_under(self.catalog, consent_id)
        remove_all(self.blobs, blobkeys.consent_prefix(consent_id))
        if not silenced:
            self.catalog.consents.delete(consent_id)
        cancelled = self._cancel(consent_id, frozenset(voice.id for voice in silenced))
        _log.info("consent %s was withdrawn: %d voices, %d jobs cancelled", consent_id, len(silenced), cancelled)
        return silenced, cancelled

    def _withdraw(self, consent: Consent) -> None:
        spoken = consent.statement.recording
        statement = (
            consent.statement if spoken is None else replace(consent.statement, recording=replace(spoken, key=""))
        )
        self.catalog.consents.replace(
            replace(consent, statement=statement, revoked_at=consent.revoked_at or self.clock.now())
        )

    def _cancel(self, consent_id: str, voice_ids: frozenset[str]) -> int:
        cancelled = 0
        # Those that wait before those that run: what starts in between was seen among those that wait.
        for status in (JobStatus.QUEUED, JobStatus.PROCESSING):
            for job in jobs_in(self.store, status):
                if _needs(job, consent_id, voice_ids):
                    with suppress(Conflict, NotFound, Gone):
                        self.store.cancel(job.id, self.keep)
                        cancelled += 1
        return cancelled


def _needs(job: SynthesisJob, consent_id: str, voice_ids: frozenset[str]) -> bool:
    match job.request:
        case SynthesisRequest(voice_id=voice_id):
            return voice_id in voice_ids
        case MixRequest(parts=parts):
            return any(part.voice_id in voice_ids for part in parts)
        case EnrolmentRequest(consent_id=named):
            return named == consent_id
    return False
