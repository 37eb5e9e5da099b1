"""The embedded service is killed in the middle of its work, by real signals, and loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import numpy as np
import psutil
import pytest
from tests.crash.texts import samples_of

TEXT = " ".join(
    f"Esta é a frase {word} de um texto comprido." for word in ("um", "dois", "três", "quatro", "cinco") * 4
)
JOB = {"mode": "dubbing", "text": TEXT, "source_language": "pt-BR"}


class Server:
    """`voicecore serve` with a slow tone engine, which a test may kill and start again on the same data."""

    def __init__(self, folder, **plan):
        self.folder, self.plan = folder, plan
        self.process = self.client = None
        self.drain_s = "0.5"

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = {
            **os.environ, "VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(self.folder), "VOICECORE_PORT": str(port),
            "VOICECORE_LEASE_S": "3", "VOICECORE_DRAIN_S": self.drain_s,
            "VOICECORE_TESTING_TONE": json.dumps({"segment_limit": 60, "batch_size": 1, **self.plan}),
        }  # fmt: skip
        self.process = subprocess.Popen([sys.executable, "-m", "entrypoints.cli", "serve"], env=env, cwd=self.folder)
        self.hang_up()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        until(self._answers)

    def _answers(self):
        with contextlib.suppress(httpx.TransportError):
            return self.client.get("/ready").status_code == 200
        return False

    def hang_up(self):
        if self.client is not None:
            self.client.close()

    def children(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self):
        children = self.children()
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(children, timeout=5)

    def job(self, job_id):
        return self.client.get(f"/jobs/{job_id}").json()

    def finished(self, job_id):
        return until(lambda: (job := self.job(job_id))["status"] in ("completed", "failed", "cancelled") and job)

    def audio(self, job_id):
        return self.client.get(f"/jobs/{job_id}/download").raise_for_status().content


def until(condition, seconds=40):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.03)
    return answer


@pytest.fixture
def start(tmp_path):
    servers = []

    def begin(folder="data", **plan):
        (tmp_path / folder).mkdir(exist_ok=True)
        server = Server(tmp_path / folder, **plan)
        servers.append(server)
        server.start()
        return server

    yield begin
    for server in servers:
        server.hang_up()
        if server.process.poll() is None:
            server.kill()


def test_a_job_killed_in_the_middle_resumes_where_it_was_and_sounds_as_if_nothing_had_happened(start):
    server = start(step_s=0.1)
    job_id = server.client.post("/jobs", json=JOB).json()["id"]
    until(lambda: server.job(job_id)["segments"]["done"] >= 4)
    server.kill()
    server.start()
    resumed = server.finished(job_id)
    assert resumed["status"] == "completed"
    assert resumed["attempt"] == 2
    assert resumed["segments"]["cached"] >= 4
    undisturbed = start("other")
    other = undisturbed.client.post("/jobs", json=JOB).json()["id"]
    undisturbed.finished(other)
    assert np.array_equal(samples_of(server.audio(job_id)), samples_of(undisturbed.audio(other)))


def test_a_mix_killed_in_the_middle_is_made_once_and_leaves_nothing_else(start):
    # The sample is one segment of one letter a step, so that the attempt takes long enough to be met.
    server = start(step_s=0.1, letters_per_chunk=1)
    parts = [{"preset": "female_generic", "weight": 2}, {"preset": "male_deep", "weight": 1}]
    told = server.client.post("/voices/mix", json={"name": "Entre", "language": "pt-BR", "parts": parts}).json()
    until(lambda: server.job(told["job_id"])["segments"]["done"] >= 1)
    server.kill()
    server.start()
    job = server.finished(told["job_id"])
    assert (job["status"], job["attempt"]) == ("completed", 2)
    [voice] = server.client.get("/voices").json()["voices"]
    assert (voice["id"], voice["method"]) == (job["voice_id"], "mixing")
    files = [path for path in (server.folder / "blobs" / "voices+").rglob("*") if path.is_file()]
    assert {path.parts[-2:] for path in files} == {("a2+", "print.safetensors"), ("a2+", "sample.wav")}
    spoken = server.client.post(
        "/jobs", json={**JOB, "text": "Oi.", "mode": "dubbing_with_clone", "voice_id": voice["id"]}
    ).json()
    assert server.finished(spoken["id"])["status"] == "completed"


def test_jobs_that_were_accepted_before_a_kill_are_all_done_after_it(start):
    server = start(step_s=0.02)
    ids = [server.client.post("/jobs", json={**JOB, "seed": seed}).json()["id"] for seed in range(5)]
    server.kill()
    server.start()
    assert {server.finished(job_id)["status"] for job_id in ids} == {"completed"}


def test_a_model_process_that_is_killed_is_replaced_and_the_job_completes(start):
    server = start(step_s=0.1)
    job_id = server.client.post("/jobs", json=JOB).json()["id"]
    until(lambda: server.job(job_id)["segments"]["done"] >= 2)
    before = server.process.pid
    server.children()[0].kill()
    job = server.finished(job_id)
    assert (job["status"], job["attempt"], server.process.pid) == ("completed", 2, before)


def test_a_job_that_kills_its_worker_runs_three_times_and_others_go_on(start):
    server = start(exit_on="veneno")
    bad = server.client.post("/jobs", json={**JOB, "text": "Isto é veneno para o processo."}).json()["id"]
    good = server.client.post("/jobs", json={**JOB, "text": "Isto não é."}).json()["id"]
    job = server.finished(bad)
    assert (job["status"], job["error_code"], job["attempt"]) == ("failed", "poisoned", 3)
    assert server.finished(good)["status"] == "completed"


def test_cancelling_a_hung_job_frees_the_slot_within_two_seconds(start):
    server = start(hang_on="trava")
    hung = server.client.post("/jobs", json={**JOB, "text": "Isto trava para sempre."}).json()["id"]
    until(lambda: server.job(hung)["status"] == "processing")
    time.sleep(0.5)
    waiting = server.client.post("/jobs", json={**JOB, "text": "Bom dia."}).json()["id"]
    told = time.monotonic()
    assert server.client.post(f"/jobs/{hung}/cancel").json()["status"] == "cancelled"
    assert server.finished(waiting)["status"] == "completed"
    # Two seconds for the slot, and the start of a new process on a busy machine.
    assert time.monotonic() - told < 10
    assert server.job(hung)["status"] == "cancelled"


def test_sigterm_hands_the_running_job_back_and_the_next_start_completes_it(start):
    server = start(step_s=0.2)
    job_id = server.client.post("/jobs", json=JOB).json()["id"]
    until(lambda: server.job(job_id)["segments"]["done"] >= 2)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    server.start()
    done = server.finished(job_id)
    # The second attempt: it was handed back, not finished before the end.
    assert (done["status"], done["attempt"]) == ("completed", 2)
    assert done["segments"]["cached"] >= 2


def test_a_second_service_on_the_same_data_is_refused_and_names_the_first(start, tmp_path):
    server = start()
    env = {
        **os.environ,
        "VOICECORE_ENGINE": "tone",
        "VOICECORE_DATA_DIR": str(server.folder),
        "VOICECORE_PORT": "18004",
    }
    second = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "serve"], env=env, cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert second.returncode != 0
    assert str(server.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
