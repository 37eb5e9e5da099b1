"""Converters beside engines in the model process: they die with it, are called off, and leave memory with it."""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
from tests.instruments.model_processes import model_processes
from tests.instruments.shifting import MODEL, PARTS, PT, alone, eventually, in_threads, plan, ready, speak

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from adapters.hosts.conversion_messages import LONGEST_CALL_S
from voicecore.audio import Audio
from voicecore.errors import EngineCrashed, EngineFailed, InvalidAudio, NotFound, NotInstalled
from voicecore.registry import converter_provider
from voicecore.testing.contracts.voice_converter import buzz


@pytest.fixture
def host():
    host = ChildProcessHost()
    yield host
    host.close()


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
    with pytest.raises(NotInstalled, match=r"pull contentvec|voicecore\[rvc\]") as caught:
        host.converter("rvc")
    assert caught.value.message == converter_provider("rvc").problems()[0]


@pytest.mark.parametrize(
    ("trouble", "words"), [("fail", "told to fail"), ("memory", "MemoryError"), ("defect", "RuntimeError")]
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

    def took_s():
        converter = ready(host)

        def cancel():
            eventually(lambda: host._under_way is not None)
            told = time.monotonic()
            host.interrupt()
            return told

        def hang():
            with pytest.raises(EngineCrashed):
                converter.convert(buzz(2.5), MODEL)
            return time.monotonic()

        told, ended = in_threads(cancel, hang)
        return ended - told

    # Where all stands still just then, another time shows it.
    assert any(took_s() < 2.0 for _ in range(5))
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
