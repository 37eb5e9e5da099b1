"""Learn a voice from a claimed job's reference clips."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore import blobkeys
from voicecore.audio import Audio, join
from voicecore.errors import InvalidInput, NameTaken
from voicecore.job import JobResult, SegmentCount, SynthesisJob
from voicecore.language import Language
from voicecore.pipeline import speak
from voicecore.planning import plan_segments, resolve, utterance_maker
from voicecore.ports import BlobStore, Catalog, Clock, SpeechEngine
from voicecore.request import EnrolmentRequest
from voicecore.usecases.job_watch import JobWatch
from voicecore.voice import VoiceId, VoicePrint, VoiceProfile

#: One sentence a language, spoken in each new voice so that people can hear it before they trust it.
SAMPLE_SENTENCES = {
    "pt": "Olá! Esta é uma amostra da minha voz.", "en": "Hello! This is a sample of my voice.",
    "es": "¡Hola! Esta es una muestra de mi voz.", "fr": "Bonjour ! Voici un échantillon de ma voix.",
    "it": "Ciao! Questo è un campione della mia voce.", "de": "Hallo! Das ist eine Probe meiner Stimme.",
    "hi": "नमस्ते! यह मेरी आवाज़ का एक नमूना है।", "ja": "こんにちは。これは私の声の見本です。",
}  # fmt: skip
FALLBACK_SENTENCE = SAMPLE_SENTENCES["en"]


def voice_id_of(job: SynthesisJob) -> VoiceId:
    """The voice's id follows from the job's, so that an attempt after a crash makes the same voice, not a second one."""
    return VoiceId("voice_" + job.id.removeprefix("job_"))


@dataclass(frozen=True, slots=True)
class RunEnrolment:
    """One attempt. The voice appears in the catalogue last, when all of it is stored."""

    blobs: BlobStore
    catalog: Catalog
    clock: Clock

    def __call__(self, watch: JobWatch, engine: SpeechEngine) -> JobResult:
        """The result with the voice's id.

        Raises:
            InvalidAudio: if the engine cannot use the clips.
            NameTaken: if another voice took the name meanwhile.
            LeaseLost: when the attempt must stop; nothing is in the catalogue then.
        """
        job = watch.job
        request = job.request
        if not isinstance(request, EnrolmentRequest):
            raise TypeError("RunEnrolment runs enrolments.")
        voice_id = voice_id_of(job)
        kept = self.catalog.voices.get(voice_id)
        if kept is None:
            self._enrol(watch, engine, job, request, voice_id)
        for key in request.clip_keys:
            self.blobs.delete(key)
        return JobResult(voice_id=voice_id, duration_s=request.reference_duration_s)

    def _enrol(
        self, watch: JobWatch, engine: SpeechEngine, job: SynthesisJob, request: EnrolmentRequest, voice_id: VoiceId
    ) -> None:
        enrolment = engine.card.enrolment
        if enrolment is None:
            raise InvalidInput(f"The engine {engine.card.name!r} cannot learn voices.", field="engine")
        clips = [self._clip(key) for key in request.clip_keys]
        voice_print = engine.enroll(clips, job.spoken_language)
        watch.progress(SegmentCount(2, 1), "voice learned, speaking a sample")
        sample = _sample(engine, voice_print, job.spoken_language, job.id)
        watch.check()
        stored = self.blobs.put(blobkeys.voice_print(voice_id), [voice_print.to_bytes()])
        self.blobs.put(blobkeys.voice_reference(voice_id), [_joined(clips).wav_bytes()])
        self.blobs.put(blobkeys.voice_sample(voice_id), [sample.wav_bytes()])
        profile = VoiceProfile(
            id=voice_id, name=request.name, language=request.language, engine=job.engine, method=enrolment.method,
            description=request.description, consent=request.consent, created_at=self.clock.now(), source_job_id=job.id,
            print_key=stored.key, print_sha256=stored.sha256, reference_key=blobkeys.voice_reference(voice_id),
            sample_key=blobkeys.voice_sample(voice_id), reference_duration_s=request.reference_duration_s,
            notes=(enrolment.description,),
        )  # fmt: skip
        # Renewing here fences the only step that others can see.
        watch.progress(SegmentCount(2, 2), "voice stored")
        try:
            self.catalog.voices.add(profile)
        except NameTaken:
            for stat in list(self.blobs.list(blobkeys.voice_prefix(voice_id))):
                self.blobs.delete(stat.key)
            raise

    def _clip(self, key: str) -> Audio:
        with self.blobs.open(key) as reader:
            return Audio.from_wav_bytes(reader.read())


def _joined(clips: list[Audio]) -> Audio:
    """The kept reference: the clips of the first one's rate, one after the other; clips of other rates stand alone.

    Resampling is the engine's business, so a reference of mixed rates keeps the longest group.
    """
    rates = {clip.sample_rate_hz for clip in clips}
    longest = max(rates, key=lambda rate: sum(clip.duration_s for clip in clips if clip.sample_rate_hz == rate))
    return join((clip.samples for clip in clips if clip.sample_rate_hz == longest), longest)


def _sample(engine: SpeechEngine, voice: VoicePrint, language: Language, name: str) -> Audio:
    sentence = SAMPLE_SENTENCES.get(language.language, FALLBACK_SENTENCE)
    resolved = resolve(engine.card)
    segments = plan_segments(engine, sentence, language, resolved)
    utter = utterance_maker(engine.card, f"{name}.sample", language, voice, resolved, seed=0)
    return join((chunk.samples for chunk in speak(engine, segments, utter)), engine.card.sample_rate_hz)
