"""Promises 1 to 4, 8, 9 and 11 to 14: what becomes of jobs when processes, Redis, bells and clocks misbehave."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest
from tests.crash.cluster import PATIENCE_S, SHORT_LEASE_S, Program, until
from tests.crash.history import History
from tests.crash.texts import sentences

TEXT = sentences(20)


def undisturbed(deploy, text=TEXT):
    """The audio that a run without any trouble makes."""
    calm = deploy("calm")
    api = calm.api()
    calm.worker()
    job_id = api.submit(text)
    assert api.finished(job_id)["status"] == "completed"
    return api.sound(job_id)


def moment(text):
    return datetime.fromisoformat(text)


def test_01_an_accepted_job_survives_kill_9_of_everything(deploy):
    cluster = deploy(appendfsync="always")
    api = cluster.api()
    worker = cluster.worker(plan=cluster.held_at(4))
    history = History()
    for number in range(4):
        history.accepted(api.submit(sentences(10, str(number)), key=f"order {number}"))
    first = min(history.acknowledged)
    until(lambda: history.look(api.client, first), what="a sighting")
    until(lambda: any(api.done_segments(job_id) == 3 for job_id in history.acknowledged), what="work")
    # A last one, acknowledged in the very moment of the blow.
    history.accepted(api.submit("Até logo."))
    cluster.redis.kill()
    worker.kill()
    api.kill()
    cluster.redis.restart()
    assert cluster.end_leases(worker) == 1
    cluster.gate.touch()
    api.start()
    worker.start()
    history.settle(api.client, PATIENCE_S)
    history.check()
    assert {api.job(job_id)["status"] for job_id in history.acknowledged} == {"completed"}
    assert api.submit(sentences(10, "0"), key="order 0") in history.acknowledged


@pytest.mark.parametrize(
    "step", ["claimed", "planned", "some segments done", "audio and manifest stored, not finished"]
)
def test_02_a_worker_killed_mid_job_another_resumes_with_one_visible_result(deploy, step):
    cluster = deploy()
    api = cluster.api()
    # The plan is stored before the first sentence, and the claim before the plan.
    number = {"claimed": 1, "planned": 1, "some segments done": 11}.get(step, 20)
    # Once the lease of the dead one runs out by itself. It may do so before, too, if all stands still for so long.
    real = {"VOICECORE_LEASE_S": f"{SHORT_LEASE_S:g}"} if step == "some segments done" else {}
    first = cluster.worker(proxied=True, plan=cluster.held_at(number), **real)
    job_id = api.submit(TEXT)
    files = f"jobs+/{job_id}+"
    if step == "claimed":
        until(lambda: api.job(job_id)["status"] == "processing", what="the claim")
    elif step == "planned":
        until(lambda: cluster.blobs(f"{files}/plan.json"), what="the plan")
    else:
        api.stuck(job_id, number)
    if step.startswith("audio"):
        cluster.proxy.black_hole()
        cluster.gate.touch()
        until(lambda: cluster.blobs(f"{files}/a1+/manifest.json"), what="the manifest")
    before = api.done_segments(job_id)
    first.kill()
    killed = api.job(job_id)
    if not real:
        assert killed["attempt"] == cluster.end_leases(first) == 1
    cluster.worker()
    job = api.finished(job_id)
    assert (job["status"], job["attempt"]) == ("completed", killed["attempt"] + 1)
    assert job["segments"]["cached"] >= before
    assert api.sound(job_id) == undisturbed(deploy)
    assert job["audio_url"]
    assert len(cluster.blobs(f"{files}/a{job['attempt']}+/audio.wav")) == 1


def test_03_at_least_once_execution_exactly_once_publication(deploy):
    cluster = deploy()
    api = cluster.api()
    stalled = cluster.worker(proxied=True, plan=cluster.held_at(20))
    job_id = api.submit(TEXT)
    api.stuck(job_id, 20)
    # Everything is stored but the end: the worker stands still right before it publishes.
    cluster.proxy.black_hole()
    cluster.gate.touch()
    until(lambda: cluster.blobs(f"jobs+/{job_id}+/a1+/manifest.json"), what="the manifest")
    stalled.pause()
    assert cluster.end_leases(stalled) == 1
    cluster.worker()
    history = History()
    history.accepted(job_id)
    history.settle(api.client, PATIENCE_S)
    cluster.proxy.heal()
    stalled.resume()
    until(lambda: not cluster.blobs(f"jobs+/{job_id}+/a1+/*"), what="the sweep of what the stalled attempt wrote")
    until(lambda: history.look(api.client, job_id) == "completed", what="another look")
    history.check()
    assert api.job(job_id)["attempt"] == 2
    assert api.sound(job_id) == undisturbed(deploy)
    assert stalled.alive


@pytest.mark.parametrize("trouble", ["stopped", "killed", "black hole"])
def test_04_a_redis_outage_loses_nothing_workers_reconnect_and_the_api_answers_503_meanwhile(deploy, trouble):
    # Ten minutes, so that no pause of a busy machine makes the outage longer than a lease.
    cluster = deploy(VOICECORE_LEASE_S="600")
    api = cluster.api(proxied=True)
    worker = cluster.worker(proxied=True, plan=cluster.held_at(21))
    running = api.submit(sentences(40))
    waiting = api.submit("Bom dia.")
    api.stuck(running, 21)
    pids = (api.pid, worker.pid)
    begin = {"stopped": cluster.redis.stop, "killed": cluster.redis.kill, "black hole": cluster.proxy.black_hole}[
        trouble
    ]
    begin()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        refused = api.client.post("/jobs", json={"mode": "dubbing", "text": "Olá.", "source_language": "pt-BR"})
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert api.client.get("/live").status_code == 200
        assert not api.ready()
        # In the middle of the outage the job goes on, and has progress that nobody takes.
        cluster.gate.touch()
        time.sleep(0.2)
    if trouble == "black hole":
        cluster.proxy.heal()
    else:
        cluster.redis.restart()
    until(api.ready, what="readiness")
    for job_id in (running, waiting):
        job = api.finished(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
    assert (api.pid, worker.pid) == pids
    assert api.alive
    assert worker.alive
    after = api.submit("Depois de tudo.")
    assert api.finished(after)["status"] == "completed"


@pytest.mark.parametrize("victim", ["the model's process", "the worker itself"])
def test_08_a_job_that_kills_its_worker_runs_three_times_then_fails_as_poisoned_others_go_on(deploy, victim):
    cluster = deploy()
    api = cluster.api()
    if victim == "the model's process":
        cluster.worker(plan={"exit_on": "veneno"})
        bad = api.submit("Isto é veneno para o processo.")
    else:
        bad = api.submit("Isto dura muito. " * 3, engine="tone")
        for attempt in (1, 2, 3):
            worker = cluster.worker(plan={"hang_on": "Isto dura muito."})
            until(lambda: (job := api.job(bad))["status"] == "processing" and job["attempt"] == attempt, what="a claim")  # noqa: B023
            cluster.kill(worker)
        cluster.worker()
    good = api.submit("Isto não é.")
    job = api.finished(bad)
    assert (job["status"], job["error_code"], job["attempt"]) == ("failed", "poisoned", 3)
    assert api.finished(good)["status"] == "completed"


def test_09_a_hung_engine_is_killed_at_its_deadline_and_the_slot_returns(deploy):
    # The limit is also that of the job after it, which has to wait for a new process of the model.
    cluster = deploy(VOICECORE_JOB_TIMEOUT_S="12")
    api = cluster.api()
    worker = cluster.worker(plan={"hang_on": "trava"})
    hung = api.submit("Isto trava para sempre.")
    until(lambda: api.job(hung)["status"] == "processing", what="the claim")
    model = until(worker.children, what="the model's process")[0]
    waiting = api.submit("Bom dia.")
    job = api.finished(hung)
    assert (job["status"], job["error_code"], job["attempt"]) == ("failed", "deadline_exceeded", 1)
    assert api.finished(waiting)["status"] == "completed"
    assert not model.is_running()
    assert worker.alive


@pytest.mark.parametrize("grace", ["long enough", "too short"])
def test_11_sigterm_takes_no_new_claims_finishes_or_hands_back_within_the_grace_and_exits_0(deploy, grace):
    cluster = deploy(VOICECORE_DRAIN_S="600" if grace == "long enough" else "0.5")
    api = cluster.api()
    # One job goes on when the signal has been heard, and ends soon; the other would need half a minute.
    held = cluster.held_at(4) if grace == "long enough" else {}
    worker = cluster.worker(plan={"step_s": 0.15, **held})
    running, waiting = api.submit(sentences(20 if held else 200)), api.submit("Bom dia.")
    until(lambda: api.done_segments(running) >= 3, what="work")
    worker.process.send_signal(signal.SIGTERM)
    if held:
        until(lambda: '"draining"' in worker.logged(), what="the signal's handling")
        cluster.gate.touch()
    assert worker.process.wait(PATIENCE_S) == 0
    job = api.job(running)
    assert (job["status"], job["attempt"]) == (("completed", 1) if grace == "long enough" else ("queued", 1))
    assert api.job(waiting)["status"] == "queued"
    cluster.worker()
    job = api.finished(running)
    assert job["status"] == "completed"
    assert job["attempt"] == (1 if grace == "long enough" else 2)
    assert api.finished(waiting)["attempt"] == 1
    assert api.terminate() == 0


def test_12_cancel_is_at_once_when_queued_within_2_s_when_running_idempotent_and_never_published(deploy):
    cluster = deploy()
    api = cluster.api()
    cluster.worker(plan={"step_s": 0.3})
    freed_s = []
    # Half a second on a quiet machine. Where all stands still just then, another time shows it.
    while not freed_s or (freed_s[-1] > 2 and len(freed_s) < 5):
        running, queued, after = api.submit(sentences(200)), api.submit("Bom dia."), api.submit("Boa noite.")
        until(lambda: api.done_segments(running) >= 2, what="work")  # noqa: B023
        for _ in range(2):
            assert api.client.post(f"/jobs/{queued}/cancel").json()["status"] == "cancelled"
        for _ in range(2):
            assert api.client.post(f"/jobs/{running}/cancel").json()["status"] == "cancelled"
        done = api.finished(after)
        assert done["status"] == "completed"
        freed_s.append((moment(done["started_at"]) - moment(api.job(running)["completed_at"])).total_seconds())
    assert freed_s[-1] <= 2, freed_s
    for job_id in (running, queued):
        assert api.job(job_id)["status"] == "cancelled"
        assert api.client.get(f"/jobs/{job_id}/download").status_code == 409
    until(lambda: not cluster.blobs(f"jobs+/{running}+/a*/*"), what="the sweep of the cancelled attempt")
    assert api.client.post(f"/jobs/{after}/cancel").status_code == 409


@pytest.mark.parametrize("bell", ["lost", "rung forty times"])
def test_13_the_doorbell_may_be_lost_or_doubled(deploy, bell):
    from adapters.queues.arq import ArqDoorbell
    from adapters.redisclient import connect
    from voicecore.job import JobId

    cluster = deploy()
    api = cluster.api()
    jobs = [api.submit(sentences(3, str(number))) for number in range(5)]
    if bell == "lost":
        client = connect(cluster.redis.url)
        rings = list(client.scan_iter("voicecore:arq:*"))
        assert rings
        client.delete(*rings)
        client.close()
        cluster.worker()
        # And one that is lost while the worker waits for it.
        jobs += [api.submit(sentences(3, "perdida"))]
    else:
        cluster.worker(slots=2)
        ringer = ArqDoorbell(cluster.redis.url, "voicecore")
        for _ in range(8):
            for job_id in jobs:
                ringer.ring(JobId(job_id), "tone")
        ringer.close()
    for job_id in jobs:
        job = api.finished(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)


_WORKER_WITH_ANOTHER_CLOCK = """
import signal
from datetime import timedelta
from entrypoints.container import build
from entrypoints.settings import load
from voicecore.system import SystemClock

