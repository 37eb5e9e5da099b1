"""What goes wrong where people set things up, and what disks, clocks and neighbours do: each is one sentence with its cause."""

from __future__ import annotations

import http.server
import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest
from tests.crash.cluster import PATIENCE_S, Api, Program, until
from tests.crash.texts import sentences
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import RedisServer
from tests.instruments.s3_server import BUCKET, S3Server
from tests.instruments.tones import recording

from adapters.redisclient import connect

HELLO = {"mode": "dubbing", "text": "Bom dia.", "source_language": "pt-BR"}
SECRET = "hunter2"
SERVICES = (["serve"], ["worker", "--engines", "tone"])


def ended(cluster, command, **settings):
    """A command that should end by itself: its exit status, and all it printed."""
    environment = {**cluster.environment(), "VOICECORE_PORT": str(free_port()), **settings}
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", *command], env=environment, cwd=cluster.folder, capture_output=True,
        text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def refused(cluster, *words, commands=SERVICES, **settings):
    """Service and worker do not start, and the only line they print has these words."""
    with ThreadPoolExecutor() as pool:
        for status, printed in pool.map(lambda command: ended(cluster, command, **settings), commands):
            assert status not in (0, -9), printed
            lines = [line for line in printed.splitlines() if '"level": "info"' not in line]
            assert len(lines) == 1, printed
            assert lines[0].startswith("voicecore: ")
            assert lines[0].endswith(".")
            assert all(word in lines[0] for word in words), printed


