"""Promises 5 to 7, 10 and 15 to 18: requests, disks, records, readiness, and whose voice it is."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from tests.crash.cluster import PATIENCE_S, Api, until
from tests.crash.texts import samples_of, sentences, stuck_at
from tests.instruments.tones import recording

from adapters.blobs.filesystem import FilesystemBlobStore
from adapters.redisclient import connect
from voicecore.errors import BlobCorrupt

MB = 1024 * 1024
HELLO = {"mode": "dubbing", "text": "Bom dia.", "source_language": "pt-BR"}


def test_05_same_key_and_body_is_the_same_job_other_body_409_fifty_posts_one_job(deploy):
    cluster = deploy()
    apis = [cluster.api(), cluster.api()]
    together = threading.Barrier(50)

    def post(number):
        together.wait()
        return apis[number % 2].client.post("/jobs", json=HELLO, headers={"Idempotency-Key": "one order"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert apis[1].client.get("/jobs").json()["total"] == 1
    for change in ({"text": "Boa noite."}, {"seed": 1}, {"priority": "high"}):
        other = apis[1].client.post("/jobs", json=HELLO | change, headers={"Idempotency-Key": "one order"})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_06_a_full_disk_is_a_clean_retryable_failure_and_the_service_recovers(deploy):
    cluster = deploy()
    api = cluster.api()
    worker = cluster.worker()
    text = sentences(20)
    blobs = cluster.folder / "data" / "blobs"
    unlimited = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    # Room for segments, not for the finished audio: the kernel refuses the rest, as a full disk or a quota does.
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (400_000, unlimited[1]))
    failed = api.finished(api.submit(text))
    assert (failed["status"], failed["error_code"]) == ("failed", "disk_full")
    assert "free some space" in failed["error"]
    assert list((blobs / ".unfinished").iterdir()) == []
    assert cluster.blobs(f"jobs+/{failed['id']}+/a*/*") == []
    assert api.client.get(f"/jobs/{failed['id']}/download").status_code == 409
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, unlimited)
    again = api.finished(api.submit(text))
    assert again["status"] == "completed"
    assert worker.alive
    # And at the door: an upload that finds no room is refused, and leaves nothing.
    unlimited = resource.prlimit(api.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(api.pid, resource.RLIMIT_FSIZE, (50_000, unlimited[1]))
    fields = {"name": "Ana", "language": "pt-BR", "consent_by": "Ana"}
    files = {"file": ("a.wav", recording(hz=200.0), "audio/wav")}
    refused = api.client.post("/voices/clone", data=fields, files=files)
    assert (refused.status_code, refused.json()["code"]) == (503, "disk_full")
    assert int(refused.headers["Retry-After"]) > 0
    assert cluster.blobs("uploads+/**/*") == []
    resource.prlimit(api.pid, resource.RLIMIT_FSIZE, unlimited)
    accepted = api.client.post("/voices/clone", data=fields, files=files)
    assert api.finished(accepted.json()["job_id"])["status"] == "completed"


#: Forks two writers for each line of seeds, since a process that imports everything anew takes longer than it lives.
_WRITERS = """
import os, random, sys
from adapters.blobs.filesystem import FilesystemBlobStore

