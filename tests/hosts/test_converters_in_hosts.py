"""Converters beside engines in the model process: they die with it, are called off, take turns, and leave memory with it."""

from __future__ import annotations

import json
import os
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

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from adapters.hosts.conversion_messages import LONGEST_CALL_S
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings
from voicecore.engine import Utterance
from voicecore.errors import EngineCrashed, EngineFailed, InvalidAudio, MissingModel, NotFound
from voicecore.language import Language
from voicecore.ports import ModelParts
from voicecore.registry import converter_provider
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.testing.shifter import PLAN_VARIABLE, Shifter, ShifterPlan, ShifterProvider, shifter_file
from voicecore.testing.tone import PLAN_VARIABLE as TONE_PLAN_VARIABLE

PT = Language("pt", "BR")
PATIENCE_S = 20.0
MODEL = ConversionSettings(model_id="rvc_a")
PARTS = ModelParts(shifter_file(), b"12")


def eventually(look):
    until = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < until
        time.sleep(0.005)


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


def plan(monkeypatch, **fields):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(fields))


def ready(host):
    """A host's converter that holds the model."""
    converter = host.converter("tone")
    if not converter.holds(MODEL.model_id):
        converter.load(MODEL.model_id, PARTS)
    return converter


def alone(audio, parts=PARTS):
    converter = Shifter()
    converter.load(MODEL.model_id, parts)
    return converter.convert(audio, MODEL)[0].samples


def speak(engine, text, name="u"):
    engine.admit(
        Utterance(id=name, text=text, language=PT, voice="female_generic", parameters={"speed": 1.0})
    )  # fmt: skip
    return engine.step()[0].samples


@pytest.fixture
def host():
    host = ChildProcessHost()
    yield host
    host.close()


@contextmanager
def slots(number, host, **more):
    shared = SharedHost(host, **more)
    made = [shared.slot() for _ in range(number)]
    try:
        yield made
    finally:
        for slot in made:
            slot.close()


# --- one process ------------------------------------------------------------------------------------
def test_speaking_and_converting_share_a_process_and_models_stay_from_job_to_job(host):
    plain = speak(host.engine("tone"), "bom dia")
    converter = ready(host)
    pid = host.pid
    made, report = converter.convert(Audio(np.tile(plain, 3), 16_000), MODEL)
    assert np.array_equal(made.samples, alone(Audio(np.tile(plain, 3), 16_000)))
    assert report.index_used is True
    host.rest()
    assert host.converter("tone").holds(MODEL.model_id)
    assert len(speak(host.engine("tone"), "boa noite", "v")) > 0
    assert host.pid == pid


@pytest.mark.parametrize("make", [LocalHost, ChildProcessHost, lambda: SharedHost(LocalHost()).slot()])
def test_a_converter_that_nobody_offers_is_not_found(make):
    host = make()
    with pytest.raises(NotFound, match="no converter 'nobody'"):
        host.converter("nobody")
    host.close()
    assert model_processes() == []


def test_a_converter_without_weights_says_how_to_get_them_before_anything_is_loaded(host):
    with pytest.raises(MissingModel, match="voicecore models pull contentvec") as caught:
        host.converter("rvc")
    assert caught.value.message == converter_provider("rvc").problems()[0]


@pytest.mark.parametrize(
    ("trouble", "words"), [("fail", "told to fail"), ("memory", "MemoryError"), ("defect", "a defect")]
)
def test_errors_of_the_converter_arrive_and_the_process_lives_on(host, monkeypatch, trouble, words):
    plan(monkeypatch, trouble=trouble, from_s=2.0)
    converter = ready(host)
    pid = host.pid
    with pytest.raises(EngineFailed, match=words):
        converter.convert(buzz(2.5), MODEL)
    assert converter.convert(buzz(1.0), MODEL)[1].index_used is True
    assert host.pid == pid


