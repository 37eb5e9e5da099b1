"""Thirteen people are enrolled from 10 s each; does Kokoro then sound like them, and is it still understood?

The judge is a speaker encoder that nothing here was trained on, and it compares with clips that were not enrolled.
It hears the narrow band of a telephone as a trait of the speaker, so speech for the one telephone reference is judged in that band.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import mean

import numpy as np
import pytest
import soxr

from adapters.engines.kokoro.provider import KokoroProvider
from tests.instruments.cores import threads_here
from tests.instruments.human_speech import SPEAKERS, Speaker, clips
from tests.instruments.recogniser import transcribe, word_error_rate
from tests.instruments.speaker_judge import d_vector, similarity
from voicecore.audio import Audio
from voicecore.engine import Utterance
from voicecore.language import Language
from voicecore.ports import SpeechEngine
from voicecore.voice import DEFAULT_PRESET, VoicePrint

pytestmark = pytest.mark.quality

SENTENCES = {
    "pt-BR": "Por favor, digite o número do seu cartão e aguarde na linha.",
    "en-US": "The weather should be warm and sunny for most of the weekend.",
}
TELEPHONE_RATE_HZ = 8_000
MEAN_SIMILARITY = 0.66
MEAN_WORD_ERROR_RATE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one sentence in one enrolled voice was heard."""

    speaker: str
    language: str
    default: float
    matched: float
    word_error_rate: float
    enrolment_s: float


def say(engine: SpeechEngine, tag: str, voice: str | VoicePrint) -> Audio:
    engine.admit(Utterance(id="sentence", text=SENTENCES[tag], language=Language.parse(tag), voice=voice))
    (chunk,) = engine.step()
    return Audio(chunk.samples, chunk.sample_rate_hz)


def in_band(audio: Audio, speaker: Speaker) -> Audio:
    if speaker.band != "telephone":
        return audio
    narrow = soxr.resample(audio.samples, audio.sample_rate_hz, TELEPHONE_RATE_HZ)
    return Audio(np.clip(narrow, -1.0, 1.0), TELEPHONE_RATE_HZ)


def joined(parts: list[Audio]) -> Audio:
    return Audio(np.concatenate([part.samples for part in parts]), parts[0].sample_rate_hz)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    engine = KokoroProvider().open(threads=threads_here())
    defaults = {tag: say(engine, tag, DEFAULT_PRESET) for tag in SENTENCES}
    found = []
    for speaker in SPEAKERS:
        enrolled = clips(speaker, seconds=10)
        others = clips(speaker, seconds=11, skip_s=sum(clip.duration_s for clip in enrolled) - 0.01)
        person = d_vector(joined(others))
        started = time.perf_counter()
        voice = engine.enroll(enrolled, Language.parse("pt-BR"))
        enrolment_s = time.perf_counter() - started
        for tag, text in SENTENCES.items():
            spoken = say(engine, tag, voice)
            found.append(
                Outcome(
                    speaker=speaker.name,
                    language=tag,
                    default=similarity(person, d_vector(in_band(defaults[tag], speaker))),
                    matched=similarity(person, d_vector(in_band(spoken, speaker))),
                    word_error_rate=word_error_rate(text, transcribe(spoken, tag), tag),
                    enrolment_s=enrolment_s,
                )
            )
    engine.close()
    show(found)
    return found


def show(outcomes: list[Outcome]) -> None:
    print(f"\n{'speaker':20} {'language':8} {'default':>7} {'matched':>7} {'WER':>5} {'enrolled in':>11}")
    for each in outcomes:
        print(
            f"{each.speaker:20} {each.language:8} {each.default:7.2f} {each.matched:7.2f} "
            f"{each.word_error_rate:5.2f} {each.enrolment_s:9.1f} s"
        )
    print(
        f"{'mean':20} {'':8} {mean(o.default for o in outcomes):7.3f} {mean(o.matched for o in outcomes):7.3f} "
        f"{mean(o.word_error_rate for o in outcomes):5.3f} {mean(o.enrolment_s for o in outcomes):9.1f} s"
    )


def test_at_least_ten_people_are_heard_in_two_languages(outcomes: list[Outcome]) -> None:
    assert len({each.speaker for each in outcomes}) >= 10
    assert {each.language for each in outcomes} == set(SENTENCES)


def test_an_independent_judge_finds_the_matched_voice_near_its_speaker(outcomes: list[Outcome]) -> None:
    assert mean(each.matched for each in outcomes) >= MEAN_SIMILARITY


def test_matching_brings_nearly_everybody_nearer_than_the_default_voice(outcomes: list[Outcome]) -> None:
    nearer = [each for each in outcomes if each.matched > each.default]
    assert len(nearer) >= 0.85 * len(outcomes)


def test_a_matched_voice_is_understood(outcomes: list[Outcome]) -> None:
    assert mean(each.word_error_rate for each in outcomes) <= MEAN_WORD_ERROR_RATE
