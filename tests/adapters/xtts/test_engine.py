"""The whole engine on the tiny checkpoint: the port's contract, and what only XTTS promises."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.engines.xtts.provider import XttsProvider
from adapters.engines.xtts.speaking import FIRST_TOKENS, LOOK_AHEAD_TOKENS
from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from tests.adapters.xtts.conditioning.babble import babble
from voicecore.engine import Utterance
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineFailed, InvalidInput, UtteranceFailed
from voicecore.language import Language
from voicecore.testing.contracts.speech_engine import SpeechEngineContract, run, sound

PT = Language("pt", "BR")
LONG = "A casa amarela fica no fim da rua, perto do mercado, e tem um jardim com muitas flores"


@pytest.fixture(scope="module")
def given_settings(tiny_folder):
    return EngineSettings(models_dir=tiny_folder, device="cpu", accepted_licences=frozenset({"xtts"}))


@pytest.fixture(scope="module")
def shared_engine(given_settings):
    engine = XttsProvider(given_settings).open(threads=1)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def shared_host(given_settings):
    host = SharedHost(ChildProcessHost(threads=1, settings=replace(given_settings, batch_size=4)))
    keeper = host.slot()
    keeper.engine("xtts")  # the process ends with the last slot that asked for something
    yield host
    keeper.close()


@pytest.fixture
def engine(shared_engine):
    yield shared_engine
    for name in list(shared_engine._admitted):
        shared_engine.drop(name)


def utterance(name="u", text=LONG, **changes):
    values = {"id": name, "text": text, "language": PT, "voice": "female_generic", "seed": 7}
    return Utterance(**{**values, **changes})


def say(engine, **changes):
    one = utterance(**changes)
    engine.admit(one)
    return sound(run(engine)[one.id])


class TestXttsEngine(SpeechEngineContract):
    @pytest.fixture
    def engine(self, given_settings):
        engine = XttsProvider(replace(given_settings, batch_size=4)).open(threads=1)
        yield engine
        engine.close()

    def reference(self, engine):
        return babble(7.0)


class TestXttsInASharedProcess(SpeechEngineContract):
    """As a service uses it: behind a process, with other jobs beside."""

    @pytest.fixture
    def engine(self, shared_host):
        slot = shared_host.slot()
        yield slot.engine("xtts")
        slot.close()

    def reference(self, engine):
        return babble(7.0)


@pytest.mark.parametrize(
    ("knob", "one", "other"),
    [
        ("temperature", 0.2, 1.0),
        ("repetition_penalty", 1.0, 12.0),
        ("top_p", 0.5, 1.0),
        ("top_k", 2, 100),
        ("length_penalty", 0.5, 2.0),
        ("speed", 0.8, 1.3),
        ("denoise", 0, 1),
    ],
)
def test_every_knob_of_a_quality_profile_changes_what_is_heard(engine, knob, one, other):
    # Some knobs turn the draw only where it is close, which the tiny network rarely is: several seeds try it.
    firsts = [say(engine, seed=seed, parameters={knob: one}) for seed in range(8)]
    assert np.array_equal(firsts[0], say(engine, seed=0, parameters={knob: one}))
    others = [say(engine, seed=seed, parameters={knob: other}) for seed in range(8)]
    assert any(not np.array_equal(*pair) for pair in zip(firsts, others, strict=True))


def test_every_knob_of_the_card_is_tried_above(engine):
    tried = {"temperature", "repetition_penalty", "top_p", "top_k", "length_penalty", "speed", "denoise"}
    assert set(engine.card.parameters) == tried


def test_the_seed_decides_the_sound_and_an_unknown_or_excessive_knob_is_refused(engine):
    assert np.array_equal(say(engine, seed=3), say(engine, seed=3))
    assert not np.array_equal(say(engine, seed=3), say(engine, seed=4))
    with pytest.raises(InvalidInput, match="loudness"):
        engine.admit(utterance(parameters={"loudness": 1}))
    with pytest.raises(InvalidInput, match="temperature"):
        engine.admit(utterance(parameters={"temperature": 3.0}))


def test_an_eager_utterance_comes_in_pieces_of_which_the_first_is_early_and_sounds_the_same(engine):
    whole = say(engine)
    engine.admit(utterance(eager=True))
    steps, first_after, pieces = 0, None, []
    while not pieces or not pieces[-1].last:
        for chunk in engine.step():
            pieces.append(chunk)
            first_after = first_after or steps
        steps += 1
    assert len(pieces) > 1
    assert first_after < steps / 2
    joined = sound(pieces)
    assert len(joined) == len(whole)
    np.testing.assert_allclose(joined, whole, atol=1e-4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whoever_else_is_spoken_and_whenever_an_utterances_samples_stay_bit_for_bit(engine, data):
    mine = utterance("mine", eager=data.draw(st.booleans()))
    alone = _alone(engine, mine)
    others = data.draw(st.lists(st.sampled_from(["Sim.", "Boa noite a todos", LONG + ", " + LONG]), max_size=4))
    at = data.draw(st.integers(0, len(others)))
    pause = data.draw(st.integers(0, 30))
    chunks = []
    for number, text in enumerate([*others[:at], None, *others[at:]]):
        engine.admit(mine if text is None else utterance(f"other{number}", text, voice="male_deep", seed=number))
        for _ in range(pause):
            chunks += engine.step()
    heard = run(engine)
    chunks = [each for each in chunks if each.utterance_id == "mine"] + heard.get("mine", [])
    assert np.array_equal(sound(chunks), alone)


def _alone(engine, one):
    engine.admit(one)
    return sound(run(engine)[one.id])


def test_a_text_of_signs_alone_is_silent_but_comes_to_its_end(engine):
    engine.admit(utterance(text="… — !"))
    (chunk,) = engine.step()
    assert chunk.last
    assert chunk.samples.size == 0


def test_dropped_from_another_thread_in_the_middle_it_is_silent_and_leaves_its_place(engine):
    engine.admit(utterance("gone", eager=True))
    engine.step()
    thread = threading.Thread(target=engine.drop, args=("gone",))
    thread.start()
    thread.join()
    assert "gone" not in run(engine)
    assert engine.gauges()["utterances_admitted"] == 0
    assert engine.gauges()["rows"] == 0


def test_a_cloned_voice_speaks_in_other_languages_and_sounds_unlike_the_presets(engine):
    learned = engine.enroll([babble(8.0)], PT)
    assert learned.arrays["gpt_cond_latent"].shape[0] == 32
    english = say(engine, text="Good evening", language=Language("en", "US"), voice=learned)
    assert not np.array_equal(english, say(engine, text="Good evening", language=Language("en", "US")))


def test_a_print_of_another_checkpoint_is_refused(engine):
    learned = engine.enroll([babble(8.0)], PT)
    with pytest.raises(InvalidInput, match="checkpoint"):
        engine.admit(utterance(voice=replace(learned, model_digest="0" * 64)))


def test_a_print_that_is_too_wide_is_refused_before_it_can_end_the_step_of_others(engine):
    learned = engine.enroll([babble(8.0)], PT)
    wide = {**learned.arrays, "gpt_cond_latent": np.tile(learned.arrays["gpt_cond_latent"], 2)}
    engine.admit(utterance("good"))
    with pytest.raises(InvalidInput, match="shape"):
        engine.admit(utterance("wide", voice=replace(learned, arrays=wide)))
    assert set(run(engine)) == {"good"}


def test_its_gauges_say_what_it_holds_and_has_done(engine):
    before = engine.gauges()
    say(engine)
    after = engine.gauges()
    assert after["tokens_total"] > before["tokens_total"]
    assert after["vocoded_tokens_total"] > before["vocoded_tokens_total"]
    assert after["prefix_hits_total"] + after["prefix_misses_total"] > 0
    assert all(isinstance(value, float) for value in after.values())


def test_the_packed_weights_are_the_only_ones_kept(given_settings):
    engine = XttsProvider(given_settings).open(threads=1)
    model = engine._conditioner._model
    assert model.gpt.gpt is None
    assert model.hifigan_decoder.waveform_decoder is None
    engine.close()


def test_an_utterance_for_which_there_is_no_memory_fails_alone_and_the_others_go_on(engine):
    class NoRoomForTheSecond:
        """A decoder that runs out of memory over one row, as a graphics card would."""

        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            return getattr(self._real, name)

        def step(self):
            if "second" in self._real._rows:
                self._real.drop("second")
                raise UtteranceFailed("too little memory", utterance_id="second")
            return self._real.step()

    alone = say(engine, name="first")
    real, engine._decoder = engine._decoder, NoRoomForTheSecond(engine._decoder)
    try:
        engine.admit(utterance("first"))
        engine.admit(utterance("second"))
        with pytest.raises(UtteranceFailed) as failure:
            engine.step()
        assert failure.value.utterance_id == "second"
        heard = run(engine)
    finally:
        engine._decoder = real
    assert set(heard) == {"first"}
    assert np.array_equal(sound(heard["first"]), alone)


class Failing:
    """A decoder or a vocoder's stream of which one method ends with this error."""

    def __init__(self, real, method, error):
        self._real, self._method, self._error = real, method, error

    def __getattr__(self, name):
        if name == self._method:
            raise self._error
        return getattr(self._real, name)


