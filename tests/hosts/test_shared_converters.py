"""Several slots and one converter: their calls take turns with each other, and with the steps of engines."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instruments.model_processes import model_processes
from tests.instruments.shifting import MODEL, PT, alone, eventually, in_threads, plan, ready, speak

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from voicecore.conversion import ConversionSettings
from voicecore.engine import Utterance
from voicecore.errors import EngineCrashed
from voicecore.ports import ModelParts
from voicecore.testing.contracts.voice_converter import buzz
from voicecore.testing.shifter import ShifterPlan, ShifterProvider, shifter_file
from voicecore.testing.tone import PLAN_VARIABLE as TONE_PLAN_VARIABLE


@contextmanager
def slots(number, host, **more):
    shared = SharedHost(host, **more)
    made = [shared.slot() for _ in range(number)]
    try:
        yield made
    finally:
        for slot in made:
            slot.close()


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

        def alternations():
            return len(list(itertools.groupby(events)))

        def talk():
            spoken = 0
            while alternations() <= 6:
                spoken += 1
                text = Utterance(
                    id=f"u{spoken}", text="a" * 40, language=PT, voice="female_generic", parameters={"speed": 1.0}
                )
                engine.admit(text)
                while chunks := engine.step():
                    events.extend("s" * len(chunks))
            return spoken

        def convert():
            while alternations() <= 6:
                converter.convert(buzz(0.6), MODEL)
                events.append("c")

        # Each goes on until they took turns: if one waited for the end of the other, that would never be.
        spoken, _ = in_threads(talk, convert)
        assert model_processes() == [host.pid]
        assert events.count("s") == 40 * spoken > 0


def test_a_slot_called_off_while_it_converts_is_released_at_once_and_the_others_keep_their_work(monkeypatch, tmp_path):
    gate = tmp_path / "go on"
    plan(monkeypatch, trouble="hang", hang_until=str(gate))
    host = ChildProcessHost()
    with slots(2, host, hang_s=600.0) as made:
        engine, converter = made[0].engine("tone"), ready(made[1])
        pid = host.pid
        with ThreadPoolExecutor(2) as threads:
            converting = threads.submit(converter.convert, buzz(1.0), MODEL)
            eventually(lambda: host._under_way is not None)
            speaking = threads.submit(speak, engine, "bom dia")
            made[1].interrupt()
            # While the conversion goes on.
            with pytest.raises(EngineCrashed):
                converting.result(60)
            assert not speaking.done()
            gate.touch()
            assert len(speaking.result(60)) > 0
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
    plan(monkeypatch, trouble="hang", from_s=2.0)
    host = ChildProcessHost()
    with slots(2, host) as made:
        engine, converter = made[0].engine("tone"), ready(made[1])

        def kill():
            eventually(lambda: host._under_way is not None)
            os.kill(host.pid, signal.SIGKILL)

        _, lost = in_threads(kill, lambda: converter.convert(buzz(2.5), MODEL))
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
