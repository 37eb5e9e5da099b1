"""Accept voices between which a new one shall lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicecore.access import NOBODY, Caller, Scope
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput, UnsupportedLanguage
from voicecore.handling import PLAIN, Handling
from voicecore.job import JobId, SynthesisJob
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.observer import UNWATCHED, Observer
from voicecore.ports import NO_AUDIT, Act, AuditLog, Catalog, Clock, Doorbell, Ids, JobStore
from voicecore.request import MixRequest
from voicecore.usecases.consents import check_consents
from voicecore.usecases.engines import Engines
from voicecore.usecases.limits_of import LimitsOf
from voicecore.usecases.room_for_voice import check_room_for_voice, turn_for_voice
from voicecore.voice import voice_id_of
from voicecore.webhook_target import NO_WEBHOOKS, WebhookPolicy


@dataclass(frozen=True, slots=True)
class SubmitMix:
    """Check that one engine has all the voices and mixes them, store the job, ring the doorbell."""

    store: JobStore
    catalog: Catalog
    doorbell: Doorbell
    engines: Engines
    clock: Clock
    ids: Ids
    limits: Limits
    webhooks: WebhookPolicy = NO_WEBHOOKS
    observer: Observer = UNWATCHED
    limits_of: LimitsOf | None = None
    audit: AuditLog = NO_AUDIT

    def __call__(self, request: MixRequest, *, handling: Handling = PLAIN, caller: Caller = NOBODY) -> SynthesisJob:
        """The new job; it and its voice are the caller's.

        Raises:
            Forbidden: without the scope `clone`.
            InvalidInput, UnsupportedLanguage: for voices that are not there or another's, or not of one engine; for an engine that does
                not mix; for a webhook that may not be.
            ConsentRevoked: the consent to one of the voices was withdrawn.
            NameTaken: a voice of the caller's has this name.
            LimitReached: the caller has as many voices as he may have.
            NotFound, NotInstalled, QueueFull: as for a synthesis.
        """
        caller.must(Scope.CLONE)
        self.webhooks.admit(handling)
        engine = self._engine_of(request, caller)
        card = self.engines.card(engine)
        if not card.mixes_voices:
            raise InvalidInput(
                f"The engine {engine!r} cannot mix voices; GET /engines tells which can (`mixes_voices`).",
                field="engine",
            )
        spoken = _spoken(card, request.language)
        for part in request.parts:
            if part.preset is not None:
                card.preset(part.preset, spoken)
        check_room_for_voice(self.catalog, self.limits, request.name, caller, self.limits_of)
        job = SynthesisJob(
            id=JobId(self.ids.new("job")), request=replace(request, engine=engine), engine=engine, spoken_language=spoken,
            created_at=self.clock.now(), handling=handling, owner=caller.key_id,
        )  # fmt: skip
        objects = {"job_id": job.id, "voice_id": voice_id_of(job.id)}
        parts = " ".join(part.voice for part in request.parts)
        self.audit.record(Act(what="voice.mix", who=caller.key_id, objects=objects, details={"parts": parts}))
        with turn_for_voice(caller, self.limits_of):
            self.observer.submit(job, lambda each: self.store.add(each, max_queued=self.limits.max_queued))
        self.doorbell.ring(job.id, job.line)
        return job

    def _engine_of(self, request: MixRequest, caller: Caller) -> str:
        """The engine of the enrolled voices; for presets alone the one asked for, or the default."""
        engine = request.engine
        for part in request.parts:
            if part.voice_id is None:
                continue
            voice = self.catalog.voices.get(part.voice_id)
            if voice is None or not caller.sees(voice.owner):
                raise InvalidInput(
                    f"There is no voice {part.voice_id[:80]!r}; GET /voices lists them.", field="voice_id"
                )
            check_consents(self.catalog, voice)
            if engine not in (None, voice.engine):
                raise InvalidInput(
                    f"The voice {part.voice_id!r} was made by {voice.engine!r}, not by {engine!r}; mix voices of one engine.",
                    field="voice_id",
                )
            engine = voice.engine
        return self.engines.default if engine is None else engine


def _spoken(card: EngineCard, language: Language) -> Language:
    try:
        return card.spoken(language)
    except UnsupportedLanguage as error:
        raise UnsupportedLanguage(error.message, field="language") from None