def test_a_process_that_dies_while_it_converts_is_a_crash_and_the_next_one_begins_without_models(host, monkeypatch):
    plan(monkeypatch, trouble="exit", from_s=2.0)
    engine, converter = host.engine("tone"), ready(host)
    with pytest.raises(EngineCrashed, match="exit status 9"):
        converter.convert(buzz(2.5), MODEL)
    for call in (lambda: converter.holds("rvc_a"), lambda: engine.measure("x", PT)):
        with pytest.raises(EngineCrashed):
            call()
    again = host.converter("tone")
    assert not again.holds(MODEL.model_id)
    again.load(MODEL.model_id, PARTS)
    assert np.array_equal(again.convert(buzz(1.0), MODEL)[0].samples, alone(buzz(1.0)))


def test_a_conversion_that_hangs_ends_within_two_seconds_of_an_interrupt(host, monkeypatch):
    plan(monkeypatch, trouble="hang", from_s=2.0)
    converter = ready(host)

    def cancel():
        eventually(lambda: host._under_way is not None)
        told = time.monotonic()
        host.interrupt()
        return told

    def hang():
        try:
            converter.convert(buzz(2.5), MODEL)
        except EngineCrashed:
            return time.monotonic()

    told, ended = in_threads(cancel, hang)
    assert ended - told < 2.0
    assert np.array_equal(ready(host).convert(buzz(1.0), MODEL)[0].samples, alone(buzz(1.0)))


def test_a_recording_that_no_call_can_carry_is_refused_and_harms_nobody(host):
    converter = ready(host)
    with pytest.raises(InvalidAudio, match="up to 3600 s"):
        converter.convert(Audio(np.zeros(round(8_000 * (LONGEST_CALL_S + 1)), np.float32), 8_000), MODEL)
    assert converter.holds(MODEL.model_id)


def test_ten_minutes_of_sound_pass_through_the_pipe(host):
    long = Audio(np.tile(buzz(1.0, rate_hz=8_000).samples, 600), 8_000)
    made, _ = ready(host).convert(long, MODEL)
    assert len(made.samples) == 600 * 32_000


def test_an_idle_process_is_ended_with_its_models_and_the_next_conversion_loads_them_again():
    host = ChildProcessHost(idle_unload_s=0.3)
    try:
        ready(host).convert(buzz(1.0), MODEL)
        child = psutil.Process(host.pid)
        assert host.gauges()["tone"]["conversions_total"] == 1
        host.rest()
        eventually(lambda: host.pid is None)
        eventually(lambda: not child.is_running())
        assert host.gauges() == {}
        converter = host.converter("tone")
        assert not converter.holds(MODEL.model_id)
        converter.load(MODEL.model_id, PARTS)
        time.sleep(0.6)
        assert converter.convert(buzz(1.0), MODEL)[1].index_used is True
    finally:
        host.close()


def test_gauges_tell_what_was_converted_beside_what_the_engine_tells(host):
    converter = ready(host)
    speak(host.engine("tone"), "oi")
    for _ in range(3):
        converter.convert(buzz(1.0), MODEL)
    host.rest()
    told = host.gauges()["tone"]
    assert told == {
        "utterances_admitted": 0.0, "steps_total": 1.0, "conversions_total": 3.0, "models_loaded_total": 1.0,
        "converted_seconds_total": pytest.approx(3.0),
    }  # fmt: skip


# --- several slots ----------------------------------------------------------------------------------
@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from([-0.9, -0.4, 0.3, 0.8]), min_size=2, max_size=4), st.integers(1, 2))
def test_slots_that_drive_out_each_others_models_each_hear_their_own_voice(gains, room):
    with slots(len(gains), LocalHost(converters={"tone": ShifterProvider(plan=ShifterPlan(room=room))})) as made:
        audio = buzz(0.6)

        def job(number):
            parts = ModelParts(shifter_file(gain=gains[number]))
            converter = made[number].converter("tone")
            heard = []
            for _ in range(5):
                converter.load(f"rvc_{number}", parts)
                time.sleep(0.001)
                heard.append(converter.convert(audio, ConversionSettings(model_id=f"rvc_{number}"))[0].samples)
            return heard

        for gain, heard in zip(gains, in_threads(*(lambda n=n: job(n) for n in range(len(gains)))), strict=True):
            expected = alone(audio, ModelParts(shifter_file(gain=gain)))
            assert all(np.array_equal(each, expected) for each in heard)


