"""The loop of a slot, and a crew of several."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from adapters.queues.memory import MemoryDoorbell
from voicecore.errors import StorageUnavailable
from voicecore.usecases.chore import Chore
from voicecore.usecases.crew import Crew, Slot
from voicecore.usecases.runner import Runner


@pytest.fixture
def make_runner():
    made = []

    def make(run_one=lambda _name: False, interrupt=lambda: None, doorbell=None, **changes):
        settings = {"poll_s": 0.01, **changes}
        made.append(Runner("worker", doorbell or MemoryDoorbell(), run_one, interrupt, **settings))
        return made[-1]

    yield make
    for runner in made:
        runner.stop(5)


@pytest.mark.parametrize("error", [StorageUnavailable(), RuntimeError("a defect")])
def test_the_loop_does_not_end_with_an_error(make_runner, error):
    ran = []

    def fail(_name):
        ran.append(True)
        raise error

    runner = make_runner(run_one=fail)
    runner.start()
    _until(lambda: len(ran) >= 3)
    assert runner.alive


def test_stopping_interrupts_a_job_that_outlasts_the_grace_and_may_be_done_twice(make_runner):
    began, interrupted = threading.Event(), threading.Event()

    def run_one(_name):
        began.set()
        return interrupted.wait(60)

    runner = make_runner(run_one=run_one, interrupt=interrupted.set)
    runner.start()
    assert began.wait(60)
    runner.stop(0.05)
    assert interrupted.is_set()
    assert not runner.alive
    runner.stop(0.05)


def test_a_job_that_no_interruption_ends_is_left_behind(make_runner, caplog):
    began, free = threading.Event(), threading.Event()

    def run_one(_name):
        began.set()
        return free.wait(60)

    runner = make_runner(run_one=run_one, last_s=0.05)
    runner.start()
    assert began.wait(60)
    runner.stop(0.05)
    assert "left behind" in caplog.text
    free.set()


def test_a_runner_that_was_stopped_before_it_started_runs_nothing(make_runner):
    ran = []
    runner = make_runner(run_one=lambda _name: ran.append(True) or False)
    runner.stop(1)
    runner.start()
    runner.stop(1)
    assert not ran


def test_a_bell_that_cannot_wait_does_not_make_the_loop_spin(make_runner):
    class Broken(MemoryDoorbell):
        def wait(self, timeout_s):
            return False

    ran = []
    runner = make_runner(run_one=lambda _name: ran.append(True) and False, doorbell=Broken(), poll_s=30.0)
    runner.start()
    _until(lambda: ran)
    time.sleep(0.1)
    assert len(ran) == 1
    runner.stop(5)
    assert not runner.alive


# --- chores -----------------------------------------------------------------------------------------------
def test_a_chore_goes_on_after_an_error():
    done = []

    def fail():
        done.append(True)
        raise RuntimeError("a defect")

    chore = Chore("tidy", fail, every_s=0.01)
    chore.start()
    _until(lambda: len(done) >= 3)
    chore.stop()


@pytest.mark.parametrize("restful", [True, False])
def test_a_restful_chore_takes_a_small_share_of_the_time_however_long_it_lasts(restful):
    times = []

    def tidy():
        began = time.monotonic()
        time.sleep(0.02)
        times.append((began, time.monotonic()))

    chore = Chore("tidy", tidy, every_s=0.01, restful=restful)
    chore.start()
    _until(lambda: len(times) >= (2 if restful else 8))
    chore.stop()
    # In lengths of the one before. A busy machine makes a rest longer, never shorter; and not all of them.
    rests = [(after - end) / (end - began) for (began, end), (after, _) in itertools.pairwise(times)]
    assert (min(rests) >= 20) == restful


# --- a crew -----------------------------------------------------------------------------------------------
@dataclass
class SlowJob:
    """Stands in for `RunJob`: runs until it is told to hand back, and then stops its engine, which may wait for something."""

    stopping: Callable[[], object] = lambda: None
    renewing: bool = True
    began: threading.Event = field(default_factory=threading.Event)
    told: threading.Event = field(default_factory=threading.Event)
    host: object = None
    events: list = field(default_factory=list)

    def __call__(self, _name):
        self.began.set()
        self.told.wait(60)
        self.stopping()
        self.events.append("ended")
        return True

    @property
    def busy(self):
        return self.began.is_set() and not self.told.is_set()

    def shut_down(self):
        if not self.told.is_set():
            self.events.append("told")
        self.told.set()


def _crew(jobs, chores=(), **changes):
    doorbell = MemoryDoorbell()
    slots = [Slot(Runner(f"slot-{n}", doorbell, job, job.shut_down, 0.01), job) for n, job in enumerate(jobs)]
    return Crew(slots, list(chores), doorbell, **changes)


def test_slots_that_outlast_the_grace_are_stopped_at_the_same_time_not_one_after_the_other():
    events = []
    # Each stops only when all of them stop.
    together = threading.Barrier(6)
    jobs = [SlowJob(stopping=lambda: together.wait(60), events=events) for _ in range(6)]
    crew = _crew(jobs)
    crew.start()
    assert all(job.began.wait(60) for job in jobs)
    crew.stop(0.05)
    assert "told" not in events[events.index("ended") :]
    assert events.count("ended") == len(jobs)
    assert not crew.alive


@dataclass
class StuckJob:
    """Runs on whatever it is told, as where a disk answers nobody."""

    free: threading.Event
    told: int = 0
    began: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _name):
        self.began.set()
        return self.free.wait(60)

    def shut_down(self):
        self.told += 1


def test_slots_that_never_end_are_waited_for_together_and_only_once(caplog):
    free = threading.Event()
    jobs = [StuckJob(free) for _ in range(4)]
    crew = _crew(jobs)
    for slot in crew.slots:
        slot.runner.last_s = 0.2
    crew.start()
    assert all(job.began.wait(60) for job in jobs)
    crew.stop(0.05)
    told = [job.told for job in jobs]
    assert min(told) >= 1
    assert max(told) == min(told)
    assert caplog.text.count("left behind") == len(jobs)
    crew.stop(0.05)
    assert [job.told for job in jobs] == told
    free.set()


def test_who_did_not_hear_it_is_told_again():
    class Deaf(StuckJob):
        def shut_down(self):
            super().shut_down()
            if self.told == 2:
                self.free.set()

    jobs = [Deaf(threading.Event()) for _ in range(2)]
    crew = _crew(jobs)
    for slot in crew.slots:
        slot.runner.last_s = 60.0
    crew.start()
    assert all(job.began.wait(60) for job in jobs)
    crew.stop(0.05)
    assert not crew.alive


def test_a_crew_says_how_many_of_its_slots_are_busy_and_whether_all_leases_are_renewed():
    jobs = [SlowJob(), SlowJob(renewing=False)]
    crew = _crew(jobs)
    assert not crew.alive
    crew.start()
    assert all(job.began.wait(60) for job in jobs)
    assert crew.alive
    assert crew.busy == 2
    assert not crew.renewing
    crew.stop(0.0)
    assert crew.busy == 0


def test_a_crew_without_slots_is_alive_and_renews():
    crew = _crew([])
    crew.start()
    assert crew.alive
    assert crew.renewing
    crew.stop(1)


def test_the_farewell_comes_last_and_once_even_if_it_fails():
    said = []

    def farewell():
        said.append("farewell")
        raise StorageUnavailable

    chore = Chore("announce", lambda: said.append("here"), every_s=60)
    crew = _crew([], [chore], farewell=farewell)
    crew.start()
    _until(lambda: said)
    crew.stop(1)
    crew.stop(1)
    assert said == ["here", "farewell"]


def _until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
