"""Speech and recordings converted in a process of their own, which dies, hangs, or is ended meanwhile."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import request
from tests.usecases.test_converting_recordings import send, sound
from tests.usecases.test_converting_speech import ask, plain_sound

from adapters.hosts import ChildProcessHost, SharedHost
from voicecore.conversion import ConversionSettings
from voicecore.job import JobStatus
from voicecore.testing.shifter import PLAN_VARIABLE
from voicecore.testing.tone import PLAN_VARIABLE as TONE_VARIABLE

KEEP = timedelta(hours=24)


@pytest.fixture
def child():
    host = ChildProcessHost()
    yield host
    host.close()


@pytest.fixture
def trouble(monkeypatch):
    monkeypatch.setenv(TONE_VARIABLE, json.dumps({"segment_limit": 60}))

    def plan(**fields):
        monkeypatch.setenv(PLAN_VARIABLE, json.dumps(fields))

    plan()
    return plan


def run_in_thread(run):
    thread = threading.Thread(target=run, args=("worker",))
    thread.start()
    return thread


def conversions(host):
    """How many the host was asked for, from now on; a list that grows."""
    truth, asked = host.call, []

    def call(process, frame):
        if frame.head["call"] == "convert":
            asked.append(frame)
        return truth(process, frame)

    host.call = call
    return asked


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_speech_converted_there_is_the_speech_converted_here(house, child, trouble):
    trouble()
    first, second = ask(house), ask(house)
    assert house.worker(child)("worker")
    house.purge.cache.shed()
    assert house.run("worker")
    there, here = (house.audio(house.store.get(job.id)).samples for job in (first, second))
    assert np.array_equal(there, here)


def test_a_recording_converted_there_is_the_recording_converted_here(house, child, trouble):
    trouble()
    first, second = send(house, sound(40.0)), send(house, sound(40.0))
    assert house.worker(child)("worker")
    assert house.run("worker")
    there, here = (house.audio(house.store.get(job.id)).samples for job in (first, second))
    assert np.array_equal(there, here)


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("shared", [False, True])
def test_a_process_that_dies_of_converting_leaves_the_job_its_plain_voice(house, child, trouble, shared, after):
    trouble(trouble="exit", after=after)
    job = ask(house)
    assert house.worker(SharedHost(child).slot() if shared else child)("worker")
    job = house.store.get(job.id)
    assert (job.status, job.tries) == (JobStatus.COMPLETED, 0)
    assert job.result.conversion_applied is False
    assert job.result.conversion_fallback
    assert np.array_equal(house.audio(job).samples, plain_sound(house))


def test_a_process_that_dies_of_a_recording_fails_its_job_in_the_end_and_nothing_stays(house, child, trouble):
    trouble(trouble="exit")
    job = send(house)
    run = house.worker(child)
    for _ in range(house.limits.max_tries):
        assert run("worker")
    job = house.store.get(job.id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "poisoned")
    assert house.stored("uploads/") == house.stored("jobs/") == []


@pytest.mark.parametrize("make", [ask, lambda house: send(house, sound(70.0))], ids=["speech", "recording"])
def test_a_job_that_is_cancelled_while_its_conversion_hangs_ends_and_the_next_one_runs(house, child, trouble, make):
    trouble(trouble="hang", after=1)
    job, asked = make(house), conversions(child)
    run = house.worker(child)
    thread = run_in_thread(run)
    # The second part hangs in the process, which only force ends.
    until(lambda: len(asked) == 2 and child._under_way is not None and house.store.get(job.id).segments.done == 1)
    first = child.pid
    house.store.cancel(job.id, KEEP)
    thread.join(60)
    assert not thread.is_alive()
    assert house.store.get(job.id).status is JobStatus.CANCELLED
    assert house.stored(f"jobs/{job.id}/a") == house.stored("uploads/") == []
    trouble()
    after = make(house)
    assert run("worker")
    assert child.pid != first
    assert house.store.get(after.id).result.conversion_applied is True


def test_a_job_whose_conversion_hangs_fails_at_its_time_limit_and_keeps_no_plain_voice_in_secret(
    make_house, child, trouble
):
    house = make_house(limits={"job_timeout": timedelta(seconds=30)})
    trouble(trouble="hang", after=1)
    job, asked = ask(house), conversions(child)
    thread = run_in_thread(house.worker(child))
    until(lambda: len(asked) == 2 and child._under_way is not None)
    house.clock.advance(timedelta(seconds=10))
    house.clock.advance(timedelta(seconds=10))
    house.clock.advance(timedelta(seconds=11))
    thread.join(60)
    assert not thread.is_alive()
    job = house.store.get(job.id)
    assert (job.status, job.error.code) == (JobStatus.FAILED, "deadline_exceeded")


def test_two_jobs_that_share_a_process_each_get_their_voice(house, child, trouble):
    trouble(room=1)
    shared = SharedHost(child)
    models = [house.model("Um"), house.model("Dois", gain=0.9, sample_rate_hz=48_000)]
    jobs = [
        house.submit(request(f"Esta é a voz {model.name}.", conversion=ConversionSettings(model_id=model.id)))
        for model in models
    ]
    threads = [run_in_thread(house.worker(shared.slot())) for _ in jobs]
    for thread in threads:
        thread.join(60)
    results = [house.store.get(job.id).result for job in jobs]
    assert [(each.conversion_applied, each.sample_rate_hz) for each in results] == [(True, 32_000), (True, 48_000)]
