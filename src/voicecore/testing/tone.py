"""An engine that speaks in tones: fast, exact, and without any model. For tests and for trying the service out.

Every letter is a short sine whose pitch depends on the letter and the voice, so that a test can tell texts, voices,
speeds and seeds apart by ear or by a Fourier transform. `TonePlan` makes it slow, hang, fail or die on purpose.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicecore.audio import Audio, AudioChunk, Samples
from voicecore.engine import SPEED, EngineCard, Enrolment, Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.errors import Conflict, EngineFailed, InvalidAudio, InvalidInput
from voicecore.language import Language
from voicecore.mixing import shares
from voicecore.quality import Parameter
from voicecore.timing import TimeSource, WordTimes, WordTiming, word_times, words_of
from voicecore.voice import PRESETS, VoicePreset, VoicePrint

SAMPLE_RATE_HZ = 16_000
LETTER_S = 0.04
_LANGUAGES = tuple(Language.parse(tag) for tag in ("pt-BR", "en-US", "es", "fr", "it", "ja"))
#: Where a test describes the engine's behaviour, as JSON of `TonePlan`'s fields.
PLAN_VARIABLE = "VOICECORE_TESTING_TONE"


@dataclass(frozen=True, slots=True)
class TonePlan:
    """What goes wrong, and when. A `…_on` is a word: the engine misbehaves on texts that contain it.

    Attributes:
        step_s: seconds every step takes.
        print_at_steps: print a line to standard output at every step, as careless libraries do.
        hang_on, exit_on, fail_on: sleep for ever; end the process at once (status 9); raise `EngineFailed`.
        hang_until: the path of a file; what hangs goes on once it is there. Empty for never.
        reference_note: what it has to say of every reference; empty for nothing.
        letters_per_chunk: letters in one chunk; 0 gives each utterance as one chunk.
        tells_words: whether it says when each word is heard, which it knows to the sample.
    """

    step_s: float = 0.0
    print_at_steps: bool = False
    hang_on: str = ""
    hang_until: str = ""
    exit_on: str = ""
    fail_on: str = ""
    reference_note: str = ""
    letters_per_chunk: int = 0
    batch_size: int = 2
    segment_limit: int = 200
    tells_words: bool = True

    @classmethod
    def from_environment(cls) -> TonePlan:
        """The plan in `VOICECORE_TESTING_TONE`, or one where nothing goes wrong."""
        return cls(**json.loads(os.environ.get(PLAN_VARIABLE, "{}")))


def _card(plan: TonePlan) -> EngineCard:
    return EngineCard(
        name="tone", title="Tone engine", description="Speaks in tones, one a letter. Not speech: for tests and demos of the service.",
        version="1", model_digest="0" * 64, licence="MIT", sample_rate_hz=SAMPLE_RATE_HZ, languages=_LANGUAGES,
        presets=tuple(
            VoicePreset(name, name.replace("_", " "), f"A tone of {_preset_hz(name):.0f} Hz.", _LANGUAGES, name.split("_")[0])
            for name in PRESETS
        ),
        parameters={"speed": SPEED, "warble": Parameter(0.0, 1.0, 0.0, "Random detuning, drawn from the seed.")},
        segment_limit=plan.segment_limit, segment_unit="characters", batch_size=plan.batch_size,
        streams_within_segment=plan.letters_per_chunk > 0,
        enrolment=Enrolment("tone matching", "Takes the pitch of the reference, and nothing else.", 1.0, 300.0),
        mixes_voices=True, word_times=TimeSource.DURATIONS if plan.tells_words else TimeSource.SEGMENT,
        notes=("This is a test signal, not speech.",),
    )  # fmt: skip


def _preset_hz(name: str) -> float:
    return 220.0 * 2 ** (PRESETS.index(name) / len(PRESETS))


def _base_hz(voice: str | VoicePrint) -> float:
    if isinstance(voice, VoicePrint):
        if voice.engine != "tone":
            raise InvalidInput("This voice was not enrolled with 'tone': enrol it again with this engine.")
        return float(voice.arrays["hz"][0])
    if voice not in PRESETS:
        raise InvalidInput(
            f"{voice[:60]!r} is not a preset of 'tone'; choose one of: {', '.join(PRESETS)}.", field="voice_preset"
        )
    return _preset_hz(voice)


def _letter_samples(utterance: Utterance) -> int:
    return round(LETTER_S / utterance.parameters.get("speed", 1.0) * SAMPLE_RATE_HZ)


def _word_times(utterance: Utterance) -> WordTimes:
    letter_s = _letter_samples(utterance) / SAMPLE_RATE_HZ
    words = [WordTiming(start, end, start * letter_s, end * letter_s) for start, end in words_of(utterance.text)]
    return word_times(words, TimeSource.DURATIONS)


class ToneEngine:
    """A `SpeechEngine` of pure arithmetic."""

    def __init__(self, plan: TonePlan | None = None) -> None:
        self._plan = plan or TonePlan()
        self._card = _card(self._plan)
        self._queue: dict[str, list[Samples]] = {}
        self._times: dict[str, WordTimes] = {}
        self._steps = 0

    @property
    def card(self) -> EngineCard:
        return self._card

    def measure(self, text: str, language: Language) -> int:
        del language
        return len(text)

    def enroll(self, clips: Sequence[Audio], language: Language) -> VoicePrint:
        del language
        duration_s = sum(clip.duration_s for clip in clips)
        if duration_s < 1.0:
            raise InvalidAudio(f"The reference lasts {duration_s:.1f} s; give 1 to 300 s.")
        loudest = max(clips, key=lambda clip: clip.peak)
        if loudest.peak < 1e-3:
            raise InvalidAudio("The reference is silent; give a recording with speech.")
        spectrum = np.abs(np.fft.rfft(loudest.samples))
        hz = float(np.argmax(spectrum)) * loudest.sample_rate_hz / len(loudest.samples)
        notes = (self._plan.reference_note,) if self._plan.reference_note else ()
        return VoicePrint("tone", self._card.model_digest, {"hz": np.array([hz], dtype=np.float32)}, notes)

    def mix(self, parts: Sequence[tuple[str | VoicePrint, float]]) -> VoicePrint:
        portions = shares([weight for _, weight in parts])
        hz = sum(_base_hz(voice) * portion for (voice, _), portion in zip(parts, portions, strict=True))
        return VoicePrint("tone", self._card.model_digest, {"hz": np.array([hz], dtype=np.float32)})

    def admit(self, utterance: Utterance) -> None:
        if utterance.id in self._queue:
            raise Conflict(f"Utterance {utterance.id!r} is admitted already.")
        if len(self._queue) >= self._card.batch_size:
            raise Conflict(f"The batch of {self._card.batch_size} is full.")
        if len(utterance.text) > self._card.segment_limit:
            raise InvalidInput(
                f"The segment has {len(utterance.text)} characters; the limit is {self._card.segment_limit}."
            )
        self._misbehave(utterance.text)
        tones = self._tones(utterance)
        size = self._plan.letters_per_chunk or max(1, len(tones))
        self._queue[utterance.id] = [
            np.concatenate(tones[at : at + size]) for at in range(0, len(tones), size)
        ] or [np.zeros(0, np.float32)]  # fmt: skip
        if self._plan.tells_words:
            self._times[utterance.id] = _word_times(utterance)

    def _misbehave(self, text: str) -> None:
        plan = self._plan
        if plan.exit_on and plan.exit_on in text:
            os._exit(9)
        while plan.hang_on and plan.hang_on in text:
            if plan.hang_until and Path(plan.hang_until).exists():
                break
            time.sleep(0.01 if plan.hang_until else 3600)
        if plan.fail_on and plan.fail_on in text:
            raise EngineFailed("The tone engine was told to fail on this text.")

    def _tones(self, utterance: Utterance) -> list[Samples]:
        base_hz = _base_hz(utterance.voice)
        warble = utterance.parameters.get("warble", 0.0)
        detune = np.random.default_rng(utterance.seed).uniform(-warble, warble, len(utterance.text)) / 12
        t = np.arange(_letter_samples(utterance)) / SAMPLE_RATE_HZ
        envelope = 0.3 * np.sin(np.pi * np.arange(len(t)) / max(1, len(t) - 1))
        return [
            (envelope * np.sin(2 * np.pi * base_hz * (1 + ord(letter) % 32 / 64 + shift) * t)).astype(np.float32)
            for letter, shift in zip(utterance.text, detune, strict=True)
        ]

    def step(self) -> Sequence[AudioChunk]:
        if not self._queue:
            return ()
        self._steps += 1
        if self._plan.print_at_steps:
            print("a careless library says hello")  # noqa: T201
        if self._plan.step_s:
            time.sleep(self._plan.step_s)
        chunks = []
        for utterance_id, waiting in list(self._queue.items()):
            samples = waiting.pop(0)
            if not waiting:
                self._queue.pop(utterance_id, None)
            times = None if waiting else self._times.pop(utterance_id, None)
            chunks.append(AudioChunk(utterance_id, samples, SAMPLE_RATE_HZ, last=not waiting, times=times))
        return chunks

    def drop(self, utterance_id: str) -> None:
        self._queue.pop(utterance_id, None)
        self._times.pop(utterance_id, None)

    def gauges(self) -> Mapping[str, float]:
        return {"utterances_admitted": float(len(self._queue)), "steps_total": float(self._steps)}

    def close(self) -> None:
        self._queue.clear()


class ToneProvider:
    """Finds the tone engine under the name `tone`."""

    name = "tone"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        del settings

    def card(self) -> EngineCard:
        return _card(TonePlan.from_environment())

    def problems(self) -> Sequence[str]:
        return ()

    def open(self, *, threads: int | None = None) -> ToneEngine:
        del threads
        return ToneEngine(TonePlan.from_environment())
