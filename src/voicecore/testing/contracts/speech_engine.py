"""What every speech engine must do. Subclass, override the fixture `engine`, and set the class attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

from voicecore.audio import Audio, AudioChunk, Samples
from voicecore.engine import Utterance
from voicecore.errors import Conflict, InvalidAudio, InvalidInput
from voicecore.language import Language
from voicecore.ports import SpeechEngine
from voicecore.timing import TimeSource, WordTimes, words_of
from voicecore.voice import PRESETS, VoicePrint

#: So many steps without a chunk mean that nothing is admitted any more. XTTS makes a token a step, at most 602 a sentence.
QUIET_STEPS = 700


def run(engine: SpeechEngine, steps: int = 10_000) -> dict[str, list[AudioChunk]]:
    """Step until nothing comes any more; chunks by utterance. An engine may work for many steps before the next chunk."""
    heard: dict[str, list[AudioChunk]] = {}
    quiet = 0
    for _ in range(steps):
        chunks = engine.step()
        for chunk in chunks:
            heard.setdefault(chunk.utterance_id, []).append(chunk)
        quiet = 0 if chunks else quiet + 1
        if quiet > QUIET_STEPS:
            return heard
    pytest.fail("the engine never came to an end")


def sound(chunks: list[AudioChunk]) -> Samples:
    """All samples of an utterance."""
    return np.concatenate([chunk.samples for chunk in chunks])


class SpeechEngineContract:
    """Contract of `voicecore.ports.SpeechEngine`.

    Attributes:
        language, text, other_text: something the engine can speak, and something that must sound different.
        too_long: a text above the card's segment limit.
    """

    language: ClassVar[Language] = Language("pt", "BR")
    text: ClassVar[str] = "Bom dia."
    other_text: ClassVar[str] = "Até amanhã, meu amigo."
    too_long: ClassVar[str] = "Um dois três quatro cinco. " * 400

    @pytest.fixture
    def engine(self) -> Iterator[SpeechEngine]:
        """Override: an open engine, closed afterwards."""
        raise NotImplementedError
        yield

    def utterance(self, name: str = "u1", text: str | None = None, **changes: object) -> Utterance:
        values: dict[str, object] = {
            "id": name, "text": text or self.text, "language": self.language, "voice": "female_generic",
            "parameters": {"speed": 1.0},
        }  # fmt: skip
        return Utterance(**{**values, **changes})  # type: ignore[arg-type]

    def say(self, engine: SpeechEngine, **changes: object) -> Samples:
        utterance = self.utterance(**changes)  # type: ignore[arg-type]
        engine.admit(utterance)
        return sound(run(engine)[utterance.id])

    def test_it_lists_the_eight_presets_of_the_service(self, engine: SpeechEngine) -> None:
        assert set(PRESETS) <= {preset.id for preset in engine.card.presets}

    def test_an_utterance_becomes_finite_sound_at_the_cards_rate_whose_last_chunk_says_so(
        self, engine: SpeechEngine
    ) -> None:
        engine.admit(self.utterance())
        chunks = run(engine)["u1"]
        assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert {chunk.sample_rate_hz for chunk in chunks} == {engine.card.sample_rate_hz}
        samples = sound(chunks)
        assert samples.dtype == np.float32
        assert len(samples) > 0.1 * engine.card.sample_rate_hz
        assert np.isfinite(samples).all()
        assert 0.01 < np.abs(samples).max() <= 1.0

    def test_the_same_utterance_sounds_the_same_bit_for_bit(self, engine: SpeechEngine) -> None:
        assert np.array_equal(self.say(engine, name="a"), self.say(engine, name="b"))

    def test_another_text_and_another_voice_sound_different(self, engine: SpeechEngine) -> None:
        one = self.say(engine)
        assert not np.array_equal(one, self.say(engine, text=self.other_text))
        assert not np.array_equal(one, self.say(engine, voice="male_generic"))

    def test_twice_the_speed_takes_about_half_the_time(self, engine: SpeechEngine) -> None:
        normal = len(self.say(engine, text=self.other_text))
        fast = len(self.say(engine, text=self.other_text, parameters={"speed": 2.0}))
        assert 0.35 < fast / normal < 0.7

    def test_neighbours_in_a_batch_do_not_change_an_utterances_sound(self, engine: SpeechEngine) -> None:
        alone = self.say(engine)
        names = [f"n{number}" for number in range(engine.card.batch_size)]
        for number, name in enumerate(names):
            engine.admit(self.utterance(name, self.text if number == 0 else self.other_text))
        heard = run(engine)
        assert set(heard) == set(names)
        assert np.array_equal(sound(heard["n0"]), alone)

    def test_it_tells_when_each_word_is_heard_on_the_last_chunk_if_its_card_says_so(self, engine: SpeechEngine) -> None:
        times, duration_s = self.word_times(engine, self.other_text)
        if engine.card.word_times is TimeSource.SEGMENT:
            assert times is None or not times.words
            return
        assert times is not None
        assert times.source is engine.card.word_times
        told = [(word.start, word.end) for word in times.words]
        # One by one, or several together where they are said as one thing.
        for start, end in words_of(self.other_text):
            assert sum(one <= start and end <= other for one, other in told) == 1
        assert 0.3 * duration_s < times.words[-1].end_s <= duration_s + 0.001

    def test_twice_the_speed_has_its_words_in_about_half_the_time(self, engine: SpeechEngine) -> None:
        if engine.card.word_times is TimeSource.SEGMENT:
            return
        normal, _ = self.word_times(engine, self.other_text)
        fast, duration_s = self.word_times(engine, self.other_text, parameters={"speed": 2.0})
        assert normal is not None
        assert fast is not None
        assert fast.words[-1].end_s <= duration_s + 0.001
        assert 0.35 < fast.words[-1].end_s / normal.words[-1].end_s < 0.7

    def test_asking_for_the_times_of_words_does_not_change_the_sound(self, engine: SpeechEngine) -> None:
        assert np.array_equal(self.say(engine, word_times=True), self.say(engine, name="b"))

    def word_times(self, engine: SpeechEngine, text: str, **changes: object) -> tuple[WordTimes | None, float]:
        """What was told of the words of a text when it was asked for, and how long its sound is."""
        engine.admit(self.utterance("words", text, word_times=True, **changes))
        chunks = run(engine)["words"]
        assert [chunk.times for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
        return chunks[-1].times, sum(chunk.duration_s for chunk in chunks)

    def test_stepping_with_nothing_admitted_gives_nothing(self, engine: SpeechEngine) -> None:
        assert list(engine.step()) == []

    def test_an_id_in_use_and_a_full_batch_are_refused(self, engine: SpeechEngine) -> None:
        engine.admit(self.utterance("u0"))
        with pytest.raises(Conflict):
            engine.admit(self.utterance("u0"))
        for number in range(1, engine.card.batch_size):
            engine.admit(self.utterance(f"u{number}"))
        with pytest.raises(Conflict):
            engine.admit(self.utterance("one-more"))

    def test_a_dropped_utterance_is_never_heard_of_again(self, engine: SpeechEngine) -> None:
        engine.admit(self.utterance("gone"))
        engine.drop("gone")
        engine.drop("never admitted")
        assert "gone" not in run(engine)
        assert len(self.say(engine, name="gone")) > 0

    def test_measure_is_zero_or_more_and_longer_text_measures_more(self, engine: SpeechEngine) -> None:
        assert engine.measure("", self.language) >= 0
        assert (
            0
            < engine.measure(self.text, self.language)
            < engine.measure(self.text + " " + self.other_text, self.language)
        )
        assert engine.measure(self.too_long, self.language) > engine.card.segment_limit

    def test_a_text_over_the_limit_is_refused_not_cut(self, engine: SpeechEngine) -> None:
        with pytest.raises(InvalidInput):
            engine.admit(self.utterance(text=self.too_long))

    def test_it_enrols_a_reference_and_speaks_with_the_print(self, engine: SpeechEngine) -> None:
        enrolment = engine.card.enrolment
        if enrolment is None:
            with pytest.raises(InvalidInput):
                engine.enroll([self.reference(engine)], self.language)
            return
        learned = engine.enroll([self.reference(engine)], self.language)
        assert learned.engine == engine.card.name
        assert learned.model_digest == engine.card.model_digest
        stored = VoicePrint.from_bytes(learned.to_bytes())
        assert np.array_equal(self.say(engine, voice=learned), self.say(engine, voice=stored))
        assert not np.array_equal(self.say(engine, voice=stored), self.say(engine))

    def test_a_silent_or_too_short_reference_is_refused(self, engine: SpeechEngine) -> None:
        enrolment = engine.card.enrolment
        if enrolment is None:
            return
        rate = engine.card.sample_rate_hz
        seconds = int(enrolment.min_reference_s) + 2
        with pytest.raises(InvalidAudio):
            engine.enroll([Audio(np.zeros(seconds * rate, np.float32), rate)], self.language)
        with pytest.raises(InvalidAudio):
            engine.enroll([Audio(self.reference(engine).samples[: rate // 10], rate)], self.language)

    def test_a_mix_lies_between_its_voices_and_only_the_ratio_of_the_weights_counts(self, engine: SpeechEngine) -> None:
        one, other = "female_generic", "male_deep"
        if not engine.card.mixes_voices:
            with pytest.raises(InvalidInput):
                engine.mix([(one, 1.0), (other, 1.0)])
            return
        mixed = engine.mix([(one, 0.75), (other, 0.25)])
        assert (mixed.engine, mixed.model_digest) == (engine.card.name, engine.card.model_digest)
        again = engine.mix([(one, 3.0), (other, 1.0)])
        for name, array in mixed.arrays.items():
            np.testing.assert_allclose(array, again.arrays[name], rtol=1e-5, atol=1e-6)
        spoken = self.say(engine, voice=VoicePrint.from_bytes(mixed.to_bytes()))
        assert np.array_equal(spoken, self.say(engine, voice=mixed))
        assert not np.array_equal(spoken, self.say(engine, voice=one))
        assert not np.array_equal(spoken, self.say(engine, voice=other))
        # A mix is a voice like any other, and may be part of the next one.
        deeper = engine.mix([(mixed, 1.0), (other, 1.0)])
        assert not np.array_equal(self.say(engine, voice=deeper), spoken)

    def test_what_cannot_be_mixed_is_refused(self, engine: SpeechEngine) -> None:
        one, other = "female_generic", "male_deep"
        stranger = VoicePrint("another-engine", "0" * 64, {"hz": np.array([220.0], np.float32)})
        refused: list[list[tuple[str | VoicePrint, float]]] = [
            [(one, 1.0)], [(one, 0.0), (other, 1.0)], [(one, -1.0), (other, 2.0)], [(one, float("nan")), (other, 1.0)],
            [(one, 1.0), ("no-such-preset", 1.0)], [(one, 1.0), (stranger, 1.0)], [(one, 1.0)] * 9,
        ]  # fmt: skip
        for parts in refused:
            with pytest.raises(InvalidInput):
                engine.mix(parts)

    def reference(self, engine: SpeechEngine) -> Audio:
        """Reference speech made by the engine itself: long enough, and never silent."""
        once = self.say(engine, name="reference", text=self.other_text, voice="male_deep")
        needed_s = (engine.card.enrolment.min_reference_s if engine.card.enrolment else 1.0) + 1.0
        copies = int(np.ceil(needed_s * engine.card.sample_rate_hz / len(once)))
        return Audio(np.tile(once, copies), engine.card.sample_rate_hz)

    def test_closing_twice_is_as_good_as_once(self, engine: SpeechEngine) -> None:
        engine.close()
        engine.close()
