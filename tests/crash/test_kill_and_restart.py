"""The embedded service is killed in the middle of its work, by real signals, and loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime

import numpy as np
from tests.crash.cluster import PATIENCE_S, until
from tests.crash.texts import samples_of, sentences, stuck_at
from tests.instruments.free_port import free_port

TEXT = sentences(20)


def test_a_job_killed_in_the_middle_resumes_where_it_was_and_sounds_as_if_nothing_had_happened(start):
    server = start(**stuck_at(5))
    job_id = server.submit(text=TEXT)
    server.stuck(job_id, 5)
    server.kill()
    assert server.end_leases() == 1
    server.plan = {}
    server.start()
    resumed = server.finished(job_id)
    assert (resumed["status"], resumed["attempt"], resumed["segments"]["cached"]) == ("completed", 2, 4)
    undisturbed = start("other")
    other = undisturbed.submit(text=TEXT)
    undisturbed.finished(other)
    assert np.array_equal(samples_of(server.audio(job_id)), samples_of(undisturbed.audio(other)))


def test_a_mix_killed_in_the_middle_is_made_once_and_leaves_nothing_else(start):
    # In the middle of the sample, which says this.
    server = start(hang_on="amostra")
    parts = [{"preset": "female_generic", "weight": 2}, {"preset": "male_deep", "weight": 1}]
    told = server.client.post("/voices/mix", json={"name": "Entre", "language": "pt-BR", "parts": parts}).json()
    until(lambda: server.job(told["job_id"])["segments"]["done"] == 1)
    server.kill()
    assert server.end_leases() == 1
    server.plan = {}
    server.start()
    job = server.finished(told["job_id"])
    assert (job["status"], job["attempt"]) == ("completed", 2)
    [voice] = server.client.get("/voices").json()["voices"]
    assert (voice["id"], voice["method"]) == (job["voice_id"], "mixing")
    files = [path for path in (server.folder / "blobs" / "voices+").rglob("*") if path.is_file()]
    assert {path.parts[-2:] for path in files} == {("a2+", "print.safetensors"), ("a2+", "sample.wav")}
    spoken = server.submit(text="Oi.", mode="dubbing_with_clone", voice_id=voice["id"])
    assert server.finished(spoken)["status"] == "completed"


def test_jobs_that_were_accepted_before_a_kill_are_all_done_after_it(start):
    server = start(step_s=0.02)
    ids = [server.submit(text=TEXT, seed=seed) for seed in range(5)]
    server.kill()
    server.end_leases()
    server.start()
    assert {server.finished(job_id)["status"] for job_id in ids} == {"completed"}


def test_a_model_process_that_is_killed_is_replaced_and_the_job_completes(start, tmp_path):
    gate = tmp_path / "go on"
    server = start(**stuck_at(3, gate))
    job_id = server.submit(text=TEXT)
    server.stuck(job_id, 3)
    before = server.pid
    server.children()[0].kill()
    gate.touch()
    job = server.finished(job_id)
    assert (job["status"], job["attempt"], server.pid) == ("completed", 2, before)


def test_a_job_that_kills_its_worker_runs_three_times_and_others_go_on(start):
    server = start(exit_on="veneno")
    bad = server.submit(text="Isto é veneno para o processo.")
    good = server.submit(text="Isto não é.")
    job = server.finished(bad)
    assert (job["status"], job["error_code"], job["attempt"]) == ("failed", "poisoned", 3)
    assert server.finished(good)["status"] == "completed"


def test_cancelling_a_hung_job_frees_the_slot_within_two_seconds(start):
    server = start(**stuck_at(2))
    freed_s = []
    # Where all stands still just then, another time shows it.
    while not freed_s or (freed_s[-1] > 2 and len(freed_s) < 5):
        hung = server.submit(text=TEXT, seed=len(freed_s))
        server.stuck(hung, 2)
        waiting = server.submit(text="Bom dia.")
        cancelled = server.client.post(f"/jobs/{hung}/cancel").json()
        assert cancelled["status"] == "cancelled"
        done = server.finished(waiting)
        assert done["status"] == "completed"
        began, ended = datetime.fromisoformat(done["started_at"]), datetime.fromisoformat(cancelled["completed_at"])
        freed_s.append((began - ended).total_seconds())
    assert freed_s[-1] <= 2, freed_s
    assert server.job(hung)["status"] == "cancelled"


def test_sigterm_hands_the_running_job_back_and_the_next_start_completes_it(start):
    server = start(step_s=0.2)
    job_id = server.submit(text=sentences(200))
    until(lambda: server.job(job_id)["segments"]["done"] >= 2)
    assert server.terminate() == 0
    server.plan = {}
    server.start()
    done = server.finished(job_id)
    # The second attempt: it was handed back, not finished before the end.
    assert (done["status"], done["attempt"]) == ("completed", 2)
    assert done["segments"]["cached"] >= 2


def test_a_second_service_on_the_same_data_is_refused_and_names_the_first(start, tmp_path):
    server = start()
    env = {
        **os.environ, "VOICECORE_ENGINE": "tone", "VOICECORE_DATA_DIR": str(server.folder),
        "VOICECORE_PORT": str(free_port()),
    }  # fmt: skip
    second = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "serve"], env=env, cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert second.returncode != 0
    assert str(server.pid) in second.stderr
    assert "Traceback" not in second.stderr
