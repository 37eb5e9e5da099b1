"""Several slots on one model process: each gets its own sound, whatever happens to the others."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instruments.model_processes import model_processes
from tests.instruments.tones import recording

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from voicecore.audio import Audio
from voicecore.engine import Utterance
from voicecore.errors import Conflict, EngineCrashed, EngineFailed, InvalidInput, NotFound, UtteranceFailed
from voicecore.language import Language
from voicecore.testing.tone import PLAN_VARIABLE, ToneEngine, TonePlan, ToneProvider

PT = Language("pt", "BR")
PATIENCE_S = 60.0


def utter(text, name="u", **changes):
    return Utterance(id=name, text=text, language=PT, voice="female_generic", parameters={"speed": 1.0}, **changes)


def alone(text):
    """The sound of a text from an engine that nobody shares."""
    engine = ToneEngine(TonePlan())
    engine.admit(utter(text))
    return np.concatenate([chunk.samples for chunk in engine.step()])


class PlannedTones(ToneProvider):
    """Opens tone engines that behave as told, and remembers them."""

    def __init__(self, engine=ToneEngine, **plan):
        self.plan, self.kind, self.opened = TonePlan(**plan), engine, []

    def card(self):
        return ToneEngine(self.plan).card

    def open(self, *, threads=None):
        self.opened.append(self.kind(self.plan))
        return self.opened[-1]


@contextmanager
def slots(number, host, **more):
    shared = SharedHost(host, **more)
    made = [shared.slot() for _ in range(number)]
    try:
        yield made
    finally:
        for slot in made:
            slot.close()


@contextmanager
def child_slots(number, monkeypatch, *, hang_s=0.5, **plan):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(plan))
    host = ChildProcessHost()
    with slots(number, host, hang_s=hang_s) as made:
        yield host, made


def speak(engine, texts):
    """All sound of some texts, by number, as the pipeline gets it: as many at once as the batch has places."""
    todo, heard, ends = list(enumerate(texts)), {}, 0
    while ends < len(texts):
        while todo and len(heard) - ends < engine.card.batch_size:
            number, text = todo.pop(0)
            engine.admit(utter(text, f"u{number}", eager=number == 0))
            heard[f"u{number}"] = []
        for chunk in engine.step():
            heard[chunk.utterance_id].append(chunk.samples)
            ends += chunk.last
    return [np.concatenate(heard[f"u{number}"]) for number in range(len(texts))]


def in_threads(*works):
    """Run them at the same time; what each returned or raised, in order."""
    results = [None] * len(works)

    def run(number):
        try:
            results[number] = works[number]()
        except Exception as error:  # noqa: BLE001
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    return results


def eventually(look):
    until = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < until
        time.sleep(0.005)


def same(sounds, texts):
    return all(np.array_equal(sound, alone(text)) for sound, text in zip(sounds, texts, strict=True))


# --- each gets its own ----------------------------------------------------------------------------
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.text("abcdefgh ", min_size=1, max_size=30), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(1, 4), st.integers(0, 5),
)  # fmt: skip
def test_every_slot_hears_exactly_its_own_texts(jobs, batch, letters):
    with slots(len(jobs), LocalHost({"tone": PlannedTones(batch_size=batch, letters_per_chunk=letters)})) as made:
        heard = in_threads(*(lambda s=s, t=t: speak(s.engine("tone"), t) for s, t in zip(made, jobs, strict=True)))
        assert all(same(sounds, texts) for sounds, texts in zip(heard, jobs, strict=True))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_interrupts_at_any_time_hit_their_slot_and_no_other(seed):
    chance = random.Random(seed)
    jobs = [["".join(chance.choices("abcdefgh ", k=chance.randint(1, 20))) for _ in range(6)] for _ in range(4)]
    tones = PlannedTones(batch_size=3, letters_per_chunk=2, step_s=0.001)
    with slots(4, LocalHost({"tone": tones})) as made:
        pauses = [chance.uniform(0, 0.02) for _ in range(10)]

        def interrupt():
            for pause in pauses:
                time.sleep(pause)
                made[0].interrupt()

        def often():
            outcomes = []
            for _ in range(8):
                try:
                    outcomes.append(speak(made[0].engine("tone"), jobs[0]))
                except EngineCrashed:
                    outcomes.append(None)
                made[0].rest()
            return outcomes

        rest = [lambda s=s, t=t: speak(s.engine("tone"), t) for s, t in zip(made[1:], jobs[1:], strict=True)]
        _, often_heard, *heard = in_threads(interrupt, often, *rest)
        assert all(same(sounds, texts) for sounds, texts in zip(heard, jobs[1:], strict=True))
        assert all(same(sounds, jobs[0]) for sounds in often_heard if sounds is not None)
        assert len(tones.opened) == 1


def test_slots_share_one_process_and_its_batch(monkeypatch):
    texts = [["a" * 60], ["b" * 60], ["c" * 60]]
    with child_slots(3, monkeypatch, letters_per_chunk=1, batch_size=3, step_s=0.005) as (host, made):
        together = threading.Barrier(3)

        def job(slot, text):
            engine = slot.engine("tone")
            together.wait()
            return speak(engine, text)

        heard = in_threads(*(lambda s=s, t=t: job(s, t) for s, t in zip(made, texts, strict=True)))
        assert all(same(sounds, text) for sounds, text in zip(heard, texts, strict=True))
        assert model_processes() == [host.pid]
        # 180 letters, one a step and utterance: one after the other they would take 180 steps.
        steps = made[0].engine("tone").gauges()["steps_total"]
        assert 60 <= steps < 120


def test_more_utterances_than_places_wait_for_their_turn():
    with slots(4, LocalHost({"tone": PlannedTones(batch_size=2, letters_per_chunk=1)})) as made:
        engines = [slot.engine("tone") for slot in made]
        for engine in engines:
            engine.admit(utter("abcd", "one"))
            engine.admit(utter("efgh", "two"))
            with pytest.raises(Conflict):
                engine.admit(utter("i", "three"))
        for engine in engines:
            heard = {"one": [], "two": []}
            while chunks := engine.step():
                for chunk in chunks:
                    heard[chunk.utterance_id].append(chunk.samples)
            assert same([np.concatenate(heard["one"]), np.concatenate(heard["two"])], ["abcd", "efgh"])


def test_sound_that_came_before_its_utterance_was_dropped_is_not_heard_after():
    with slots(2, LocalHost({"tone": PlannedTones(batch_size=4, letters_per_chunk=1)})) as made:
        one, two = (slot.engine("tone") for slot in made)
        two.admit(utter("ab", "dropped"))
        two.admit(utter("cd", "kept"))
        # The other slot's steps make this one's sound, too.
        speak(one, ["abcdef"])
        two.drop("dropped")
        chunks = two.step()
        assert [chunk.utterance_id for chunk in chunks] == ["kept", "kept"]
        assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), alone("cd"))


def test_the_same_id_in_two_slots_is_two_utterances():
    with slots(2, LocalHost({"tone": PlannedTones()})) as made:
        one, two = (slot.engine("tone") for slot in made)
        one.admit(utter("abc", "same"))
        two.admit(utter("defgh", "same"))
        assert np.array_equal(one.step()[0].samples, alone("abc"))
        assert np.array_equal(two.step()[0].samples, alone("defgh"))


# --- errors go to whom they concern ----------------------------------------------------------------
class Gated(ToneEngine):
    """A tone engine whose steps wait for the test."""

    def __init__(self, plan):
        super().__init__(plan)
        self.entered, self.gate = threading.Event(), threading.Event()

    def step(self):
        self.entered.set()
        assert self.gate.wait(PATIENCE_S)
        return super().step()


@contextmanager
def busy(number, **plan):
    """Slots whose first keeps the engine in a step until the test opens the gate: (tones, slots, the first's result)."""
    tones = PlannedTones(Gated, **{"batch_size": 4, **plan})
    with slots(number, LocalHost({"tone": tones})) as made:
        engines = [slot.engine("tone") for slot in made]
        gated, result = tones.opened[0], []
        thread = threading.Thread(target=lambda: result.append(in_threads(lambda: speak(engines[0], ["primeiro"]))[0]))
        thread.start()
        try:
            assert gated.entered.wait(PATIENCE_S)
            yield gated, made, engines, result
        finally:
            gated.gate.set()
            thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_late_refusal_is_raised_by_its_owners_next_step_and_by_nobody_elses():
    with busy(2) as (gated, _, engines, result):
        engines[1].admit(utter("a" * 201, "too long"))
        engines[1].admit(utter("bom dia", "good"))
        gated.gate.set()
        with pytest.raises(InvalidInput, match="limit is 200"):
            engines[1].step()
        engines[1].drop("good")
        assert list(engines[1].step()) == []
    assert same(result[0], ["primeiro"])


def test_the_refusal_of_an_utterance_that_was_dropped_since_is_told_to_nobody():
    with busy(2) as (gated, _, engines, result):
        engines[1].admit(utter("a" * 201, "too long"))
        gated.gate.set()
        while not result:
            time.sleep(0.001)
        # Nobody else is busy any more, so this comes back when the engine was given both.
        engines[1].admit(utter("bom dia", "good"))
        engines[1].drop("too long")
        assert {chunk.utterance_id for chunk in engines[1].step()} == {"good"}
    assert same(result[0], ["primeiro"])


def test_an_engine_that_fails_on_one_text_fails_only_that_job():
    with busy(2, fail_on="falha") as (gated, _, engines, result):
        engines[1].admit(utter("isto falha"))
        gated.gate.set()
        with pytest.raises(EngineFailed, match="told to fail"):
            engines[1].step()
    assert same(result[0], ["primeiro"])


def test_an_utterance_that_fails_alone_is_told_to_its_slot_by_the_name_that_the_slot_knows():
    class FailsOne(ToneEngine):
        def step(self):
            bad = next((name for name in self._queue if name.endswith("bad")), None)
            if bad is None or len(self._queue) < 2:
                return super().step()
            self.drop(bad)
            raise UtteranceFailed("It never came to an end.", utterance_id=bad)

    with slots(2, LocalHost({"tone": PlannedTones(FailsOne, batch_size=4)})) as made:
        one, two = (slot.engine("tone") for slot in made)
        one.admit(utter("um", "good"))
        two.admit(utter("dois", "bad"))
        with pytest.raises(UtteranceFailed, match="came to an end") as caught:
            two.step()
        assert caught.value.utterance_id == "bad"
        assert list(two.step()) == []
        heard = one.step()
        assert np.array_equal(heard[0].samples, alone("um"))


def test_a_step_that_fails_is_told_once_to_each_slot_that_had_something_in_it():
    class FailsOnce(ToneEngine):
        def step(self):
            if len(self._queue) < 2:
                return ()
            self._queue.clear()
            raise EngineFailed("The graphics card had a bad day.")

    tones = PlannedTones(FailsOnce, batch_size=4)
    with slots(3, LocalHost({"tone": tones})) as made:
        one, two, three = (slot.engine("tone") for slot in made)
        one.admit(utter("um"))
        two.admit(utter("dois"))
        for engine in (one, two):
            with pytest.raises(EngineFailed, match="bad day"):
                engine.step()
            assert list(engine.step()) == []
        assert list(three.step()) == []
        one.admit(utter("um"))


def test_a_defect_of_the_engine_is_told_as_a_failure_and_the_lane_goes_on():
    class Broken(ToneEngine):
        def step(self):
            if "raise" in "".join(self._queue):
                self._queue.clear()
                raise ValueError("shapes do not fit")
            return super().step()

    with slots(2, LocalHost({"tone": PlannedTones(Broken)})) as made:
        engine = made[0].engine("tone")
        engine.admit(utter("a", "raise"))
        with pytest.raises(EngineFailed, match="ValueError"):
            engine.step()
        assert same(speak(made[1].engine("tone"), ["bom dia"]), ["bom dia"])


def test_an_unknown_engine_is_not_found():
    with slots(1, LocalHost({"tone": PlannedTones()})) as made, pytest.raises(NotFound):
        made[0].engine("nobody")


# --- interrupts -------------------------------------------------------------------------------------
def test_a_slot_that_waits_is_released_at_once_and_what_it_admitted_is_gone():
    with busy(2) as (gated, made, engines, result):
        engines[1].admit(utter("nunca ouvido"))
        waiting = threading.Thread(target=lambda: result.append(in_threads(engines[1].step)[0]))
        waiting.start()
        eventually(lambda: 2 in made[1]._shared._lane._inside)
        made[1].interrupt()
        waiting.join(PATIENCE_S)
        # The engine is still in its step.
        assert not gated.gate.is_set()
        assert isinstance(result[0], EngineCrashed)
        gated.gate.set()
        assert list(engines[1].step()) == []
    assert same(result[1], ["primeiro"])


def test_an_interrupt_with_nothing_under_way_changes_nothing():
    with slots(2, LocalHost({"tone": PlannedTones()})) as made:
        engine = made[0].engine("tone")
        engine.admit(utter("bom dia"))
        made[0].interrupt()
        assert np.array_equal(engine.step()[0].samples, alone("bom dia"))


def test_a_slot_in_a_long_step_is_released_at_once_and_the_others_keep_their_attempt():
    with busy(2) as (gated, made, engines, result):
        engines[1].admit(utter("continua"))
        heard = []
        thread = threading.Thread(target=lambda: heard.append(engines[1].step()))
        thread.start()
        made[0].interrupt()
        eventually(lambda: result)
        assert isinstance(result[0], EngineCrashed)
        gated.gate.set()
        thread.join(PATIENCE_S)
        assert np.array_equal(heard[0][0].samples, alone("continua"))


def test_a_call_that_hangs_is_ended_by_force_and_the_host_lives_on(monkeypatch):
    with child_slots(2, monkeypatch, hang_on="trava", step_s=0.01, letters_per_chunk=1) as (host, made):
        engine, other = made[0].engine("tone"), made[1].engine("tone")
        first, admitted, truth = host.pid, [], host.call

        def call(process, frame):
            if frame.head["call"] == "admit":
                admitted.append(frame)
            return truth(process, frame)

        host.call = call
        other.admit(utter("a" * 150))
        other.step()

        def hang():
            engine.admit(utter("isto trava"))
            while True:
                engine.step()

        def cancel():
            eventually(
                lambda: len(admitted) == 2 and host._under_way is not None and 1 in made[0]._shared._lane._inside
            )
            made[0].interrupt()

        def go_on():
            eventually(lambda: len(admitted) == 2)
            while other.step():
                pass

        hung, _, neighbour = in_threads(hang, cancel, go_on)
        assert isinstance(hung, EngineCrashed)
        # The one process was ended: that is told to all who had something in it.
        assert isinstance(neighbour, EngineCrashed)
        for slot in made:
            assert same(speak(slot.engine("tone"), ["bom dia"]), ["bom dia"])
        assert host.pid != first


def test_a_call_that_ends_by_itself_after_the_interrupt_keeps_the_process(monkeypatch, tmp_path):
    gate = tmp_path / "go on"
    with child_slots(2, monkeypatch, hang_s=600.0, hang_on="bom", hang_until=str(gate)) as (host, made):
        engine, lane = made[0].engine("tone"), made[0]._shared._lane
        pid = host.pid

        def cancel():
            eventually(lambda: host._under_way is not None)
            made[0].interrupt()

        interrupted, _ = in_threads(lambda: engine.admit(utter("bom dia")), cancel)
        assert isinstance(interrupted, EngineCrashed)
        gate.touch()
        assert same(speak(made[1].engine("tone"), ["boa noite"]), ["boa noite"])
        timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        [over] = [each for each in timers if each.function == lane._end_if_still_on]
        over.cancel()
        # As when its time is over.
        over.function(*over.args)
        assert host.pid == pid


# --- death of the process -----------------------------------------------------------------------------
def test_when_the_process_is_killed_every_slot_is_told_once_and_one_new_process_serves_them(monkeypatch):
    started = []
    begin = ChildProcessHost._running

    def counted(self):
        process = begin(self)
        if process.pid not in started:
            started.append(process.pid)
        return process

    monkeypatch.setattr(ChildProcessHost, "_running", counted)
    with child_slots(4, monkeypatch, step_s=0.02, letters_per_chunk=1, batch_size=2) as (host, made):
        engines = [slot.engine("tone") for slot in made]

        def job(number):
            with pytest.raises(EngineCrashed):
                speak(engines[number], ["a" * 200] * 3)
            return speak(made[number].engine("tone"), ["bom dia"])

        def kill():
            time.sleep(0.3)
            os.kill(host.pid, signal.SIGKILL)

        _, *heard = in_threads(kill, *(lambda n=n: job(n) for n in range(4)))
        assert all(same(sounds, ["bom dia"]) for sounds in heard), heard
        assert len(started) == 2


def test_a_process_that_died_while_nobody_worked_is_replaced_and_old_engines_say_so(monkeypatch):
    with child_slots(2, monkeypatch) as (host, made):
        old = made[0].engine("tone")
        os.kill(host.pid, signal.SIGKILL)
        eventually(lambda: host.pid is None)
        assert made[1].engine("tone").measure("bom dia", PT) == 7
        for _ in range(2):
            with pytest.raises(EngineCrashed):
                old.measure("x", PT)
            with pytest.raises(EngineCrashed):
                old.step()
        assert made[1].engine("tone").measure("bom dia", PT) == 7


def test_closing_ends_the_process_with_the_last_slot_and_may_be_done_twice(monkeypatch):
    with child_slots(2, monkeypatch) as (host, made):
        for slot in made:
            slot.engine("tone")
        child = psutil.Process(host.pid)
        made[0].close()
        made[0].close()
        assert made[1].engine("tone").measure("oi", PT) == 2
        made[1].close()
        made[1].close()
        assert not child.is_running()
        assert made[1].engine("tone").measure("oi", PT) == 2


def test_closing_while_a_call_hangs_ends(monkeypatch):
    with child_slots(1, monkeypatch, hang_on="trava") as (host, made):
        engine = made[0].engine("tone")

        def cancel():
            eventually(lambda: host._under_way is not None)
            made[0].close()

        hung, _ = in_threads(lambda: engine.admit(utter("isto trava")), cancel)
        assert isinstance(hung, EngineCrashed)
        assert host.pid is None


# --- other calls ----------------------------------------------------------------------------------------
def test_an_enrolment_and_a_measurement_find_their_turn_while_others_speak_without_end():
    with slots(3, LocalHost({"tone": PlannedTones(letters_per_chunk=1, step_s=0.002)})) as made:
        stop = threading.Event()

        def talk(slot):
            engine, number = slot.engine("tone"), 0
            while not stop.is_set():
                number += 1
                speak(engine, ["a" * 20] * 3)

        def learn():
            try:
                engine = made[2].engine("tone")
                sizes = [engine.measure("a" * size, PT) for size in range(50)]
                return sizes, engine.enroll([Audio.from_wav_bytes(recording(2.0))], PT).engine
            finally:
                stop.set()

        *_, learned = in_threads(lambda: talk(made[0]), lambda: talk(made[1]), learn)
        assert learned == (list(range(50)), "tone")


def test_others_speak_on_while_slots_measure_without_end():
    class SlowToMeasure(ToneEngine):
        def measure(self, text, language):
            time.sleep(0.005)
            return super().measure(text, language)

    with slots(4, LocalHost({"tone": PlannedTones(SlowToMeasure, letters_per_chunk=1)})) as made:
        spoken, given_up = threading.Event(), time.monotonic() + PATIENCE_S / 2

        def measure(slot):
            engine = slot.engine("tone")
            while not spoken.is_set() and time.monotonic() < given_up:
                engine.measure("abc", PT)
            return spoken.is_set()

        def talk():
            try:
                return speak(made[0].engine("tone"), ["abcd"])
            finally:
                spoken.set()

        heard, *in_time = in_threads(talk, *(lambda s=s: measure(s) for s in made[1:]))
        assert same(heard, ["abcd"])
        assert in_time == [True] * 3


def test_gauges_are_read_at_the_end_of_a_job_and_told_by_the_first_slot_alone(monkeypatch):
    with child_slots(2, monkeypatch) as (_, made):
        assert made[0].gauges() == {}
        speak(made[1].engine("tone"), ["bom dia"])
        made[1].rest()
        eventually(lambda: made[0].gauges().get("tone", {}).get("steps_total") == 1.0)
        assert made[1].gauges() == {}
