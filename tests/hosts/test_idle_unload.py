"""What an idle host gives back, and when."""

from __future__ import annotations

import random
import threading
import time

import psutil
import pytest
from tests.instruments.model_processes import model_processes

from adapters.hosts import ChildProcessHost, SharedHost
from voicecore.errors import EngineCrashed
from voicecore.language import Language

PT = Language("pt", "BR")
SOON_S = 0.3
PATIENCE_S = 60.0


@pytest.fixture
def host():
    host = ChildProcessHost(idle_unload_s=SOON_S)
    yield host
    host.close()


def eventually(look):
    until = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_idle_process_is_ended_and_the_next_job_has_a_new_one(host):
    host.engine("tone")
    child = psutil.Process(host.pid)
    assert "tone" in host.gauges()
    host.rest()
    eventually(lambda: host.pid is None)
    eventually(lambda: not child.is_running())  # it is forgotten first, and then waited for
    assert host.gauges() == {}
    assert host.alive()
    assert host.engine("tone").measure("bom dia", PT) == 7
    assert host.pid != child.pid


def test_without_a_time_to_unload_what_is_loaded_stays():
    host = ChildProcessHost()
    try:
        host.engine("tone")
        first = host.pid
        host.rest()
        time.sleep(2 * SOON_S)
        assert host.pid == first
    finally:
        host.close()


def test_a_job_that_comes_in_time_keeps_what_is_loaded_however_long_it_takes(host):
    host.engine("tone")
    first = host.pid
    with host._life:  # so that a pause of this machine does not make it late
        host.rest()
        engine = host.engine("tone")
    time.sleep(3 * SOON_S)
    assert engine.measure("bom dia", PT) == 7
    assert host.pid == first


def test_each_rest_begins_the_time_again(host):
    host.engine("tone")
    times = []
    with host._life:  # so that none of them is over meanwhile
        for _ in range(6):
            host.rest()
            times.append(host._unloading)
        assert [each.finished.is_set() for each in times] == [True] * 5 + [False]
        assert {each.interval for each in times} == {SOON_S}
        assert host.pid is not None
    eventually(lambda: host.pid is None)


def test_a_rest_before_the_first_job_starts_nothing(host):
    host.rest()
    assert host.pid is None


def test_an_engine_of_before_the_unloading_says_that_its_process_is_gone(host):
    engine = host.engine("tone")
    host.rest()
    eventually(lambda: host.pid is None)
    with pytest.raises(EngineCrashed):
        engine.measure("x", PT)


def test_a_closed_host_has_nothing_left_to_unload(host):
    host.engine("tone")
    host.rest()
    host.close()
    other = ChildProcessHost()
    try:
        other.engine("tone")
        time.sleep(2 * SOON_S)
        assert other.pid is not None
    finally:
        other.close()


def test_a_job_that_comes_when_the_unloading_was_about_to_begin_comes_first(host):
    host.engine("tone")
    first = host.pid
    with host._life:
        host.rest()
        # The time is over, and the unloading waits for the lock.
        time.sleep(2 * SOON_S)
        engine = host.engine("tone")
    time.sleep(SOON_S)
    assert engine.measure("bom dia", PT) == 7
    assert host.pid == first


def test_jobs_that_come_in_the_very_moment_of_unloading_always_get_a_living_engine():
    host = ChildProcessHost(idle_unload_s=0.02)
    chance = random.Random(7)
    try:
        for _ in range(25):
            engine = host.engine("tone")
            assert engine.measure("bom dia", PT) == 7
            host.rest()
            time.sleep(chance.uniform(0.01, 0.03))
    finally:
        host.close()
    assert model_processes() == []


def test_a_shared_process_is_ended_only_when_every_slot_rests():
    host = ChildProcessHost(idle_unload_s=SOON_S)
    shared = SharedHost(host)
    one, two = shared.slot(), shared.slot()
    try:
        one.engine("tone")
        engine = two.engine("tone")
        first = host.pid
        one.rest()
        time.sleep(3 * SOON_S)
        assert engine.measure("bom dia", PT) == 7
        assert host.pid == first
        two.rest()
        eventually(lambda: host.pid is None)
        assert one.gauges() == {}
        assert one.engine("tone").measure("bom dia", PT) == 7
    finally:
        one.close()
        two.close()


def test_slots_that_rest_and_come_again_all_the_time_never_get_an_engine_that_ends():
    shared = SharedHost(ChildProcessHost(idle_unload_s=0.02))
    slots = [shared.slot() for _ in range(3)]
    failures = []

    def work(slot, seed):
        chance = random.Random(seed)
        try:
            for _ in range(12):
                assert slot.engine("tone").measure("bom dia", PT) == 7
                slot.rest()
                time.sleep(chance.uniform(0.0, 0.06))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(slot, seed)) for seed, slot in enumerate(slots)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for slot in slots:
        slot.close()
    assert failures == []
    assert model_processes() == []
