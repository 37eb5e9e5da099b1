"""The Kokoro engine, with its real network: the contract of the port, and what is Kokoro's own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnxruntime
import pytest

from adapters.engines.kokoro import weights
from adapters.engines.kokoro.engine import KokoroEngine
from adapters.engines.kokoro.finish import LEAD_S, TAIL_S
from adapters.engines.kokoro.model import FRAME_SAMPLES, KokoroModel
from adapters.engines.kokoro.phonemes import phonemes
from adapters.engines.kokoro.provider import KokoroProvider
from adapters.engines.kokoro.voices import Voices
from tests.adapters.kokoro.sentences import TEXTS
from voicecore.engine import Utterance
from voicecore.errors import EngineFailed, InvalidInput, UnsupportedLanguage
from voicecore.language import Language
from voicecore.testing.contracts.speech_engine import SpeechEngineContract
from voicecore.voice import VoicePrint

PT = Language("pt", "BR")


@pytest.fixture(scope="module")
def model() -> KokoroModel:
    return KokoroModel.load(threads=2)


@pytest.fixture
def engine(model: KokoroModel) -> Iterator[KokoroEngine]:
    engine = KokoroEngine(model, KokoroProvider().card())
    yield engine
    engine.close()


class TestKokoroEngine(SpeechEngineContract):
    """The contract of every speech engine."""

    @pytest.fixture
    def engine(self, model: KokoroModel) -> Iterator[KokoroEngine]:
        engine = KokoroEngine(model, KokoroProvider().card())
        yield engine
        engine.close()


def _say(engine: KokoroEngine, text: str, language: Language = PT, **changes: object) -> np.ndarray:
    values: dict[str, object] = {"voice": "female_generic", **changes}
    engine.admit(Utterance(id="u", text=text, language=language, **values))  # type: ignore[arg-type]
    (chunk,) = engine.step()
    return chunk.samples


@pytest.mark.parametrize("tag", TEXTS)
def test_it_speaks_every_language_of_its_card(engine: KokoroEngine, tag: str) -> None:
    samples = _say(engine, TEXTS[tag][:40], Language.parse(tag))
    assert len(samples) > 12_000
    assert 0.05 < np.abs(samples).max() < 1.0


def test_silence_at_the_ends_is_shorter_than_a_breath(engine: KokoroEngine) -> None:
    samples = np.abs(_say(engine, "Bom dia a todos."))
    loud = np.flatnonzero(samples > 0.02 * samples.max())
    assert loud[0] < (LEAD_S + 0.1) * 24_000
    assert len(samples) - loud[-1] < (TAIL_S + 0.1) * 24_000


def test_measure_counts_the_phonemes_of_what_is_spoken_not_of_what_is_written(engine: KokoroEngine) -> None:
    assert engine.measure("1984", PT) == engine.measure("mil novecentos e oitenta e quatro", PT)
    assert engine.measure("", PT) == 0


def test_the_largest_segment_is_admitted_and_one_phoneme_more_is_refused(engine: KokoroEngine) -> None:
    """510 phonemes is the last style row and the whole context of the network; the quality tests speak one."""
    words = "é " * 400
    size = next(count for count in range(2, len(words), 2) if engine.measure(words[:count], PT) >= 509)
    fits = next(
        text
        for text in (words[:size].strip() + end for end in ("", "!", "!!", "!!!"))
        if engine.measure(text, PT) == 510
    )
    engine.admit(Utterance(id="largest", text=fits, language=PT, voice="female_generic"))
    engine.drop("largest")
    with pytest.raises(InvalidInput, match="510"):
        engine.admit(Utterance(id="long", text=fits + "!", language=PT, voice="female_generic"))


def test_signs_without_words_make_no_sound(engine: KokoroEngine) -> None:
    assert _say(engine, "?!…").shape == (0,)
    assert _say(engine, "¿").shape == (0,)


def test_a_native_voice_speaks_its_language_only(engine: KokoroEngine) -> None:
    assert np.array_equal(_say(engine, "Bom dia.", voice="pf_dora"), _say(engine, "Bom dia."))
    with pytest.raises(InvalidInput, match="female_generic"):
        _say(engine, "Buenos días.", Language("es"), voice="pf_dora")


def test_portuguese_of_another_region_is_spoken_as_brazilian(engine: KokoroEngine) -> None:
    assert np.array_equal(_say(engine, "Bom dia.", Language("pt", "PT")), _say(engine, "Bom dia."))


def test_what_it_cannot_do_is_refused_at_the_door(engine: KokoroEngine) -> None:
    with pytest.raises(UnsupportedLanguage, match="pt-BR"):
        _say(engine, "Hallo.", Language("de"))
    with pytest.raises(InvalidInput, match="speed"):
        _say(engine, "Olá.", parameters={"speed": 3.0})
    with pytest.raises(InvalidInput, match="temperature"):
        _say(engine, "Olá.", parameters={"temperature": 0.5})
    with pytest.raises(InvalidInput, match="nobody"):
        _say(engine, "Olá.", voice="nobody")
    assert list(engine.step()) == [], "what was refused is not admitted"


def test_a_print_of_another_engine_is_refused(engine: KokoroEngine) -> None:
    stranger = VoicePrint("tone", "0" * 64, {"hz": np.array([220.0], np.float32)})
    with pytest.raises(InvalidInput, match="enrol it again"):
        _say(engine, "Olá.", voice=stranger)


def test_a_closed_engine_says_so(engine: KokoroEngine) -> None:
    engine.close()
    with pytest.raises(EngineFailed, match="closed"):
        _say(engine, "Olá.")


def test_being_told_the_durations_changes_no_sample(model: KokoroModel) -> None:
    silent = onnxruntime.InferenceSession(weights.read(), providers=["CPUExecutionProvider"])
    ids, style = phonemes("Olá, mundo.", "pt-BR").ids, Voices().styles("pf_dora")[10]
    samples, frames = model.speak_timed(ids, style, 1.3)
    feed = {"tokens": np.array([[0, *ids, 0]]), "style": style[None, :], "speed": np.array([1.3], np.float32)}
    (plain,) = silent.run(None, feed)
    assert np.array_equal(samples, plain)
    assert frames.sum() * FRAME_SAMPLES == len(samples)
    assert len(frames) == len(ids) + 2


def test_signs_alone_have_no_words(engine: KokoroEngine) -> None:
    engine.admit(Utterance(id="u", text="...", language=PT, voice="female_generic"))
    (chunk,) = engine.step()
    assert not chunk.times.words
