"""A service whose XTTS cannot be used says why, and how to mend it: licence, device, weights, self-test."""

from __future__ import annotations

import json
import shutil

import pytest

from adapters.engines.xtts.checkpoint import FOLDER
from adapters.engines.xtts.selftest import FILE
from adapters.hosts import LocalHost
from entrypoints.cli.app import run
from entrypoints.container import build
from tests.adapters.xtts.served import TEXT, completed, ended, opened, settings_of
from tests.http.room import HELLO, refused
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.request import SynthesisRequest


@pytest.fixture
def own_folder(tiny_folder, tmp_path):
    """A folder of models that a test may spoil."""
    shutil.copytree(tiny_folder / FOLDER, tmp_path / "models" / FOLDER)
    (tmp_path / "models" / FOLDER / FILE).unlink(missing_ok=True)
    return tmp_path / "models"


def tampered(folder):
    """What is written down of the only model there is something else."""
    path = folder / FOLDER / FILE
    known = json.loads(path.read_text())
    for entry in known.values():
        entry["digest"] = "0" * 64
        entry["made_with"]["transformers"] = "4.0.0"
    path.write_text(json.dumps(known))


def problems(room):
    """What `GET /engines` tells of XTTS."""
    engines = {each["name"]: each for each in room.client.get("/engines").json()["engines"]}
    assert engines["xtts"]["available"] is False
    return " ".join(engines["xtts"]["problems"])


def failed(room):
    """How a job ends that was accepted."""
    job = ended(room, room.submit(text=TEXT)["id"])
    assert job["status"] == "failed"
    return job


def test_without_the_licence_nothing_is_spoken_and_everybody_is_told_what_to_read(tiny_folder, tmp_path):
    with opened(settings_of(tiny_folder, tmp_path, accept_licences=())) as room:
        for told in (problems(room), refused(room.client.post("/jobs", json=HELLO), 501)["detail"]):
            assert "https://coqui.ai/cpml" in told
            assert "VOICECORE_ACCEPT_LICENCES=xtts" in told
            assert "non-commercial" in told


def test_a_graphics_card_that_is_not_there_is_told_before_and_by_the_job(tiny_folder, tmp_path):
    with opened(settings_of(tiny_folder, tmp_path, device="cuda")) as room:
        assert "VOICECORE_DEVICE=cpu" in problems(room)
        job = failed(room)
        assert job["error_code"] == "missing_dependency"
        assert "VOICECORE_DEVICE is cuda" in job["error"]


@pytest.mark.parametrize(("harm", "word"), [("missing", "is missing"), ("truncated", "bytes, expected")])
def test_weights_that_are_missing_or_cut_off_are_told_with_the_way_to_get_them(own_folder, tmp_path, harm, word):
    path = own_folder / FOLDER / "model.safetensors"
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])
    with opened(settings_of(own_folder, tmp_path)) as room:
        for told in (problems(room), refused(room.client.post("/jobs", json=HELLO), 501)["detail"]):
            assert word in told
            assert "voicecore models pull xtts" in told


def test_weights_with_another_digest_are_never_loaded(own_folder, tmp_path):
    path = own_folder / FOLDER / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with opened(settings_of(own_folder, tmp_path)) as room:
        job = failed(room)
        assert job["error_code"] == "model_corrupt"
        assert "sha256" in job["error"]


def test_an_engine_that_speaks_otherwise_than_before_spoils_no_job_until_somebody_has_listened_to_it(
    own_folder, tmp_path, monkeypatch, capsys
):
    settings = settings_of(own_folder, tmp_path / "data")
    with opened(settings, here=False) as room:
        completed(room, room.submit(text=TEXT)["id"])
    tampered(own_folder)
    with opened(settings, here=False) as room:
        job = failed(room)
        assert job["error_code"] == "self_test_failed"
        assert "transformers 4.0.0 →" in job["error"]
        assert "voicecore models self-test xtts --renew" in job["error"]
        for name, value in {"MODELS_DIR": str(own_folder), "ACCEPT_LICENCES": "xtts", "DEVICE": "cpu"}.items():
            monkeypatch.setenv(f"VOICECORE_{name}", value)
        assert run(["models", "self-test", "xtts", "--renew"]) == 0
        assert "written down" in capsys.readouterr().out
        completed(room, room.submit(text=TEXT, seed=1)["id"])


def test_a_worker_with_such_an_engine_leaves_its_jobs_to_other_workers(own_folder, tmp_path):
    settings = settings_of(own_folder, tmp_path / "data")
    host = LocalHost(settings=settings.engine_settings)
    host.engine("xtts")
    host.close()
    tampered(own_folder)
    container = build(settings)
    engines = {"xtts"}
    run_job = container.run_job(host=host, engines=engines)
    job = container.submit_synthesis()(SynthesisRequest(text=TEXT, source_language=Language("pt", "BR")))
    assert run_job("worker") is True
    assert container.store().get(job.id).status is JobStatus.QUEUED
    assert engines == set()
    assert run_job("worker") is False
    container.database().close()


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"digest": "b"}}'])
def test_a_self_test_whose_file_does_not_read_stops_the_engine_too(own_folder, tmp_path, text):
    (own_folder / FOLDER / FILE).write_text(text)
    with opened(settings_of(own_folder, tmp_path)) as room:
        job = failed(room)
        assert job["error_code"] == "model_corrupt"
        assert "--renew" in job["error"]