def test_one_slot_speaks_while_another_converts_in_the_same_process(monkeypatch):
    plan(monkeypatch, convert_s=0.02)
    monkeypatch.setenv(TONE_PLAN_VARIABLE, json.dumps({"step_s": 0.02, "letters_per_chunk": 1}))
    host = ChildProcessHost()
    with slots(2, host) as made:
        events = []
        engine, converter = made[0].engine("tone"), ready(made[1])

        def talk():
            engine.admit(
                Utterance(id="u", text="a" * 40, language=PT, voice="female_generic", parameters={"speed": 1.0})
            )  # fmt: skip
            while chunks := engine.step():
                events.extend("s" * len(chunks))

        def convert():
            for _ in range(20):
                converter.convert(buzz(0.6), MODEL)
                events.append("c")

        assert in_threads(talk, convert) == [None, None]
        assert model_processes() == [host.pid]
        assert events.count("s") == 40
        assert events.count("c") == 20
        # They took turns: neither waited for the end of the other.
        assert "".join(events).strip("s").count("s") > 0


def test_a_slot_called_off_while_it_converts_is_released_at_once_and_the_others_keep_their_work(monkeypatch):
    plan(monkeypatch, convert_s=1.5)
    host = ChildProcessHost()
    with slots(2, host, hang_s=0.2) as made:
        engine, converter = made[0].engine("tone"), ready(made[1])
        pid = host.pid

        def cancel():
            eventually(lambda: host._under_way is not None)
            told = time.monotonic()
            made[1].interrupt()
            return told

        def convert():
            try:
                converter.convert(buzz(1.0), MODEL)
            except EngineCrashed:
                return time.monotonic()

        told, released, spoken = in_threads(cancel, convert, lambda: (time.sleep(0.1), speak(engine, "bom dia"))[1])
        assert released - told < 1.0
        assert len(spoken) > 0
        assert host.pid == pid
        assert np.array_equal(ready(made[1]).convert(buzz(1.0), MODEL)[0].samples, alone(buzz(1.0)))


def test_a_conversion_that_hangs_after_its_slot_was_released_is_ended_by_force(monkeypatch):
    plan(monkeypatch, trouble="hang", from_s=0.7)
    host = ChildProcessHost()
    with slots(2, host, hang_s=0.1) as made:
        converter = ready(made[0])
        first = host.pid

        def cancel():
            eventually(lambda: host._under_way is not None)
            made[0].interrupt()

        _, hung = in_threads(cancel, lambda: converter.convert(buzz(0.75), MODEL))
        assert isinstance(hung, EngineCrashed)
        # Its 0.75 s may take 1.5 s of grace and the host's own; then the other slot has a process again.
        assert np.array_equal(ready(made[1]).convert(buzz(0.6), MODEL)[0].samples, alone(buzz(0.6)))
        assert host.pid != first


def test_when_the_shared_process_dies_while_one_converts_every_slot_is_told_and_goes_on_in_a_new_one(monkeypatch):
    plan(monkeypatch, convert_s=0.5)
    host = ChildProcessHost()
    with slots(2, host) as made:
        engine, converter = made[0].engine("tone"), ready(made[1])

        def kill():
            eventually(lambda: host._under_way is not None)
            os.kill(host.pid, signal.SIGKILL)

        _, lost = in_threads(kill, lambda: converter.convert(buzz(1.0), MODEL))
        assert isinstance(lost, EngineCrashed)
        with pytest.raises(EngineCrashed):
            engine.measure("x", PT)
        assert np.array_equal(ready(made[1]).convert(buzz(1.0), MODEL)[0].samples, alone(buzz(1.0)))
        assert len(speak(made[0].engine("tone"), "bom dia")) > 0
        assert model_processes() == [host.pid]


def test_shared_gauges_count_conversions_once():
    host = ChildProcessHost()
    with slots(2, host) as made:
        speak(made[0].engine("tone"), "oi")
        ready(made[0]).convert(buzz(0.6), MODEL)
        ready(made[1]).convert(buzz(0.6), MODEL)
        for slot in made:
            slot.rest()
        eventually(lambda: made[0].gauges().get("tone", {}).get("steps_total"))
        assert made[0].gauges()["tone"]["conversions_total"] == 2
        assert made[1].gauges() == {}
