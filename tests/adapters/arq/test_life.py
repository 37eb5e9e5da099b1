"""The doorbell's thread: it comes with the first use and leaves nothing behind; and what it needs of arq is there."""

from __future__ import annotations

import gc
import inspect
import logging
import os
import signal
import subprocess
import sys
import threading
from importlib.metadata import version

import pytest
from arq.worker import Worker

from adapters.queues.arq import ArqDoorbell, ClockChore
from adapters.queues.arq.bench import Bench
from tests.adapters.arq.slots import PATIENCE_S, Slots, until
from tests.instruments.redis_server import shared_server
from voicecore.job import JobId


def doorbell_threads() -> int:
    return sum(thread.name == "doorbell" for thread in threading.enumerate())


def test_arq_still_has_what_the_doorbell_needs_of_its_inside():
    sentence = (
        "This arq is not the one that the doorbell was written for: it calls Worker._poll_iteration() beside "
        "Worker.main(), and reads tasks, job_counter, max_jobs and allow_pick_jobs. Read arq's worker.py again."
    )
    assert version("arq") == "0.28.0", sentence
    assert inspect.iscoroutinefunction(getattr(Worker, "_poll_iteration", None)), sentence
    assert list(inspect.signature(Worker._poll_iteration).parameters) == ["self"], sentence
    made = inspect.getsource(Worker.__init__)
    assert all(f"self.{name}" in made for name in ("tasks", "job_counter", "max_jobs", "allow_pick_jobs")), sentence


def test_nothing_runs_before_the_first_use_or_after_closing(make_doorbell):
    doorbell = make_doorbell("tone", chores=[ClockChore(name="x", do=int, every_s=60)])
    assert doorbell_threads() == 0
    doorbell.ring(JobId("job_1"), "tone")
    assert doorbell_threads() == 1
    assert doorbell.wait(PATIENCE_S)
    doorbell.close()
    doorbell.close()
    assert doorbell_threads() == 0


def test_closing_an_unused_doorbell_starts_nothing_not_even_later(make_doorbell):
    doorbell = make_doorbell("tone")
    doorbell.close()
    doorbell.ring(JobId("job_1"), "tone")
    assert not doorbell.wait(3600)
    assert not doorbell.healthy
    doorbell.start()
    assert doorbell_threads() == 0


@pytest.mark.parametrize("used", [lambda bell: bell.start(), lambda bell: bell.ring(JobId("job_1"), "tone"),
                                  lambda bell: bell.wait(0.0), lambda bell: bell.healthy])  # fmt: skip
def test_closing_right_after_any_use_leaves_no_thread_and_no_task(make_doorbell, used, caplog):
    for _ in range(10):
        doorbell = make_doorbell("tone", "kokoro")
        used(doorbell)
        doorbell.close()
        assert doorbell_threads() == 0
    gc.collect()
    assert "destroyed" not in caplog.text
    assert "never retrieved" not in caplog.text


def test_closing_while_slots_wait_and_others_ring_ends_all_waits(make_doorbell, caplog):
    doorbell, door = make_doorbell("tone"), make_doorbell()
    stop = threading.Event()

    def ring() -> None:
        while not stop.is_set():
            door.ring(JobId("job_1"), "tone")
            doorbell.ring(JobId("job_2"), "tone")
            stop.wait(0.001)

    ringing = threading.Thread(target=ring)
    ringing.start()
    with Slots(doorbell, 4, poll_s=0.1) as slots:
        assert until(lambda: slots.woken > 50)
        doorbell.close()
    stop.set()
    ringing.join()
    assert "Traceback" not in caplog.text


def test_no_connection_stays_open(make_doorbell, redis):
    before = redis.info("clients")["connected_clients"]
    for _ in range(3):
        doorbell = make_doorbell("tone", "kokoro")
        doorbell.ring(JobId("job_1"), "tone")
        assert doorbell.wait(PATIENCE_S)
        doorbell.close()
    assert until(lambda: redis.info("clients")["connected_clients"] <= before)


def test_a_process_that_never_closes_its_doorbell_still_ends(tmp_path):
    code = (
        "import sys; from adapters.queues.arq import ArqDoorbell; from voicecore.job import JobId\n"
        "bell = ArqDoorbell(sys.argv[1], 'forgotten', engines=['tone'])\n"
        "bell.ring(JobId('job_1'), 'tone')\n"
        "assert bell.wait(20)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, shared_server().url], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_signals_stay_with_the_process(make_doorbell):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append(1))
    try:
        doorbell = make_doorbell("tone")
        doorbell.ring(JobId("job_1"), "tone")
        assert doorbell.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGTERM)
        assert until(lambda: heard == [1])
        doorbell.ring(JobId("job_2"), "tone")
        assert doorbell.wait(PATIENCE_S)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_chatter_of_arq_stays_out_of_our_log(make_doorbell, caplog):
    with caplog.at_level(logging.INFO):
        doorbell = make_doorbell("tone")
        doorbell.ring(JobId("job_1"), "tone")
        assert doorbell.wait(PATIENCE_S)
        doorbell.close()
    assert caplog.text == ""


def test_a_healthy_doorbell_says_so_from_the_start(make_doorbell):
    assert make_doorbell().healthy
    assert make_doorbell("tone").healthy
    nowhere = make_doorbell(url="redis://127.0.0.1:1/0")
    assert not nowhere.healthy


def test_a_call_reaches_exactly_one_of_those_who_wait():
    bench = Bench()
    assert not bench.call()
    got = []
    waits = [threading.Thread(target=lambda: got.append(bench.wait(PATIENCE_S))) for _ in range(3)]
    for wait in waits:
        wait.start()
    assert until(lambda: bench.waiting == 3)
    assert bench.call()
    assert until(lambda: got == [True])
    assert bench.waiting == 2
    bench.close()
    for wait in waits:
        wait.join()
    assert sorted(got) == [False, False, True]
    assert not bench.call()


def test_calls_and_waits_that_run_out_never_miss_each_other():
    bench, stop = Bench(), threading.Event()
    counts = [0] * 4

    def wait(number: int) -> None:
        while not stop.is_set():
            counts[number] += bench.wait(0.0005)

    waits = [threading.Thread(target=wait, args=(number,)) for number in range(4)]
    for thread in waits:
        thread.start()
    calls = 0
    while calls < 2_000:
        calls += bench.call()
    stop.set()
    for thread in waits:
        thread.join()
    assert sum(counts) == calls


def test_two_prefixes_in_one_redis_do_not_hear_each_other(make_doorbell, prefix):
    other = ArqDoorbell(shared_server().url, f"{prefix}-other", engines=["tone"])
    try:
        make_doorbell().ring(JobId("job_1"), "tone")
        assert not other.wait(0.5)
        assert make_doorbell("tone").wait(PATIENCE_S)
    finally:
        other.close()