def write(seed):
    store, chance, written = FilesystemBlobStore(sys.argv[1]), random.Random(seed), 0
    while True:
        size = chance.randrange(1, 300_000)
        pieces = [bytes([chance.randrange(256)]) * 4096 for _ in range(size // 4096 + 1)]
        store.put(f"torn/{chance.randrange(20)}.bin", pieces)
        written += 1
        if written == 1:
            os.write(1, b"wrote\\n")

for seeds in sys.stdin:
    writers = []
    for seed in seeds.split():
        if not (writer := os.fork()):
            try:
                write(int(seed))
            finally:
                os._exit(1)
        writers.append(str(writer))
    os.write(1, " ".join(writers).encode() + b"\\n")
    for writer in writers:
        os.waitpid(int(writer), 0)
    os.write(1, b"gone\\n")
"""


def test_07_no_torn_blobs(tmp_path):
    root = tmp_path / "blobs"
    chance = np.random.default_rng(7)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITERS, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        for round_number in range(25):
            nursery.stdin.write(f"{round_number * 2} {round_number * 2 + 1}\n")
            nursery.stdin.flush()
            said = [nursery.stdout.readline() for _ in range(3)]
            assert said.count("wrote\n") == 2
            time.sleep(chance.uniform(0.005, 0.08))
            for writer in next(line for line in said if line != "wrote\n").split():
                os.kill(int(writer), signal.SIGKILL)
            assert nursery.stdout.readline() == "gone\n"
        nursery.stdin.close()
    store = FilesystemBlobStore(root)
    stats = list(store.list("torn/"))
    assert len(stats) >= 10
    for stat in stats:
        with store.open(stat.key) as reader:
            assert len(reader.read()) == stat.size
    assert list((root / ".unfinished").iterdir()) == []
    # One flipped bit is found on the next whole read.
    path = next(path for path in root.glob("torn+/*.bin") if path.is_file())
    with path.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(BlobCorrupt), store.open(f"torn/{path.name}") as reader:
        reader.read()


def test_10_a_full_queue_answers_429_draining_503_and_memory_stays_flat_at_ten_times_the_load(deploy):
    cluster = deploy(VOICECORE_MAX_QUEUED="40")
    api = cluster.api()

    def storm(posts):
        with ThreadPoolExecutor(12) as pool:
            return list(pool.map(lambda n: api.client.post("/jobs", json=HELLO | {"seed": n}), range(posts)))

    answers = storm(300)
    codes = [answer.status_code for answer in answers]
    assert (codes.count(202), codes.count(429)) == (40, 260)
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) > 0
    before = psutil.Process(api.pid).memory_info().rss
    assert {answer.status_code for answer in storm(3000)} == {429}
    assert psutil.Process(api.pid).memory_info().rss - before < 32 * MB
    cluster.worker(slots=2)
    until(lambda: api.client.get("/jobs?status=completed").json()["total"] == 40, what="the end of all accepted jobs")
    api.finished(api.submit("Agora há lugar."))


def test_while_draining_new_work_is_refused_with_503(start, tmp_path):
    """The embedded service drains for as long as its job may go on."""
    gate = tmp_path / "go on"
    server = start(drain_s="600", **stuck_at(2, gate))
    server.stuck(server.submit(text=sentences(3)), 2)
    server.process.send_signal(signal.SIGTERM)
    refused = until(
        lambda: (answer := server.client.post("/jobs", json=HELLO)).status_code == 503 and answer, what="the drain"
    )
    assert refused.json()["code"] == "draining"
    assert int(refused.headers["Retry-After"]) > 0
    assert server.client.get("/live").status_code == 200
    assert server.client.get("/ready").status_code == 503
    gate.touch()
    assert server.process.wait(PATIENCE_S) == 0


def _as_version_1(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a job that speaks, with the fields that version 1 had and no others."""
    from tests.unit.test_records import GOLDEN_COMPLETED, GOLDEN_QUEUED

    speech, completed = json.loads(GOLDEN_QUEUED), json.loads(GOLDEN_COMPLETED)
    kind, body = record["request"]
    known = {name: record[name] for name in speech}
    return known | {
        "v": 1,
        "request": [kind, {name: body[name] for name in speech["request"][1]}],
        "result": {name: record["result"][name] for name in completed["result"]},
    }


@pytest.mark.parametrize("store", ["redis", "sqlite"])
def test_15_old_records_stay_readable_and_an_unknown_state_refuses_to_start(deploy, store, tmp_path):
    from tests.unit.test_records import GOLDEN_COMPLETED

    old = json.loads(GOLDEN_COMPLETED) | {
        "completed_at": "2999-01-01T00:00:00+00:00",
        "expires_at": "2999-01-02T00:00:00+00:00",
    }
    assert old["v"] == 1
    if store == "redis":
        cluster = deploy()
        api = cluster.api()
        done = api.submit("Bom dia.")
        cluster.worker()
        api.finished(done)
        client = connect(cluster.redis.url)
        # The record as version 1 wrote it, in the place of the present one.
        key = f"voicecore:job:{done}".encode()
        present = json.loads(client.hget(key, "record"))
        client.hset(key, "record", json.dumps(_as_version_1(present)))
        assert api.job(done)["status"] == "completed"
        client.set("voicecore:schema", 99)
        client.close()
        environment, names = cluster.environment(), ("VOICECORE_REDIS_PREFIX",)
    else:
        server_folder = tmp_path / "data"
        server_folder.mkdir()
        write_database_of_version_1(server_folder / "voicecore.sqlite3", old)
        cluster = deploy()
        environment = {**cluster.environment(), "VOICECORE_DATA_DIR": str(server_folder)}
        del environment["VOICECORE_REDIS_URL"]
        served = serve_and_get(environment, tmp_path, f"/jobs/{old['id']}")
        assert (served["status"], served["priority"]) == ("completed", "normal")
        with sqlite3.connect(server_folder / "voicecore.sqlite3") as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        names = ("99", "voicecore")
    refused = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "serve", "--port", "1999"], env=environment, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert refused.returncode not in (0, -9)
    assert all(name in refused.stderr for name in names), refused.stderr
    assert "Traceback" not in refused.stderr


def write_database_of_version_1(path, record):
    from adapters.stores.sqlite import schema

    database = sqlite3.connect(path)
    for statement in schema.MIGRATIONS[0]:
        database.execute(statement)
    database.execute("PRAGMA user_version = 1")
    database.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    database.execute(
        "INSERT INTO job (id, mode, created_us, status, lease_us, expires_us, attempt, record)"
        " VALUES (?, 'clone', 1, 'completed', NULL, ?, 2, ?)",
        (record["id"], 2**60, json.dumps(record)),
    )
    database.commit()
    database.close()


def serve_and_get(environment, folder, path):
    api = Api(environment, folder / "served.log")
    api.start()
    try:
        return api.client.get(path).raise_for_status().json()
    finally:
        assert api.terminate() == 0
        api.client.close()


def test_16_a_deleted_voice_or_job_leaves_no_audio_behind(deploy):
    cluster = deploy()
    api = cluster.api()
    cluster.worker(slots=2)
    chance = np.random.default_rng(16)
    for round_number in range(4):
        files = {"file": ("a.wav", recording(hz=200.0 + round_number), "audio/wav")}
        told = api.client.post(
            "/voices/clone", data={"name": f"Ana {round_number}", "language": "pt-BR", "consent_by": "Ana"}, files=files
        ).json()
        voice_id = api.finished(told["job_id"])["voice_id"]
        job_id = api.submit(sentences(6), mode="dubbing_with_clone", voice_id=voice_id)
        api.finished(job_id)
        assert cluster.blobs(f"voices+/{voice_id}+/**/*")
        # The process dies somewhere between the steps of the deletion, and whoever asked asks again.
        for path in (f"/jobs/{job_id}", f"/voices/{voice_id}", f"/jobs/{told['job_id']}"):
            asking = threading.Thread(target=lambda: quietly(api, path))  # noqa: B023
            asking.start()
            time.sleep(chance.uniform(0.0, 0.02))
            api.kill()
            asking.join()
            api.start()
            assert api.client.delete(path).status_code in (200, 204, 404)
    api.client.post("/admin/cleanup?deep=true").raise_for_status()
    left = [
        path for path in cluster.blobs("**/*") if "deployment+" not in path.parts and ".unfinished" not in path.parts
    ]
    assert left == []
    assert api.client.get("/jobs").json()["total"] == 0
    assert api.client.get("/voices").json()["voices"] == []


def quietly(api, path):
    """Delete, whether or not anybody lives to answer."""
    with contextlib.suppress(httpx.TransportError):
        httpx.delete(api.url + path, timeout=PATIENCE_S)


def test_17_ready_is_not_live_readiness_is_false_when_leases_cannot_be_renewed(deploy):
    cluster = deploy()
    api = cluster.api(proxied=True)
    assert api.ready()
    cluster.proxy.black_hole()
    refused = until(lambda: (answer := api.client.get("/ready")).status_code == 503 and answer, what="unreadiness")
    assert "reason" in refused.json()
    assert api.client.get("/live").status_code == 200
    assert api.client.get("/health").status_code == 503
    cluster.proxy.heal()
    until(api.ready, what="readiness")
    assert api.client.get("/health").json()["checks"]["job_store"]["status"] == "ok"


def dominant_hz(wav):
    samples = samples_of(wav)
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * 16_000 / len(samples)


def test_18_voices_never_mix(deploy):
    """Six voices, forty-eight jobs, four slots in two workers, which are killed meanwhile. The tone engine speaks in the
    pitch of the reference, so a Fourier transform tells voices apart; tests/quality does the same with speech and ears of
    a speaker encoder.
    """
    cluster = deploy()
    api = cluster.api()
    workers = [cluster.worker(slots=2, plan={"step_s": 0.01, "batch_size": 2}) for _ in range(2)]
    voices = {}
    for hz in (150, 190, 240, 300, 380, 480):
        told = api.client.post(
            "/voices/clone", data={"name": f"Voz {hz}", "language": "pt-BR", "consent_by": "Ana"},
            files={"file": ("a.wav", recording(hz=float(hz)), "audio/wav")},
        ).json()  # fmt: skip
        voices[hz] = api.finished(told["job_id"])["voice_id"]
    # The same letter for all, so that pitch follows the voice alone; texts differ in length, so that no cache helps.
    orders = [
        (hz, api.submit("a" * 20 + ". " + "a" * length + ".", mode="dubbing_with_clone", voice_id=voice))
        for length in range(20, 28) for hz, voice in voices.items()
    ]  # fmt: skip
    until(lambda: api.client.get("/jobs?status=completed").json()["total"] > len(voices) + 8, what="half of the work")
    workers[0].kill()
    cluster.end_leases(workers[0])
    cluster.worker(slots=2, plan={"step_s": 0.01, "batch_size": 2})
    alone = {}
    for hz, job_id in orders:
        assert api.finished(job_id)["status"] == "completed"
        alone.setdefault(hz, dominant_hz(api.audio(job_id)))
    assert len({round(found) for found in alone.values()}) == len(voices)
    for hz, job_id in orders:
        found = dominant_hz(api.audio(job_id))
        nearest = min(alone, key=lambda other: abs(alone[other] - found))
        assert nearest == hz
