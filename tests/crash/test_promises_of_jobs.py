"""Promises 1 to 4, 8, 9 and 11 to 14: what becomes of jobs when processes, Redis, bells and clocks misbehave."""

from __future__ import annotations

import sys
import time
from datetime import datetime

import pytest
from tests.crash.cluster import LEASE_S, Program, until
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
    worker = cluster.worker(plan={"step_s": 0.05})
    history = History()
    for number in range(4):
        history.accepted(api.submit(sentences(10, str(number)), key=f"order {number}"))
    first = min(history.acknowledged)
    until(lambda: history.look(api.client, first), what="a sighting")
    until(lambda: any(api.done_segments(job_id) >= 3 for job_id in history.acknowledged), what="work")
    # A last one, acknowledged in the very moment of the blow.
    history.accepted(api.submit("Até logo."))
    cluster.redis.kill()
    worker.kill()
    api.kill()
    cluster.redis.restart()
    api.start()
    worker.start()
    history.settle(api.client, 90)
    history.check()
    assert {api.job(job_id)["status"] for job_id in history.acknowledged} == {"completed"}
    assert api.submit(sentences(10, "0"), key="order 0") in history.acknowledged


@pytest.mark.parametrize(
    "step", ["claimed", "planned", "some segments done", "audio and manifest stored, not finished"]
)
def test_02_a_worker_killed_mid_job_another_resumes_with_one_visible_result(deploy, step):
    # Long enough for a busy machine to speak the rest while the store is away.
    cluster = deploy(VOICECORE_LEASE_S="8")
    api = cluster.api()
    first = cluster.worker(proxied=True, plan={"step_s": 0.05})
    job_id = api.submit(TEXT)
    files = f"jobs+/{job_id}+"
    if step == "claimed":
        until(lambda: api.job(job_id)["status"] == "processing", what="the claim")
    elif step == "planned":
        until(lambda: cluster.blobs(f"{files}/plan.json"), what="the plan")
    else:
        until(lambda: api.done_segments(job_id) >= 10, what="half of the job")
    if step.startswith("audio"):
        cluster.proxy.black_hole()
        until(lambda: cluster.blobs(f"{files}/a1+/manifest.json"), what="the manifest")
    before = api.done_segments(job_id)
    first.kill()
    cluster.worker()
    job = api.finished(job_id)
    assert (job["status"], job["attempt"]) == ("completed", 2)
    assert job["segments"]["cached"] >= before
    assert api.sound(job_id) == undisturbed(deploy)
    assert job["audio_url"]
    assert len(cluster.blobs(f"{files}/a2+/audio.wav")) == 1


def test_03_at_least_once_execution_exactly_once_publication(deploy):
    cluster = deploy(VOICECORE_LEASE_S="8")
    api = cluster.api()
    stalled = cluster.worker(proxied=True, plan={"step_s": 0.05})
    job_id = api.submit(TEXT)
    until(lambda: api.done_segments(job_id) >= 10, what="half of the job")
    # Everything is stored but the end: the worker stands still right before it publishes.
    cluster.proxy.black_hole()
    until(lambda: cluster.blobs(f"jobs+/{job_id}+/a1+/manifest.json"), what="the manifest")
    stalled.pause()
    cluster.worker()
    history = History()
    history.accepted(job_id)
    history.settle(api.client, 60)
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
    cluster = deploy(VOICECORE_LEASE_S="30")
    api = cluster.api(proxied=True)
    worker = cluster.worker(proxied=True, plan={"step_s": 0.2})
    running = api.submit(sentences(60))
    waiting = api.submit("Bom dia.")
    until(lambda: api.done_segments(running) >= 2, what="work")
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
            worker = cluster.worker(plan={"step_s": 30.0})
            until(lambda: (job := api.job(bad))["status"] == "processing" and job["attempt"] == attempt, what="a claim")  # noqa: B023
            worker.kill()
        cluster.worker()
    good = api.submit("Isto não é.")
    job = api.finished(bad)
    assert (job["status"], job["error_code"], job["attempt"]) == ("failed", "poisoned", 3)
    assert api.finished(good)["status"] == "completed"


def test_09_a_hung_engine_is_killed_at_its_deadline_and_the_slot_returns(deploy):
    cluster = deploy(VOICECORE_JOB_TIMEOUT_S="3")
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
    cluster = deploy(VOICECORE_DRAIN_S="20" if grace == "long enough" else "0.5")
    api = cluster.api()
    worker = cluster.worker(plan={"step_s": 0.1})
    running, waiting = api.submit(sentences(30)), api.submit("Bom dia.")
    until(lambda: api.done_segments(running) >= 3, what="work")
    told = time.monotonic()
    assert worker.terminate() == 0
    assert time.monotonic() - told < 25
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
    running, queued, after = api.submit(sentences(60)), api.submit("Bom dia."), api.submit("Boa noite.")
    until(lambda: api.done_segments(running) >= 2, what="work")
    for _ in range(2):
        assert api.client.post(f"/jobs/{queued}/cancel").json()["status"] == "cancelled"
    for _ in range(2):
        assert api.client.post(f"/jobs/{running}/cancel").json()["status"] == "cancelled"
    done = api.finished(after)
    freed_s = (moment(done["started_at"]) - moment(api.job(running)["completed_at"])).total_seconds()
    assert freed_s <= 2
    assert done["status"] == "completed"
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
        import subprocess

        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-c", self._script], env=self._environment, stdout=sink, stderr=sink
            )


def test_14_clock_jumps_do_not_run_a_job_twice(deploy):
    import signal

    cluster = deploy()
    api = cluster.api()
    environment = cluster.environment(plan={"step_s": 0.1}, VOICECORE_WORKER_ENGINES="tone")
    ahead, behind = (
        cluster._started(WorkerInAnotherTime(hours, environment, cluster.folder / f"clock{hours}.log"))
        for hours in (1, -1)
    )
    for worker in (ahead, behind):
        until(lambda: '"working"' in worker.logged(), what="the start of the worker")  # noqa: B023
    jobs = [api.submit(sentences(20, str(number))) for number in range(4)]
    # Longer than a lease with both clocks off, then both jump by two hours in the middle of their jobs.
    until(lambda: sum(api.job(job_id)["status"] == "processing" for job_id in jobs) == 2, what="both at work")
    time.sleep(LEASE_S / 2)
    for worker in (ahead, behind):
        worker.process.send_signal(signal.SIGUSR1)
    for job_id in jobs:
        job = api.finished(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
