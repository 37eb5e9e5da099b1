"""Make a claimed job's voice: from reference clips, or of other voices."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from voicecore import blobkeys
from voicecore.audio import Audio, join
from voicecore.consent import Consent, ConsentId, Statement
from voicecore.errors import BlobCorrupt, InvalidInput, NameTaken, VoiceCoreError
from voicecore.job import JobResult, SegmentCount, SynthesisJob
from voicecore.language import Language
from voicecore.marks import Marker, marked_wav
from voicecore.pipeline import speak
from voicecore.planning import plan_segments, resolve, utterance_maker
from voicecore.ports import BlobStore, Catalog, Clock, SpeechEngine
from voicecore.request import EnrolmentRequest, MixRequest
from voicecore.usecases.consents import check_consents, consents_of_parts, forget_consents
from voicecore.usecases.delete_voice import DeleteVoice
from voicecore.usecases.job_marks import marking_of
from voicecore.usecases.job_watch import JobWatch
from voicecore.usecases.mix_voices import METHOD, MixVoices
from voicecore.usecases.removal import remove, remove_all
from voicecore.voice import VoiceId, VoicePrint, VoiceProfile, voice_id_of

#: One sentence a language, spoken in each new voice so that people can hear it before they trust it.
SAMPLE_SENTENCES = {
    "pt": "Olá! Esta é uma amostra da minha voz.", "en": "Hello! This is a sample of my voice.",
    "es": "¡Hola! Esta es una muestra de mi voz.", "fr": "Bonjour ! Voici un échantillon de ma voix.",
    "it": "Ciao! Questo è un campione della mia voce.", "de": "Hallo! Das ist eine Probe meiner Stimme.",
    "hi": "नमस्ते! यह मेरी आवाज़ का एक नमूना है।", "ja": "こんにちは。これは私の声の見本です。",
}  # fmt: skip
FALLBACK_SENTENCE = SAMPLE_SENTENCES["en"]


def consent_id_of(job: SynthesisJob) -> ConsentId:
    """Id of the consent that comes with an enrolment; like the voice's, the same for each attempt."""
    return ConsentId("cons_" + job.id.removeprefix("job_"))


def _needed_consents(job: SynthesisJob, request: EnrolmentRequest) -> tuple[str, ...]:
    """Ids of what the voice will need."""
    if request.consent is not None:
        return (consent_id_of(job),)
    return () if request.consent_id is None else (request.consent_id,)