class Jumping(SystemClock):
    offset = timedelta(hours={hours})
    def now(self):
        return super().now() + self.offset

def jump(*_):
    Jumping.offset = -Jumping.offset
    print('"jumped"', flush=True)

clock = Jumping()
signal.signal(signal.SIGUSR1, jump)
container = build(load())
container.clock.override(clock)
with container.worker():
    print('"working"', flush=True)
    while True:
        signal.pause()
"""


class WorkerInAnotherTime(Program):
    """A worker whose time of day is off by hours, and jumps by twice as much at SIGUSR1."""

    def __init__(self, hours, environment, log):
        super().__init__([], environment, log)
        self._script = _WORKER_WITH_ANOTHER_CLOCK.format(hours=hours)

    def start(self):
        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-c", self._script], env=self._environment, stdout=sink, stderr=sink
            )


def test_14_clock_jumps_do_not_run_a_job_twice(deploy):
    cluster = deploy()
    api = cluster.api()
    environment = cluster.environment(plan=cluster.held_at(11), VOICECORE_WORKER_ENGINES="tone")
    ahead, behind = (
        cluster._started(WorkerInAnotherTime(hours, environment, cluster.folder / f"clock{hours}.log"))
        for hours in (1, -1)
    )
    for worker in (ahead, behind):
        until(lambda: '"working"' in worker.logged(), what="the start of the worker")  # noqa: B023
    jobs = [api.submit(sentences(20, str(number))) for number in range(4)]
    # Both jump by two hours in the middle of their jobs.
    until(lambda: sum(api.done_segments(job_id) == 10 for job_id in jobs) == 2, what="both at work")
    for worker in (ahead, behind):
        worker.process.send_signal(signal.SIGUSR1)
        until(lambda: '"jumped"' in worker.logged(), what="the jump")  # noqa: B023
    cluster.gate.touch()
    for job_id in jobs:
        job = api.finished(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