def problem(answer, status, *words):
    """The answer is a problem whose sentence has these words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert all(word in answer.json()["detail"] for word in words), answer.text
    return answer.json()


def spoil(paths):
    """A disk that changes one byte of each."""
    assert paths
    for path in paths:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.chmod(0o600)
        path.write_bytes(data)


@contextmanager
def web_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def troubled(folder, trouble, stack):
    """The URL of a Redis with this trouble."""
    simple = {
        "unreadable": f"redis://:{SECRET}@/x@host:6379/0",
        "no host": f"redis://:{SECRET}@no-such-host.invalid:6379/0",
        "closed": f"redis://:{SECRET}@127.0.0.1:{free_port()}/0",
    }
    if trouble in simple:
        return simple[trouble]
    if trouble == "http":
        return f"redis://127.0.0.1:{stack.enter_context(web_server())}/0"
    options = {
        "wrong password": {"password": "right"}, "no password": {"password": "right"},
        "evicting": {"maxmemory_policy": "allkeys-lru"}, "full": {"options": ("--maxmemory", "600kb")},
    }  # fmt: skip
    server = stack.enter_context(RedisServer(folder / "troubled", **options.get(trouble, {})))
    if trouble == "replica":
        replica = RedisServer(folder / "replica", options=("--replicaof", "127.0.0.1", str(server.port)))
        server = stack.enter_context(replica)
        with connect(server.url) as client:
            # Until then it may say that it still loads.
            until(lambda: client.info("replication")["master_link_status"] == "up", what="the first copy")
    if trouble == "keys":
        with connect(server.url) as admin:
            admin.execute_command("ACL SETUSER other on >hunter2 ~other:* &* +@all")
    user = {"keys": f"other:{SECRET}@", "wrong password": f":{SECRET}@"}.get(trouble, "")
    return f"redis://{user}127.0.0.1:{server.port}/{9999 if trouble == 'database' else 0}"


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        ("unreadable", "VOICECORE_REDIS_URL names no host or port"),
        ("no host", "host in VOICECORE_REDIS_URL is not known"),
        ("closed", "Nobody listens at the host and port of VOICECORE_REDIS_URL"),
        ("http", "answers at VOICECORE_REDIS_URL is not a Redis"),
        ("wrong password", "does not accept the user or password: set the right ones in VOICECORE_REDIS_URL"),
        ("no password", "wants a password: put it into VOICECORE_REDIS_URL"),
        ("database", "no database of this number: correct the one at the end of VOICECORE_REDIS_URL"),
        ("keys", "may not use the keys under VOICECORE_REDIS_PREFIX"),
        ("evicting", "maxmemory-policy noeviction"),
        ("full", "raise its maxmemory"),
        ("replica", "let VOICECORE_REDIS_URL name the primary"),
    ],
)
def test_on_a_redis_that_cannot_be_used_nothing_starts_and_one_sentence_says_why(deploy, trouble, cause):
    cluster = deploy()
    with ExitStack() as stack:
        refused(cluster, cause, VOICECORE_REDIS_URL=troubled(cluster.folder, trouble, stack))
    assert cluster.blobs("**/*") == []


def test_the_doctor_fails_where_a_service_would_not_start_and_says_the_same(deploy):
    cluster = deploy()
    status, printed = ended(cluster, ["doctor"], VOICECORE_REDIS_URL=f"redis://:{SECRET}@127.0.0.1:{free_port()}/0")
    assert status == 1
    assert "Nobody listens at the host and port of VOICECORE_REDIS_URL" in printed
    assert "not working: Redis; see the table" in printed
    with connect(cluster.redis.url) as client:
        client.config_set("appendonly", "no")
        client.set("voicecore:schema", 99)
    status, printed = ended(cluster, ["doctor"])
    assert status == 1
    assert "CONFIG SET appendonly yes" in printed
    assert "layout 99" in printed


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"VOICECORE_WORKER_ENGINES": "nope"}, ("VOICECORE_WORKER_ENGINES", "'nope'", "tone")),
        ({"VOICECORE_ENGINE": "nope"}, ("VOICECORE_ENGINE", "'nope'", "kokoro")),
        ({"VOICECORE_BLOBS_URL": "file:///proc/nowhere"}, ("VOICECORE_BLOBS_URL", "/proc/nowhere")),
        ({"VOICECORE_BLOBS_URL": "s3://key:hunter2@bucket"}, ("VOICECORE_BLOBS_URL", "credentials in the environment")),
        ({"VOICECORE_SLOTS": "many"}, ("VOICECORE_SLOTS", "'many'", "whole number")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_settings_that_cannot_be_used_are_refused_by_name(deploy, settings, words):
    refused(deploy(), *words, commands=(["worker"],), **settings)


def test_a_bucket_that_cannot_be_used_is_refused_with_what_is_wrong(deploy, tmp_path):
    cluster = deploy()
    with S3Server(tmp_path / "s3") as server:
        # Without it a warning is printed before, since marks are then made with a key of each machine.
        marks = {"VOICECORE_MARK_SECRET": "k" * 32}
        wrong = server.environment(secret=SECRET) | marks
        refused(cluster, "AWS_SECRET_ACCESS_KEY", VOICECORE_BLOBS_URL=f"s3://{BUCKET}/x", **wrong)
        right = server.environment() | marks
        refused(cluster, "the bucket does not exist", VOICECORE_BLOBS_URL="s3://nobody/x", **right)


def test_a_redis_that_is_full_refuses_new_jobs_with_503_and_ends_those_that_run(deploy):
    cluster = deploy()
    api, worker = cluster.api(), cluster.worker(plan=cluster.held_at(3))
    running = api.submit(sentences(10))
    api.stuck(running, 3)
    with connect(cluster.redis.url) as client:
        client.config_set("maxmemory", "1mb")
        told = problem(api.client.post("/jobs", json=HELLO), 503, "Redis is full", "maxmemory")
        assert told["code"] == "storage_unavailable"
        cluster.gate.touch()
        assert api.finished(running)["status"] == "completed"
        assert api.audio(running)
        assert api.client.get("/jobs").json()["total"] == 1
        until(lambda: "Redis is full, nothing was written: raise its maxmemory" in worker.logged(), what="its sentence")
        client.config_set("maxmemory", 0)
    assert api.finished(api.submit("Boa noite."))["attempt"] == 1


def test_a_right_that_is_missing_is_named_to_client_and_worker(deploy):
    cluster = deploy()
    with connect(cluster.redis.url) as client:
        client.execute_command("ACL SETUSER few on >hunter2 ~voicecore:* &* +@all -zadd")
    url = f"redis://few:{SECRET}@127.0.0.1:{cluster.redis.port}/0"
    api, worker = cluster.api(VOICECORE_REDIS_URL=url), cluster.worker(VOICECORE_REDIS_URL=url)
    problem(api.client.post("/jobs", json=HELLO), 503, "Redis user of VOICECORE_REDIS_URL", "widen its ACL")
    until(lambda: "widen its ACL" in worker.logged(), what="the worker's sentence")
    assert worker.alive
    assert SECRET not in api.logged() + worker.logged()
    assert api.client.get("/jobs").json()["total"] == 0


def test_a_job_and_a_voice_of_a_newer_version_are_refused_by_name_and_all_others_go_on(deploy):
    cluster = deploy()
    api, _ = cluster.api(), cluster.worker()
    newer, older = api.submit("Bom dia."), api.submit("Boa noite.")
    for job_id in (newer, older):
        api.finished(job_id)
    clone = api.client.post(
        "/voices/clone", data={"name": "Ana", "language": "pt-BR", "consent_by": "Ana"},
        files={"file": ("a.wav", recording(hz=200.0), "audio/wav")},
    ).json()  # fmt: skip
    voice = api.finished(clone["job_id"])["voice_id"]
    with connect(cluster.redis.url) as client:
        for key, field in ((f"voicecore:job:{newer}", "record"), ("voicecore:voices", voice)):
            client.hset(key, field, json.dumps(json.loads(client.hget(key, field)) | {"v": 77}))
    for method, path in (("GET", ""), ("GET", "/download"), ("DELETE", "")):
        problem(api.client.request(method, f"/jobs/{newer}{path}"), 503, "A stored job has version 77", "a newer one")
    assert api.audio(older)
    problem(api.client.get(f"/voices/{voice}"), 503, "A stored voice has version 77", "a newer one")
    body = {**HELLO, "mode": "dubbing_with_clone", "voice_id": voice}
    problem(api.client.post("/jobs", json=body), 503, "A stored voice has version 77")
    assert api.finished(api.submit("Boa tarde."))["status"] == "completed"


def test_damaged_files_are_never_handed_out_and_what_can_be_made_again_is(deploy):
    cluster = deploy()
    api, worker = cluster.api(), cluster.worker()
    form = {
        "data": {"name": "Ana", "language": "pt-BR", "consent_by": "Ana"},
        "files": {"file": ("a.wav", recording(hz=200.0), "audio/wav")},
    }
    voice = api.finished(api.client.post("/voices/clone", **form).json()["job_id"])["voice_id"]
    text = sentences(4)
    job_id = api.submit(text)
    api.finished(job_id)
    whole = api.sound(job_id)
    spoil(cluster.blobs(f"jobs+/{job_id}+/*/audio.wav"))
    with pytest.raises(Exception, match="without sending complete message body"):
        api.audio(job_id)
    until(lambda: "a download was cut before its end: blob_corrupt" in api.logged(), what="its sentence")
    problem(api.client.get(f"/jobs/{job_id}/download?format=flac"), 500, "digest", "make it again")
    spoil(cluster.blobs("segments+/**/*.f32"))
    again = api.submit(text)
    assert api.finished(again)["segments"]["cached"] == 0
    assert api.sound(again) == whole
    spoil(cluster.blobs(f"voices+/{voice}+/*/print*"))
    failed = api.finished(api.submit("Olá.", mode="dubbing_with_clone", voice_id=voice))
    assert (failed["status"], failed["error_code"]) == ("failed", "blob_corrupt")
    assert f"print of the voice '{voice}' is damaged" in failed["error"]
    assert worker.terminate() == 0
    form["data"]["name"] = "Bia"
    enrolment = api.client.post("/voices/clone", **form).json()["job_id"]
    spoil(cluster.blobs("uploads+/**/*"))
    worker.start()
    failed = api.finished(enrolment)
    assert (failed["status"], failed["error_code"]) == ("failed", "blob_corrupt")
    assert "send the recordings again" in failed["error"]
    until(lambda: cluster.blobs("uploads+/**/*") == [], what="the end of its uploads")
    assert [each["name"] for each in api.client.get("/voices").json()["voices"]] == ["Ana"]


def test_jobs_of_an_engine_that_only_broken_workers_have_wait_are_told_of_and_run_when_one_comes(deploy):
    cluster = deploy()
    api = cluster.api()
    cluster.worker()
    waiting = api.submit("Bom dia.", engine="kokoro")
    told = {"kokoro": 1}
    assert api.client.get("/admin/workers").json()["unserved"] == told
    health = api.client.get("/health").json()
    assert (health["status"], health["checks"]["workers"]["status"]) == ("degraded", "warning")
    assert "1 for kokoro" in health["checks"]["workers"]["detail"]
    status, printed = ended(cluster, ["workers", "--url", api.url])
    assert (status, "1 job waits for kokoro, which no worker serves" in printed) == (0, True)
    # One whose copy of the model is damaged finds out when it opens it.
    model = cluster.folder / "models" / "kokoro" / "model.onnx"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"not a model")
    broken = worker_of(cluster, "kokoro", VOICECORE_MODELS_DIR=str(cluster.folder / "models"))
    until(lambda: "its jobs are left to other workers" in broken.logged() or not broken.alive, what="its finding")
    until(lambda: api.job(waiting)["status"] == "queued", what="the job's return")
    assert api.job(waiting)["error"] is None
    until(lambda: api.client.get("/admin/workers").json()["unserved"] == told, what="that nobody serves it")
    assert api.finished(api.submit("Outra."))["status"] == "completed"
    worker_of(cluster, "kokoro")
    assert api.finished(waiting)["status"] == "completed"
    assert api.client.get("/admin/workers").json()["unserved"] == {}


def worker_of(cluster, engine, **settings):
    log = cluster.folder / f"{engine}-{time.monotonic_ns()}.log"
    return cluster._started(Program(["worker", "--engines", engine], cluster.environment(**settings), log))


def test_two_deployments_on_one_redis_never_meet_or_are_refused(deploy):
    cluster = deploy()
    api, _ = cluster.api(), cluster.worker()
    mine = api.submit("Bom dia.")
    api.finished(mine)
    elsewhere = {"VOICECORE_DATA_DIR": str(cluster.folder / "elsewhere")}
    refused(cluster, "VOICECORE_REDIS_PREFIX", "VOICECORE_BLOBS_URL", **elsewhere)
    other = cluster.api(VOICECORE_REDIS_PREFIX="other", **elsewhere)
    theirs = other.submit("Boa noite.")
    assert other.client.get(f"/jobs/{mine}").status_code == api.client.get(f"/jobs/{theirs}").status_code == 404
    time.sleep(2)
    assert other.job(theirs)["status"] == "queued"
    assert other.client.get("/admin/workers").json() == {"workers": [], "gauges": {}, "unserved": {"tone": 1}}
    second = cluster.api(VOICECORE_MAX_TEXT="50")
    assert api.finished(second.submit("Boa tarde."))["status"] == "completed"


_IN_ANOTHER_TIME = """
import sys, time
from datetime import timedelta
from voicecore.system import SystemClock
true_time, true_now = time.time, SystemClock.now
time.time = lambda: true_time() + {hours} * 3600
SystemClock.now = lambda self: true_now(self) + timedelta(hours={hours})
from entrypoints.cli import main
sys.argv[1:] = {command}
main()
"""


def in_another_time(program, hours):
    """`program`, which is not started yet, on a machine whose clock is off."""
    script, log, environment = (
        _IN_ANOTHER_TIME.format(hours=hours, command=program._command),
        program.log_path,
        program._environment,
    )

    def begin():
        with log.open("ab") as sink:
            program.process = subprocess.Popen(
                [sys.executable, "-c", script], env=environment, stdout=sink, stderr=sink, cwd=log.parent
            )

    program.start = begin
    begin()
    return program


@pytest.mark.parametrize("hours", [5, -5])
def test_machines_whose_clocks_are_hours_apart_do_every_job_once_and_say_that_their_clocks_are_off(deploy, hours):
    cluster = deploy()
    environment = cluster.environment(VOICECORE_WORKER_ENGINES="tone")
    api = Api(environment, cluster.folder / "api.log")
    worker = Program(["worker"], environment, cluster.folder / "worker.log")
    cluster._programs += [api, worker]
    in_another_time(api, hours)
    in_another_time(worker, -hours)
    until(lambda: api._answers("/live"), what="the start of the service")
    jobs = [api.submit(sentences(35)), api.submit("Bom dia.")]
    for job_id in jobs:
        job = api.finished(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert api.audio(job_id)
        # Kept for a day by Redis' clock, which is right, whoever ended the job.
        kept_h = (datetime.fromisoformat(job["expires_at"]) - datetime.now(UTC)).total_seconds() / 3600
        assert 23.9 < kept_h <= 24
    for program, direction in ((api, hours > 0), (worker, hours < 0)):
        assert f"s {'ahead of' if direction else 'behind'} that of Redis: set both right (NTP)" in program.logged()


def test_a_command_that_waits_for_want_of_a_worker_says_so_and_ctrl_c_cancels_its_job(deploy):
    cluster = deploy()
    api = cluster.api()
    program = Program(
        ["say", "Bom dia.", "-o", "dia.wav", "--url", api.url], cluster.environment(), cluster.folder / "say.log"
    )
    program.start()
    cluster._programs.append(program)
    until(lambda: "no worker serves tone" in program.logged(), what="the sentence")
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(PATIENCE_S) == 130
    assert [job["status"] for job in api.client.get("/jobs").json()["jobs"]] == ["cancelled"]
    assert not (cluster.folder / "dia.wav").exists()
