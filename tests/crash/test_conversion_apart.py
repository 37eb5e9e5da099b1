"""Conversion where services and workers are processes of their own: models cross over with the audio, and work survives kill -9."""

from __future__ import annotations

import json

from tests.crash.cluster import until
from tests.crash.texts import sentences, stuck_at

from voicecore.testing.contracts.voice_converter import buzz
from voicecore.testing.shifter import PLAN_VARIABLE, shifter_file


def added(api, name="Narrator"):
    files = {"pth_file": ("voice.pth", shifter_file(40_000), "application/octet-stream")}
    answer = api.client.post("/rvc-models", data={"name": name}, files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def recording(api, model, seconds):
    """The id of a job that only converts."""
    data = {"mode": "convert", "rvc_model_id": model}
    answer = api.client.post("/jobs", data=data, files={"file": ("a.wav", buzz(seconds).wav_bytes(), "audio/wav")})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def test_a_worker_killed_while_it_converts_costs_an_attempt_and_what_it_converted_is_not_converted_again(deploy):
    cluster = deploy()
    api = cluster.api()
    model = added(api)
    first = cluster.worker(plan=stuck_at(5))
    job_id = api.submit(sentences(12), enable_rvc=True, rvc_model_id=model)
    api.stuck(job_id, 5)
    cluster.kill(first)
    cluster.worker()
    job = api.finished(job_id)
    assert (job["status"], job["attempt"], job["rvc_applied"]) == ("completed", 2, True)
    assert job["sample_rate_hz"] == 40_000
    assert job["segments"]["cached"] >= 4
    again = api.finished(api.submit(sentences(12), enable_rvc=True, rvc_model_id=model))
    assert again["segments"]["cached"] == 12
    assert api.sound(again["id"]) == api.sound(job_id)
    assert len(cluster.blobs("models+/**/*")) == 1
    assert api.client.delete(f"/rvc-models/{model}").status_code == 200
    assert cluster.blobs("models+/**/*") == []


def test_a_recording_whose_worker_is_killed_is_converted_by_another_one(deploy):
    cluster = deploy()
    api = cluster.api()
    model = added(api)
    first = cluster.worker(**{PLAN_VARIABLE: json.dumps({"trouble": "hang"})})
    job_id = recording(api, model, 3.0)
    until(lambda: api.job(job_id)["status"] == "processing", what="the start of the job")
    refused = api.client.delete(f"/rvc-models/{model}")
    assert refused.status_code == 409
    assert job_id in refused.text
    cluster.kill(first)
    cluster.worker()
    job = api.finished(job_id)
    assert (job["status"], job["attempt"], job["rvc_applied"]) == ("completed", 2, True)
    assert abs(job["duration"] - 3.0) < 0.01