@dataclass(frozen=True, slots=True)
class _Learned:
    """What became of the request; `how` is the sentence that tells it."""

    voice_print: VoicePrint
    method: str
    how: str
    reference: Audio | None = None
    reference_duration_s: float = 0.0
    consent: str | None = None
    consents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnrolment:
    """One attempt. The voice appears in the catalogue last, when all of it is stored."""

    blobs: BlobStore
    catalog: Catalog
    clock: Clock
    marker: Marker | None = None

    def __call__(self, watch: JobWatch, engine: SpeechEngine) -> JobResult:
        """The result with the voice's id.

        Raises:
            InvalidAudio: if the engine cannot use the clips.
            NotFound, Conflict, InvalidInput: if it cannot mix the voices; see `MixVoices`.
            NameTaken: if another voice took the name meanwhile.
            ConsentRevoked: if a consent that the voice needs was withdrawn.
            LeaseLost: when the attempt must stop; nothing is in the catalogue then.
        """
        job = watch.job
        voice_id = voice_id_of(job.id)
        voice = self.catalog.voices.get(voice_id)
        if voice is None:
            voice = self._enrol(watch, engine, voice_id)
        # Its first note is how it was made; the others are what the engine had to say of the reference.
        watch.warn(voice.notes[1:])
        # The clips stay until the job's end is stored, since until then another attempt may follow.
        return JobResult(voice_id=voice_id, duration_s=voice.reference_duration_s)

    def withdraw(self, job: SynthesisJob) -> None:
        """Remove the voice of a job that was cancelled when the voice was already in the catalogue."""
        DeleteVoice(self.catalog, self.blobs).remove(voice_id_of(job.id))
        forget_consents(self.catalog, self.blobs, [consent_id_of(job)])

    def withdraw_own(self, job: SynthesisJob) -> None:
        """As `withdraw`, but only a voice that this very attempt put into the catalogue."""
        voice = self.catalog.voices.get(voice_id_of(job.id))
        if voice is not None and voice.print_key.startswith(blobkeys.voice_attempt_prefix(voice.id, job.attempt)):
            self.withdraw(job)

    def _enrol(self, watch: JobWatch, engine: SpeechEngine, voice_id: VoiceId) -> VoiceProfile:
        ours = blobkeys.voice_attempt_prefix(voice_id, watch.job.attempt)
        try:
            profile = self._learn(watch, engine, voice_id)
            # This fences the only step that others can see.
            watch.fence(SegmentCount(2, 2), "voice stored")
            self._keep_consent(watch.job, profile)
        except VoiceCoreError:
            remove_all(self.blobs, ours)
            raise
        # If the catalogue cannot be reached now, it may have the voice all the same: then nothing of it is removed, and
        # the next try looks. Should none follow, what no voice owns is found by PurgeExpired.
        try:
            self.catalog.voices.add(profile)
        except NameTaken:
            remove_all(self.blobs, ours)
            # By an attempt that was thought dead, it is this job's voice.
            other = self.catalog.voices.get(voice_id)
            if other is None:
                forget_consents(self.catalog, self.blobs, [consent_id_of(watch.job)])
                raise
            return other
        # An attempt that was killed may have left a reference and a print.
        everything = self.blobs.list(blobkeys.voice_prefix(voice_id))
        remove(self.blobs, (stat for stat in everything if not stat.key.startswith(ours)))
        return profile

    def _mixed(self, request: MixRequest, engine: SpeechEngine) -> _Learned:
        voice_print, sentence = MixVoices(self.blobs, self.catalog)(request, engine)
        named = (part.voice_id for part in request.parts if part.voice_id is not None)
        return _Learned(voice_print, METHOD, sentence, consents=consents_of_parts(self.catalog, named))

    def _heard(self, job: SynthesisJob, request: EnrolmentRequest, engine: SpeechEngine) -> _Learned:
        enrolment = engine.card.enrolment
        if enrolment is None:
            raise InvalidInput(f"The engine {engine.card.name!r} cannot learn voices.", field="engine")
        clips = [self._clip(key) for key in request.clip_keys]
        voice_print = engine.enroll(clips, job.spoken_language)
        return _Learned(
            voice_print, enrolment.method, enrolment.description, _joined(clips), request.reference_duration_s,
            None if request.consent is None else request.consent.text, _needed_consents(job, request),
        )  # fmt: skip

    def _keep_consent(self, job: SynthesisJob, profile: VoiceProfile) -> None:
        """Look after what the voice needs, right before it is listed: a statement that came with the request is kept.

        Raises:
            ConsentRevoked: one was withdrawn while the voice was learned. Should it be right after this look, the voice
                that names it is not used.
        """
        request = job.request
        if isinstance(request, EnrolmentRequest) and request.consent is not None:
            statement = self._with_recording(request.consent, consent_id_of(job))
            kept = Consent(
                id=consent_id_of(job), statement=statement, language=request.language, created_at=self.clock.now(),
                source_job_id=job.id, owner=job.owner,
            )  # fmt: skip
            # An attempt before this one may have kept it.
            with suppress(NameTaken):
                self.catalog.consents.add(kept)
        check_consents(self.catalog, profile)

    def _with_recording(self, statement: Statement, consent_id: ConsentId) -> Statement:
        if statement.recording is None:
            return statement
        key = blobkeys.consent_recording(consent_id)
        with self.blobs.open(statement.recording.key) as reader:
            self.blobs.put(key, iter(partial(reader.read, 1 << 20), b""))
        return replace(statement, recording=replace(statement.recording, key=key))

    def _learn(self, watch: JobWatch, engine: SpeechEngine, voice_id: VoiceId) -> VoiceProfile:
        """The voice with its blobs stored, not yet in the catalogue."""
        job, request = watch.job, watch.job.request
        if not isinstance(request, EnrolmentRequest | MixRequest):
            raise TypeError("RunEnrolment runs jobs that make a voice.")
        learned = self._mixed(request, engine) if isinstance(request, MixRequest) else self._heard(job, request, engine)
        watch.progress(SegmentCount(2, 1), "voice learned, speaking a sample")
        sample = _sample(engine, learned.voice_print, job.spoken_language, f"{job.id}.{job.attempt}", watch)
        watch.check()
        stored = self.blobs.put(blobkeys.voice_print(voice_id, job.attempt), [learned.voice_print.to_bytes()])
        reference = None
        if learned.reference is not None:
            reference = blobkeys.voice_reference(voice_id, job.attempt)
            self.blobs.put(reference, [learned.reference.wav_bytes()])
        spoken = blobkeys.voice_sample(voice_id, job.attempt)
        marking = marking_of(self.marker, job, job.engine, learned.voice_print.model_digest)
        self.blobs.put(spoken, [marked_wav(sample, marking)])
        return VoiceProfile(
            id=voice_id, name=request.name, language=request.language, engine=job.engine, method=learned.method,
            description=request.description, consent=learned.consent, consents=learned.consents,
            created_at=self.clock.now(), source_job_id=job.id,
            print_key=stored.key, print_sha256=stored.sha256, reference_key=reference, sample_key=spoken,
            reference_duration_s=learned.reference_duration_s, notes=(learned.how, *learned.voice_print.notes),
            owner=job.owner,
        )  # fmt: skip

    def _clip(self, key: str) -> Audio:
        try:
            with self.blobs.open(key) as reader:
                return Audio.from_wav_bytes(reader.read())
        except BlobCorrupt as error:
            raise BlobCorrupt(
                "An uploaded recording was damaged where it was stored: send the recordings again."
            ) from error


def _joined(clips: list[Audio]) -> Audio:
    """The kept reference: the clips of the first one's rate, one after the other; clips of other rates stand alone.

    Resampling is the engine's business, so a reference of mixed rates keeps the longest group.
    """
    rates = {clip.sample_rate_hz for clip in clips}
    longest = max(rates, key=lambda rate: sum(clip.duration_s for clip in clips if clip.sample_rate_hz == rate))
    return join((clip.samples for clip in clips if clip.sample_rate_hz == longest), longest)


def _sample(engine: SpeechEngine, voice: VoicePrint, language: Language, name: str, watch: JobWatch) -> Audio:
    sentence = SAMPLE_SENTENCES.get(language.language, FALLBACK_SENTENCE)
    resolved = resolve(engine.card)
    segments = plan_segments(engine, sentence, language, resolved)
    utter = utterance_maker(engine.card, f"{name}.sample", language, voice, resolved, seed=0)
    chunks = speak(engine, segments, utter, look_up=watch.check)
    return join((chunk.samples for chunk in chunks), engine.card.sample_rate_hz)
