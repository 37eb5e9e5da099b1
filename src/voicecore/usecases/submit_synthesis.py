"""Accept a text to speak."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.access import NOBODY, Caller, Scope
from voicecore.conversion import ConversionSettings
from voicecore.engine import EngineCard
from voicecore.errors import InvalidInput, InvalidText, NotFound
from voicecore.handling import PLAIN, Handling
from voicecore.job import JobId, SynthesisJob
from voicecore.language import Language
from voicecore.limits import Limits
from voicecore.observer import UNWATCHED, Observer
from voicecore.planning import resolve
from voicecore.ports import Catalog, Clock, Doorbell, Ids, JobStore
from voicecore.request import Mode, SynthesisRequest
from voicecore.usecases.choose_profile import ChooseProfile
from voicecore.usecases.consents import check_consents
from voicecore.usecases.converters import NO_CONVERTERS, Converters
from voicecore.usecases.engines import Engines
from voicecore.usecases.limits_of import LimitsOf
from voicecore.webhook_target import NO_WEBHOOKS, WebhookPolicy


@dataclass(frozen=True, slots=True)
class SubmitSynthesis:
    """Check a request against what the engine can really do, store the job, ring the doorbell."""

    store: JobStore
    catalog: Catalog
    doorbell: Doorbell
    engines: Engines
    clock: Clock
    ids: Ids
    limits: Limits
    webhooks: WebhookPolicy = NO_WEBHOOKS
    converters: Converters = NO_CONVERTERS
    observer: Observer = UNWATCHED
    limits_of: LimitsOf | None = None

    def __call__(
        self, request: SynthesisRequest, *, idempotency_key: str | None = None, handling: Handling = PLAIN,
        job_id: JobId | None = None, caller: Caller = NOBODY,
    ) -> SynthesisJob:  # fmt: skip
        """The new job, which is the caller's, or the one that this key made for him before.

        Args:
            job_id: of the new job, where somebody follows it already (`Listen.submit`).

        Raises:
            Forbidden: without the scope `speak`, or `convert` where the speech is to be converted.
            InvalidInput: and its kinds, for whatever the engine cannot do, and for a webhook that may not be.
            ConsentRevoked: the consent to the voice was withdrawn.
            NotFound: unknown engine, voice or conversion model; another's voice is unknown.
            NotInstalled: the request needs a part that is not installed.
            LimitReached: the caller has had too many characters spoken today.
            IdempotencyConflict, QueueFull: from the store.
        """
        caller.must(Scope.SPEAK)
        if request.conversion is not None:
            caller.must(Scope.CONVERT)
        self.webhooks.admit(handling)
        if len(request.text) > self.limits.max_text:
            raise InvalidText(
                f"The text has {len(request.text)} characters; the limit is {self.limits.max_text}: split it into several jobs.",
                field="text",
            )
        conversion, told = self._conversion_of(request)
        engine = self._engine_of(request, caller)
        card = self.engines.card(engine)
        spoken = card.spoken(request.source_language)
        if request.mode is Mode.DUBBING:
            card.preset(request.voice_preset, spoken)
        profile = ChooseProfile(self.catalog)(engine, request.quality_profile_id)
        speed = {} if request.speed is None else {"speed": request.speed}
        job = SynthesisJob(
            id=JobId(self.ids.new("job")) if job_id is None else job_id,
            request=request,
            engine=engine,
            quality_profile_id=profile.id,
            parameters=tuple(sorted(resolve(card, profile.parameters, speed).items())),
            conversion=conversion,
            converter=None if conversion is None else self.converters.name,
            spoken_language=spoken,
            created_at=self.clock.now(),
            handling=handling,
            owner=caller.key_id,
            warnings=(*_warnings(request, card, spoken), *told),
        )
        stored = self._stored(job, len(request.text), idempotency_key, caller)
        self.doorbell.ring(stored.id, stored.line)
        return stored

    def _stored(self, job: SynthesisJob, characters: int, idempotency_key: str | None, caller: Caller) -> SynthesisJob:
        """The job in the store. Its characters count for the caller, unless it was refused or was there before."""
        room = self.limits.max_queued

        def add(new: SynthesisJob) -> SynthesisJob:
            return self.store.add(new, idempotency_key=idempotency_key, max_queued=room)

        limits = None if self.limits_of is None else self.limits_of(caller)
        if limits is None:
            return self.observer.submit(job, add)
        limits.characters(characters)
        stored = None
        try:
            stored = self.observer.submit(job, add)
        finally:
            if stored is None or stored.id != job.id:
                limits.give_back_characters(characters)
        return stored

    def _conversion_of(self, request: SynthesisRequest) -> tuple[ConversionSettings | None, tuple[str, ...]]:
        if request.conversion is None:
            return None, ()
        return self.converters.resolve(
            self.catalog, request.conversion, method_named=request.f0_method_named, seed=request.seed
        )

    def _engine_of(self, request: SynthesisRequest, caller: Caller) -> str:
        """The engine asked for; an enrolled voice is spoken by the engine that learned it."""
        if request.voice_id is None:
            return self.engines.default if request.engine is None else request.engine
        voice = self.catalog.voices.get(request.voice_id)
        if voice is None or not caller.sees(voice.owner):
            raise NotFound(f"There is no voice {request.voice_id[:80]!r}; GET /voices lists them.", field="voice_id")
        check_consents(self.catalog, voice)
        if request.engine not in (None, voice.engine):
            raise InvalidInput(
                f"The voice {request.voice_id!r} was made by {voice.engine!r}; leave engine out or name that one.",
                field="engine",
            )
        return voice.engine


def _warnings(request: SynthesisRequest, card: EngineCard, spoken: Language) -> tuple[str, ...]:
    found = []
    target = request.target_language
    if target is not None and target.language != request.source_language.language:
        found.append(
            f"The text is spoken in {spoken}, the language it is written in, and not translated to {target}: "
            "no translator is configured."
        )
    if spoken != request.source_language and request.source_language.region is not None:
        found.append(f"{request.source_language} is spoken as {spoken}, the nearest that {card.name!r} has.")
    return tuple(found)