def test_a_step_that_fails_leaves_nothing_admitted_and_all_places_free(engine):
    engine.admit(utterance("one"))
    engine.admit(utterance("silent", text="…"))
    real, engine._decoder = engine._decoder, Failing(engine._decoder, "step", RuntimeError("a kernel failed"))
    try:
        with pytest.raises(RuntimeError, match="kernel"):
            engine.step()
    finally:
        engine._decoder = real
    assert engine.gauges()["utterances_admitted"] == 0
    assert run(engine) == {}
    engine.admit(utterance("one"))
    assert sound(run(engine)["one"]).size


def test_the_end_of_a_silent_text_is_told_although_the_sound_of_another_fails(engine):
    engine.admit(utterance("loud", eager=True))
    loud = engine._admitted["loud"]
    loud._stream = Failing(loud._stream, "push", torch.OutOfMemoryError())
    while loud.tokens < FIRST_TOKENS + LOOK_AHEAD_TOKENS - 1:
        engine.step()
    engine.admit(utterance("silent", text="…"))
    with pytest.raises(UtteranceFailed) as failure:
        engine.step()
    assert failure.value.utterance_id == "loud"
    (chunk,) = engine.step()
    assert (chunk.utterance_id, chunk.last) == ("silent", True)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_smallest_batches_can_be_opened_and_speak(given_settings, shared_engine, batch_size):
    engine = XttsProvider(replace(given_settings, batch_size=batch_size)).open(threads=1)
    try:
        assert np.array_equal(say(engine), say(shared_engine))
    finally:
        engine.close()


def test_a_closed_engine_refuses_with_a_sentence(given_settings):
    engine = XttsProvider(given_settings).open(threads=1)
    engine.close()
    with pytest.raises(EngineFailed, match="closed"):
        engine.admit(utterance())


def test_many_slots_over_one_engine_get_each_their_own_sound(given_settings):
    provider = XttsProvider(given_settings)
    host = SharedHost(LocalHost({"xtts": provider}))
    texts = ["Boa noite a todos", LONG, "Amanhã cedo vamos ao mercado", "Sim"]
    slots = [host.slot() for _ in texts]
    heard = {}

    def work(slot, text):
        heard[text] = say(slot.engine("xtts"), text=text)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(slots, texts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lone = provider.open(threads=1)
    for text in texts:
        assert np.array_equal(heard[text], say(lone, text=text))
    lone.close()
    for slot in slots:
        slot.close()
