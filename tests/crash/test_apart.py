"""Processes that share nothing but Redis and a bucket, and what users see of it: turns, resumed work, messages of the end."""

from __future__ import annotations

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook
from tests.crash.cluster import until
from tests.crash.texts import sentences, stuck_at
from tests.instruments.s3_server import BUCKET, S3Server
from tests.instruments.tones import recording
from tests.instruments.webhook_receiver import receiving

SECRET = "whsec_" + "dm9pY2Vjb3JlLXdlYmhvb2stc2VjcmV0IQ=="
ALLOWED = {"VOICECORE_WEBHOOK_SECRET": SECRET, "VOICECORE_WEBHOOK_ALLOW_PRIVATE": "true"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


def apart(server, name):
    """Settings of a process that has a disk of its own and audio in the bucket."""
    return {"VOICECORE_BLOBS_URL": f"s3://{BUCKET}/{name}", **server.environment()}


def test_machines_that_share_no_disk_clone_speak_resume_and_delete_over_a_bucket(deploy, bucket):
    cluster = deploy(**apart(bucket, "apart"))
    api = cluster.api(VOICECORE_DATA_DIR=str(cluster.folder / "machine a"))
    first = cluster.worker(plan=stuck_at(9), VOICECORE_DATA_DIR=str(cluster.folder / "machine b"))
    told = api.client.post(
        "/voices/clone", data={"name": "Ana", "language": "pt-BR", "consent_by": "Ana"},
        files={"file": ("a.wav", recording(hz=200.0), "audio/wav")},
    ).json()  # fmt: skip
    voice_id = api.finished(told["job_id"])["voice_id"]
    job_id = api.submit(sentences(20), mode="dubbing_with_clone", voice_id=voice_id)
    api.stuck(job_id, 9)
    cluster.kill(first)
    cluster.worker(VOICECORE_DATA_DIR=str(cluster.folder / "machine c"))
    job = api.finished(job_id)
    assert (job["status"], job["attempt"]) == ("completed", 2)
    assert job["segments"]["cached"] >= 8
    again = api.submit(sentences(20), mode="dubbing_with_clone", voice_id=voice_id)
    assert api.finished(again)["segments"]["cached"] == 20
    assert api.sound(again) == api.sound(job_id)
    part = api.client.get(f"/jobs/{job_id}/download", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, api.audio(job_id)[1000:2000])
    for path in (f"/jobs/{job_id}", f"/jobs/{again}", f"/voices/{voice_id}"):
        assert api.client.delete(path).status_code == 200
    stats = api.client.get("/admin/stats").json()
    assert (stats["audio"]["files"], stats["cache"]["files"], stats["voices"]["storage_mb"]) == (0, 0, 0)
    assert cluster.blobs("**/*") == []


def test_a_job_killed_at_segment_40_of_60_resumes_at_41_and_editing_one_sentence_speaks_only_that_one(deploy):
    cluster = deploy()
    api = cluster.api()
    first = cluster.worker(plan=stuck_at(41))
    text = sentences(60)
    job_id = api.submit(text)
    api.stuck(job_id, 41)
    cluster.kill(first)
    assert len(cluster.blobs("segments+/**/*.f32")) == 40
    cluster.worker()
    job = api.finished(job_id)
    assert (job["status"], job["segments"]["total"], job["attempt"]) == ("completed", 60, 2)
    assert job["segments"]["cached"] == 40
    edited = api.finished(api.submit(text.replace("frase 30 ", "oração 30 ")))
    assert (edited["segments"]["total"], edited["segments"]["cached"]) == (60, 59)


def test_jobs_of_a_higher_priority_start_first_and_each_engine_has_a_queue_of_its_own(deploy):
    cluster = deploy()
    api = cluster.api()
    order = ["low", "normal", "high", "normal", "high", "low"]
    jobs = [(priority, api.submit(sentences(1, str(n)), priority=priority)) for n, priority in enumerate(order)]
    cluster.worker()
    started = sorted((api.finished(job_id)["started_at"], priority) for priority, job_id in jobs)
    assert [priority for _, priority in started] == ["high", "high", "normal", "normal", "low", "low"]


def test_the_end_of_a_job_is_told_though_receiver_and_workers_die_and_the_signature_holds(deploy):
    cluster = deploy(**ALLOWED)
    api = cluster.api()
    worker = cluster.worker(plan=cluster.held_at(6))
    answers = iter([500])
    with receiving(lambda _: next(answers, 204)) as receiver:
        job_id = api.submit(sentences(20), webhook_url=receiver.url)
        api.stuck(job_id, 6)
        cluster.kill(worker)
        cluster.gate.touch()
        worker.start()
        # The first answer was an error, so it is told again some seconds later, under the same id.
        until(lambda: len(receiver.received) == 2, what="the second try")
        messages = [Webhook(SECRET).verify(got.body, got.headers) for got in receiver.received]
        assert [message["type"] for message in messages] == ["job.completed"] * 2
        assert len(set(receiver.ids)) == 1
        cancelled = api.submit(sentences(60), webhook_url=receiver.url)
        api.client.post(f"/jobs/{cancelled}/cancel").raise_for_status()
        until(lambda: len(receiver.received) == 3, what="the message of the cancellation")
        assert (
            json.loads(receiver.received[-1].body)["data"] | {"job_id": cancelled, "status": "cancelled"}
            == (json.loads(receiver.received[-1].body)["data"])
        )
        time.sleep(2)
        assert len(receiver.received) == 3


def test_workers_are_listed_while_they_are_there(deploy):
    cluster = deploy()
    api = cluster.api()
    assert api.client.get("/admin/workers").json() == {"workers": [], "gauges": {}, "unserved": {}}
    assert api.client.get("/health").json()["checks"]["workers"]["status"] == "warning"
    job_id = api.submit("Bom dia.")
    assert api.client.get("/admin/workers").json()["unserved"] == {"tone": 1}
    worker = cluster.worker(slots=3)
    there = until(lambda: api.client.get("/admin/workers").json()["workers"], what="the worker")
    assert [(each["engines"], each["slots"]) for each in there] == [(["tone"], 3)]
    assert api.finished(job_id)["status"] == "completed"
    idle = {"status": "ok", "active": 3, "busy": 0}
    # A worker says every ten seconds how busy it is, and may have said it while the job ran.
    until(lambda: api.client.get("/health").json()["checks"]["workers"] == idle, what="an idle worker")
    assert worker.terminate() == 0
    until(lambda: not api.client.get("/admin/workers").json()["workers"], what="its leave")
