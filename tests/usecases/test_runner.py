"""The worker's loop and the housekeeping beside it."""

from __future__ import annotations

import threading
import time

import pytest

from adapters.queues.memory import MemoryDoorbell
from voicecore.errors import StorageUnavailable
from voicecore.usecases.runner import Runner


@pytest.fixture
def make_runner():
    made = []

    def make(run_one=lambda _name: False, tidy=lambda: None, interrupt=lambda: None, **changes):
        settings = {"poll_s": 0.01, "tidy_every_s": 0.01, **changes}
        made.append(Runner("worker", MemoryDoorbell(), run_one, interrupt, tidy, **settings))
        return made[-1]

    yield make
    for runner in made:
        runner.stop(5)


def test_the_house_is_kept_clean_though_the_queue_is_never_empty(make_runner):
    tidied = threading.Event()
    runner = make_runner(run_one=lambda _name: time.sleep(0.001) or True, tidy=tidied.set)
    runner.start()
    assert tidied.wait(5)


def test_jobs_do_not_wait_for_the_cleaning(make_runner):
    cleaning, ended, ran = threading.Event(), threading.Event(), threading.Event()

    def tidy():
        cleaning.set()
        ended.wait(10)

    def run_one(_name):
        if cleaning.is_set():
            ran.set()
        return False

    runner = make_runner(run_one=run_one, tidy=tidy)
    runner.start()
    assert ran.wait(5)
    assert cleaning.is_set()
    ended.set()


def test_cleaning_takes_a_small_share_of_the_time_however_long_it_lasts(make_runner):
    times = []

    def tidy():
        times.append(time.monotonic())
        time.sleep(0.05)

    runner = make_runner(tidy=tidy)
    runner.start()
    time.sleep(0.5)
    assert len(times) == 1


@pytest.mark.parametrize("error", [StorageUnavailable(), RuntimeError("a defect")])
def test_neither_the_loop_nor_the_cleaning_ends_with_an_error(make_runner, error):
    ran, tidied = [], []

    def fail(into):
        into.append(True)
        raise error

    runner = make_runner(run_one=lambda _name: fail(ran), tidy=lambda: fail(tidied))
    runner.start()
    end = time.monotonic() + 5
    while (len(ran) < 3 or len(tidied) < 3) and time.monotonic() < end:
        time.sleep(0.01)
    assert len(ran) >= 3
    assert len(tidied) >= 3
    assert runner.alive


def test_stopping_interrupts_a_job_that_outlasts_the_grace_and_may_be_done_twice(make_runner):
    began, interrupted = threading.Event(), threading.Event()

    def run_one(_name):
        began.set()
        return interrupted.wait(10)

    runner = make_runner(run_one=run_one, interrupt=interrupted.set)
    runner.start()
    assert began.wait(5)
    runner.stop(0.05)
    assert interrupted.is_set()
    assert not runner.alive
    runner.stop(0.05)


def test_a_runner_that_was_stopped_before_it_started_runs_nothing(make_runner):
    ran = []
    runner = make_runner(run_one=lambda _name: ran.append(True) or False, tidy=lambda: ran.append(True))
    runner.stop(1)
    runner.start()
    runner.stop(1)
    assert not ran
